"""From measured figures to what breaks first, and to what is held for ever. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from benchmarks.figures import Table

Values = Mapping[str, float]
"""A figure's values by name."""

BASE_PER_S = 300
LOADS = (1, 10, 100)
"""Times the base: 300, 3,000 and 30,000 source rows a second."""

BUSY = 0.7
"""How busy a part may be, so that it catches up after a stop and waiting times stay short."""

ACCOUNTS = (1_000_000, 10_000_000, 100_000_000)
KEPT = ("promo.public.users", "promo.public.promo_usages", "promo.risk_scores")
PARTS = {
    "postgres": "PostgreSQL",
    "connect": "Connect",
    "kafka": "Kafka",
    "redis": "Redis",
    "scoring-0": "scoring workers",
    "warehouse": "warehouse workers",
    "clickhouse": "ClickHouse",
}
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures that the calculation rests on.

    Attributes:
        registration, redemption: costs of a row, from ``speed-costs.json``.
        workers: one and two scoring workers, from ``speed-workers.json``.
        postgres_per_s, debezium_per_s: rows a second, from ``speed-capture.json``.
        sustained_per_s: with all parts on one machine, from ``speed.json``.
        cores: of that machine.
        partitions: of a topic, by default.
    """

    registration: Values
    redemption: Values
    workers: Values
    postgres_per_s: float
    debezium_per_s: float
    sustained_per_s: float
    cores: int
    partitions: int

    def row_us(self, part: str) -> float:
        """Processor microseconds of a row of the mix, one redemption for each registration."""
        return (self.registration[f"{part}_us"] + self.redemption[f"{part}_us"]) / 2

    def account_bytes(self, place: str) -> float:
        """Bytes of an account with one redemption in what a place's name begins with."""
        return sum(
            size
            for values in (self.registration, self.redemption)
            for name, size in values.items()
            if name.startswith(place) and name.endswith(" bytes")
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """Where one instance ends: rows a second, what that rests on, and what comes then."""

    what: str
    rows_per_s: float
    rests_on: str
    then: str


def limits(m: Measured) -> list[Limit]:
    """Every limit, the lowest first."""
    one = m.workers["one_rows_per_s"]
    redis_us = m.workers["redis_us_a_row_of_2"]
    found = [
        Limit(
            f"all parts on one machine of {m.cores} cores",
            m.sustained_per_s,
            "measured: the highest rate tried at which no lag grows",
            "a machine for each of Kafka, Redis, the workers",
        ),
        Limit("one scoring worker", one, "measured: backlog", "more workers"),
        Limit(
            f"{m.partitions} scoring workers, one a partition",
            m.partitions * one,
            f"{m.partitions} × one, a core for each",
            "more partitions",
        ),
        Limit(
            "Redis, one thread",
            1e6 / redis_us,
            f"1 s / {redis_us:.0f} µs a row, measured under two workers",
            "a faster core, then a Redis for each shop",
        ),
        Limit(
            "Debezium, one task",
            m.debezium_per_s,
            "measured: backlog of the log",
            "a slot and a connector for each group of tables",
        ),
        Limit(
            "one PostgreSQL session that inserts",
            m.postgres_per_s,
            "measured: a thousand rows a transaction",
            "more sessions",
        ),
        *(_of_a_core(m, part, then) for part, then in _DIVIDED.items()),
    ]
    return sorted(found, key=lambda limit: limit.rows_per_s)


_DIVIDED = {
    "warehouse": "more workers, one a partition at most",
    "kafka": "more cores, then brokers",
    "clickhouse": "more cores, then shards",
}


def _of_a_core(m: Measured, part: str, then: str) -> Limit:
    us = m.row_us(part)
    return Limit(f"{PARTS[part]}, a core", 1e6 / us, f"1 s / {us:.0f} µs a row", then)


def breaking(m: Measured) -> Table:
    """How much of each limit the loads use: from 100 % on it is broken."""
    rates = [BASE_PER_S * times for times in LOADS]
    return Table(
        "",
        ("what", "ends at, rows/s", "rests on", *(f"at {r:,}/s" for r in rates), "what comes then"),
        [
            (
                one.what,
                f"{one.rows_per_s:,.0f}",
                one.rests_on,
                *(_share(rate / one.rows_per_s) for rate in rates),
                one.then,
            )
            for one in limits(m)
        ],
    )


def cores(m: Measured) -> Table:
    """Cores that each part needs at the loads, at most 70 % busy."""
    rates = [BASE_PER_S * times for times in LOADS]
    rows = []
    for part, name in PARTS.items():
        us = m.row_us(part)
        needed = (f"{rate * us / 1e6 / BUSY:.1f}" for rate in rates)
        rows.append((name, f"{us:,.0f}", *needed))
    total = sum(m.row_us(part) for part in PARTS)
    summed = (f"{rate * total / 1e6 / BUSY:.1f}" for rate in rates)
    headings = ("part", "µs a row", *(f"cores at {rate:,}/s" for rate in rates))
    return Table("", headings, [*rows, ("all", f"{total:,.0f}", *summed)])


def workers_needed(m: Measured) -> Table:
    """Scoring workers, and the partitions that they need, at the loads."""
    one = m.workers["one_rows_per_s"]
    rows = []
    for times in LOADS:
        rate = BASE_PER_S * times
        needed = ceil(rate / (BUSY * one))
        partitions = max(m.partitions, 2 * needed)
        rows.append(
            (f"{rate:,}", f"{rate:,} / ({BUSY} × {one:,.0f})", f"{needed}", f"{partitions}")
        )
    return Table("", ("rows/s", "calculation", "scoring workers", "partitions, twice that"), rows)


def costs(m: Measured) -> Table:
    """Processor time and bytes of a registration and of a redemption."""
    rows = [
        (
            f"{name}, µs",
            f"{m.registration[f'{part}_us']:,.0f}",
            f"{m.redemption[f'{part}_us']:,.0f}",
        )
        for part, name in PARTS.items()
    ]
    places = [name for name in m.registration if name.endswith(" bytes")]
    for place in places:
        cells = (f"{m.registration[place]:,.0f}", f"{m.redemption[place]:,.0f}")
        if any(cell not in ("0", "-0") for cell in cells):
            rows.append((f"{place.removesuffix(' bytes')}, bytes", *cells))
    return Table("", ("what", "a registration", "a redemption"), rows)


def growth(m: Measured) -> Table:
    """What accounts with one redemption each occupy for ever, in GB."""
    sizes = {
        "Redis, memory": m.account_bytes("Redis: memory"),
        "Kafka, compacted topics, a replica": _kept_in_kafka(m),
        "ClickHouse, all tables, a replica": m.account_bytes("ClickHouse:"),
        "PostgreSQL, tables and indexes": m.account_bytes("PostgreSQL: tables"),
    }
    rows = [
        (name, f"{size:,.0f}", *(_gb(size * accounts) for accounts in ACCOUNTS))
        for name, size in sizes.items()
    ]
    million = [f"{accounts // 1_000_000} million accounts" for accounts in ACCOUNTS]
    return Table("", ("what", "bytes an account", *million), rows)


def _kept_in_kafka(m: Measured) -> float:
    """Rows stay as they are; of an account's scores compaction leaves the newest."""
    rows = sum(m.account_bytes(f"Kafka: {topic} ") for topic in KEPT[:2])
    scores = m.account_bytes(f"Kafka: {KEPT[2]} ")
    messages = sum(v[f"{KEPT[2]} messages"] for v in (m.registration, m.redemption))
    return rows + scores / messages


def _share(share: float) -> str:
    return f"**{share:.0%}**" if share >= 1 else f"{share:.0%}"


def _gb(size: float) -> str:
    gb = size / _GB
    return f"{gb:,.1f} GB" if gb < 100 else f"{gb:,.0f} GB"
