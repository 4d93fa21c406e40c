"""How fast rows get into PostgreSQL, and how fast Debezium's one task gets them into Kafka.

Connect is stopped while a backlog is written, so the write-ahead log holds all of it; then Connect
starts, and nothing but PostgreSQL, Connect and Kafka runs.
"""

import time
from itertools import chain

from benchmarks.backlog import SOURCES
from benchmarks.figures import Figure, Section
from benchmarks.pace import write_all
from benchmarks.processes import cores_between, use
from benchmarks.workbench import Workbench
from connectors.lag import Offsets
from connectors.settings import Settings
from infra.native import stack as native
from tests.reading import eventually

COPIES = 4
PARTS = ("postgres", "connect", "kafka")
_LOOK_S = 0.1


def measure(bench: Workbench) -> Section:
    """Write while Connect is away, then let it catch up."""
    with bench.stack("capture", "connector") as settings:
        write_all(settings, chain(bench.mix.codes, bench.mix.copy()))
        eventually(lambda: _rows(settings) == _rows(settings) > 0, "Connect has begun", 60)
        native.stop_part(settings, "connect")
        there, started = _rows(settings), time.monotonic()
        written = sum(write_all(settings, bench.mix.copy()) for _ in range(COPIES))
        into_postgres = written / (time.monotonic() - started)
        native.start_part(settings, "connect")
        into_kafka, cores = _caught_up(settings, there + written)
    names = ", ".join(f"{part} {cores[part]:.2f}" for part in PARTS)
    return Section(
        "Capturing changes",
        [
            Figure(
                "rows into PostgreSQL, one writer, a thousand a transaction",
                f"{into_postgres:,.0f} rows/s",
                {"rows_per_s": into_postgres},
            ),
            Figure(
                "backlog of the write-ahead log into Kafka, Debezium's one task",
                f"{into_kafka:,.0f} rows/s",
                {"rows_per_s": into_kafka, **{f"{p}_cores": cores[p] for p in PARTS}},
            ),
        ],
        (),
        (
            f"{written:,} rows; from the first that arrived to the last, with Connect just"
            f" started, so while Java compiles. Cores busy meanwhile: {names}.",
        ),
    )


def _rows(settings: Settings) -> int:
    return sum(end.end for ends in Offsets(settings).all_ends(SOURCES).values() for end in ends)


def _caught_up(settings: Settings, wanted: int) -> tuple[float, dict[str, float]]:
    """Rows a second from the first that arrives to the last, and the cores busy meanwhile."""
    offsets = Offsets(settings)

    def arrived() -> int:
        return sum(end.end for ends in offsets.all_ends(SOURCES).values() for end in ends)

    at_start = arrived()
    eventually(lambda: arrived() > at_start, "Debezium goes on", 60)
    first, began, used = arrived(), time.monotonic(), use(settings, PARTS, memory=False)
    while (now := arrived()) < wanted:
        if time.monotonic() - began > 300:
            raise TimeoutError(f"{wanted - now} rows are not in Kafka")
        time.sleep(_LOOK_S)
    seconds = time.monotonic() - began
    return (now - first) / seconds, cores_between(used, use(settings, PARTS, memory=False))
