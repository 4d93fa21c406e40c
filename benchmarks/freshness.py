"""From a commit in PostgreSQL to the row's being visible in ClickHouse.

Asked as a dashboard would ask, ten times a second or so; the wait for the next question and
its answer counts.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from clickhouse_connect.driver import Client

from benchmarks.figures import Figure, Section, Table, percentile
from benchmarks.mix import user_of, with_values
from benchmarks.pace import Written, write_paced
from benchmarks.workbench import Workbench
from connectors.loading.rows import Row
from connectors.loading.tables import Table as Source
from connectors.settings import Settings
from warehouse.client import reader

RATE, SECONDS = 300.0, 45.0
P99_S = 2.0
PROBE_EVERY = 10
"""Registrations between two that are looked for."""
LOOK_EVERY_S = 0.1
PATIENCE_S = 15.0

QUERIES: Mapping[str, str] = {
    "users": (
        "SELECT user_id FROM users"
        " WHERE startsWith(user_id, 'probe-') AND committed_at > now64(6) - INTERVAL 20 SECOND"
    ),
    "risk_scores": (
        "SELECT user_id FROM risk_scores"
        " WHERE startsWith(user_id, 'probe-') AND scored_at > now64(6) - INTERVAL 20 SECOND"
    ),
}


@dataclass(slots=True)
class Probes:
    """Registrations that are looked for: when committed, and when first seen in each table."""

    committed: dict[str, float] = field(default_factory=dict)
    seen: dict[str, dict[str, float]] = field(default_factory=lambda: {t: {} for t in QUERIES})

    def note(self, rows: Sequence[Row], at: float) -> None:
        """Take note of a transaction."""
        for row in rows:
            if row.table is Source.USERS and user_of(row).startswith("probe-"):
                self.committed[user_of(row)] = at

    def missing(self, table: str) -> int:
        """How many have not been seen yet."""
        return len(self.committed) - len(self.seen[table])


def measure(bench: Workbench) -> Section:
    """Write while another thread looks."""
    settings, probes, ended = bench.live, Probes(), threading.Event()
    looking = threading.Thread(target=_look, args=(settings, probes, ended))
    looking.start()
    try:
        rows = _with_probes(bench.mix.endless())
        written = write_paced(
            settings, rows, RATE, SECONDS, transactions=RATE, on_commit=probes.note
        )
    finally:
        ended.set()
        looking.join()
    return _section(written, probes)


def _with_probes(rows: Iterator[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if row.table is Source.USERS and number % PROBE_EVERY == 0:
            yield with_values(row, user_id=f"probe-{user_of(row)}")
        else:
            yield row


def _look(settings: Settings, probes: Probes, ended: threading.Event) -> None:
    client = reader(settings)
    deadline = float("inf")
    while time.monotonic() < deadline:
        started = time.monotonic()
        for table in QUERIES:
            _look_once(client, table, probes)
        if ended.is_set():
            deadline = min(deadline, time.monotonic() + PATIENCE_S)
            if not any(probes.missing(table) for table in QUERIES):
                return
        time.sleep(max(0.0, started + LOOK_EVERY_S - time.monotonic()))


def _look_once(client: Client, table: str, probes: Probes) -> None:
    found = client.query(QUERIES[table]).result_columns
    at = time.time()
    for user in found[0] if found else ():
        probes.seen[table].setdefault(user, at)


def _section(written: Written, probes: Probes) -> Section:
    times = {
        table: [
            at - probes.committed[user] for user, at in seen.items() if user in probes.committed
        ]
        for table, seen in probes.seen.items()
    }
    figures = [_figure(table, found, probes.missing(table)) for table, found in times.items()]
    rows = [
        (table, f"{len(found):,}", *(f"{percentile(found, s):.2f}" for s in (0.5, 0.9, 0.99, 1.0)))
        for table, found in times.items()
    ]
    return Section(
        f"Warehouse freshness at {RATE:.0f} events/s",
        figures,
        (Table("Seconds from commit to visible", ("table", "rows", "p50", "p90", "p99", "most"),
               rows),),
        (f"{written.rows:,} rows in {written.seconds:.0f} s, a transaction each.",),
    )  # fmt: skip


def _figure(table: str, times: Sequence[float], missing: int) -> Figure:
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    return Figure(
        f"freshness, commit to visible in {table}",
        f"p50 {p50:.2f} s, p99 {p99:.2f} s" + (f", {missing} never" if missing else ""),
        {"p50_s": p50, "p99_s": p99, "count": len(times), "missing": missing},
        f"p99 < {P99_S:.0f} s",
        p99 < P99_S and not missing,
        "shorter lingering or faster inserts in the warehouse worker",
    )
