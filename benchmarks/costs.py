"""What a registration and a redemption cost each part: processor time, and bytes in each store.

Registrations alone, then the redemptions of the same accounts, each drained before the stores are
measured. A paced writer, as a shop writes; what the stores hold afterwards stays there for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from redis import Redis

from benchmarks.figures import Figure, Section, Table
from benchmarks.pace import write_all, write_paced
from benchmarks.processes import use
from benchmarks.workbench import Workbench
from connectors.drain import wait_drained
from connectors.lag import Offsets
from connectors.loading.rows import Row
from connectors.loading.tables import Table as Source
from connectors.loading.write import connect, current_lsn
from connectors.settings import Settings, required
from connectors.topics import TOPICS, Topic, is_compacted
from infra.native.layout import layout_of
from warehouse.client import writer
from warehouse.rows import Table as Stored

COPIES = 2
RATE, TRANSACTIONS = 800.0, 50.0
PARTS = ("postgres", "connect", "kafka", "redis", "scoring-0", "warehouse", "clickhouse")
KINDS = {Source.USERS: "registration", Source.PROMO_USAGES: "redemption"}


@dataclass(frozen=True, slots=True)
class Held:
    """What the stores hold, and what has been used, at a moment.

    Attributes:
        bytes: by what holds them.
        messages: in each topic.
        cpu_s: by part.
    """

    bytes: Mapping[str, int]
    messages: Mapping[Topic, int]
    cpu_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one row of a kind costs.

    Attributes:
        rows: that were measured.
        bytes: each, by what holds them.
        messages: each, by topic.
        cpu_us: each, by part.
    """

    rows: int
    bytes: Mapping[str, float]
    messages: Mapping[Topic, float]
    cpu_us: Mapping[str, float]


def measure(bench: Workbench) -> Section:
    """Write accounts, then their redemptions, to a stack that is warm."""
    with bench.stack("costs") as settings:
        write_all(settings, chain(bench.mix.codes, bench.mix.copy()))
        wait_drained(settings)
        rows = [row for _ in range(COPIES) for row in bench.mix.copy()]
        before = _held(settings)
        costs = {}
        for table, kind in KINDS.items():
            written, after = _written(settings, [row for row in rows if row.table is table])
            costs[kind] = _cost(before, after, written)
            before = after
            print(f"  {kind}: {written:,} rows", flush=True)
    return Section(
        "What a registration and a redemption cost",
        [_figure(kind, cost) for kind, cost in costs.items()],
        (_bytes_table(costs), _messages_table(costs), _processor_table(costs)),
        (
            f"Rows came at {RATE:.0f} a second in {TRANSACTIONS:.0f} transactions a second, after"
            " a copy of the same mix had gone through. At fewer rows a second a row costs more"
            " processor time, since batches are smaller.",
            "Kafka: bytes of the segments, lz4, before compaction; a compacted topic keeps the"
            " newest message of each key, so of an account's scores one stays. ClickHouse: bytes"
            " on the disk when all parts of a table are merged into one (OPTIMIZE FINAL). Redis:"
            " used_memory; its file is the append-only file's growth, until its next rewrite."
            " PostgreSQL: growth of the write-ahead log, full page images after checkpoints"
            " included; tables with their indexes.",
        ),
    )


def _written(settings: Settings, rows: Sequence[Row]) -> tuple[int, Held]:
    """Write rows at the pace, drain, look; returns how many rows, and what is held."""
    seconds = len(rows) / RATE
    done = write_paced(settings, iter(rows), RATE, seconds, transactions=TRANSACTIONS)
    with connect(settings) as connection:
        lsn = current_lsn(connection)
    wait_drained(settings, lsn)
    return done.rows, _held(settings)


def _held(settings: Settings) -> Held:
    cpu_s = use(settings, memory=False).cpu_s  # before the questions below use some
    ends = Offsets(settings).all_ends(TOPICS)
    return Held(
        {**_postgres(settings), **_kafka(settings), **_redis(settings), **_clickhouse(settings)},
        {topic: sum(end.end for end in found) for topic, found in ends.items()},
        {part: cpu_s[part] for part in PARTS},
    )


def _postgres(settings: Settings) -> dict[str, int]:
    with connect(settings) as connection:
        found = connection.execute(
            "SELECT (pg_current_wal_lsn() - '0/0')::bigint,"
            " (SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_stat_user_tables)"
        ).fetchone()
    assert found is not None
    return {"PostgreSQL: write-ahead log": found[0], "PostgreSQL: tables": found[1]}


def _kafka(settings: Settings) -> dict[str, int]:
    folder = layout_of(settings).data / "kafka"
    return {
        f"Kafka: {topic.value}": sum(
            file.stat().st_size
            for partition in folder.glob(f"{topic.value}-*")
            for file in partition.glob("*.log")
        )
        for topic in TOPICS
    }


def _redis(settings: Settings) -> dict[str, int]:
    password = required(settings.redis_password, "redis_password")
    with Redis(port=settings.redis_port, password=password) as redis:
        memory, kept = redis.info("memory"), redis.info("persistence")
    return {
        "Redis: memory": memory["used_memory"],
        "Redis: append-only file": kept["aof_current_size"],
    }


def _clickhouse(settings: Settings) -> dict[str, int]:
    client = writer(settings)
    found = {}
    for table in Stored:
        if table is Stored.PIPELINE_METRICS:
            continue
        client.command(f"OPTIMIZE TABLE {table} FINAL")
        size = client.query(
            "SELECT sum(bytes_on_disk) FROM system.parts"
            " WHERE active AND database = currentDatabase() AND table = {table:String}",
            {"table": table.value},
        ).result_rows[0][0]
        found[f"ClickHouse: {table}"] = int(size)
    client.close()
    return found


def _cost(before: Held, after: Held, rows: int) -> Cost:
    return Cost(
        rows,
        {name: (size - before.bytes[name]) / rows for name, size in after.bytes.items()},
        {topic: (count - before.messages[topic]) / rows for topic, count in after.messages.items()},
        {part: (used - before.cpu_s[part]) / rows * 1e6 for part, used in after.cpu_s.items()},
    )


def _figure(kind: str, cost: Cost) -> Figure:
    total = sum(cost.cpu_us.values())
    return Figure(
        f"processor time of a {kind}, all parts",
        f"{total:,.0f} µs",
        {
            "rows": cost.rows,
            "all_us": total,
            **{f"{part}_us": used for part, used in cost.cpu_us.items()},
            **{f"{name} bytes": size for name, size in cost.bytes.items()},
            **{f"{topic.value} messages": count for topic, count in cost.messages.items()},
        },
    )


def _bytes_table(costs: Mapping[str, Cost]) -> Table:
    names = next(iter(costs.values())).bytes
    rows = [(name, *(f"{cost.bytes[name]:,.0f}" for cost in costs.values())) for name in names]
    shown = [row for row in rows if any(cell not in ("0", "-0") for cell in row[1:])]
    return Table("Bytes", ("where", *(f"a {kind}" for kind in costs)), shown)


def _messages_table(costs: Mapping[str, Cost]) -> Table:
    rows = [
        (
            topic.value,
            "newest of each key" if is_compacted(topic) else "for days",
            *(f"{cost.messages[topic]:.2f}" for cost in costs.values()),
        )
        for topic in TOPICS
        if any(cost.messages[topic] >= 0.005 for cost in costs.values())
    ]
    return Table("Messages", ("topic", "kept", *(f"a {kind}" for kind in costs)), rows)


def _processor_table(costs: Mapping[str, Cost]) -> Table:
    rows = [(part, *(f"{c.cpu_us[part]:,.0f}" for c in costs.values())) for part in PARTS]
    total = ("all", *(f"{sum(cost.cpu_us.values()):,.0f}" for cost in costs.values()))
    return Table("Processor time, µs", ("part", *(f"a {k}" for k in costs)), [*rows, total])
