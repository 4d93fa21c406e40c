"""How long a verdict takes to be corrected once a ring becomes visible.

Rings grow while ordinary traffic goes on; each account that joins has those before it scored
again. From the joining account's commit until the corrected risk of an earlier one is in a
consumer's hands, answers a look-up in Redis, and is visible in ClickHouse.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from redis import Redis

from benchmarks.arrivals import Arrival, arrivals
from benchmarks.figures import Figure, Section, Table, percentile
from benchmarks.latency import ring_of, with_rings
from benchmarks.mix import user_of
from benchmarks.pace import Written, write_paced
from benchmarks.workbench import Workbench
from connectors.loading.rows import Row
from connectors.settings import Settings, required
from connectors.topics import Topic
from warehouse.client import reader

RATE, SECONDS = 300.0, 45.0
P99_S = 2.0
LOOK_EVERY_S = 0.02
PATIENCE_S = 15.0
_SEEN_IN_CLICKHOUSE = (
    "SELECT user_id, revision FROM risk_scores"
    " WHERE trigger = 'rescore' AND scored_at > now64(6) - INTERVAL 20 SECOND"
)

Place = str
"""``Kafka``, ``Redis`` or ``ClickHouse``."""


@dataclass(slots=True)
class Corrections:
    """Accounts to be corrected, each with the commit that causes it, and when that was seen."""

    rings: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    due: list[tuple[str, float]] = field(default_factory=list)
    seen: dict[Place, dict[tuple[str, float], float]] = field(default_factory=dict)

    def note(self, rows: Sequence[Row], at: float) -> None:
        """Take note of a transaction."""
        for row in rows:
            ring = ring_of(row)
            if ring is not None:
                self.due += [(member, at) for member in self.rings[ring]]
                self.rings[ring].append(user_of(row))

    def open(self, place: Place) -> list[tuple[str, float]]:
        """What has not been seen in a place yet."""
        seen = self.seen.setdefault(place, {})
        return [due for due in list(self.due) if due not in seen]

    def saw(self, place: Place, user_id: str, revision_us: int, now: float) -> None:
        """A corrected risk is in a place: every earlier commit that it answers is seen."""
        for due in self.open(place):
            if due[0] == user_id and due[1] * 1e6 < revision_us:
                self.seen[place][due] = now


def measure(bench: Workbench) -> Section:
    """Write for a while, and look in all three places."""
    settings, corrections, ended = bench.live, Corrections(), threading.Event()
    looks = [
        threading.Thread(target=_look, args=(look(settings, corrections), corrections, ended))
        for look in (_in_redis, _in_clickhouse)
    ]
    with arrivals(settings) as arrived:
        for thread in looks:
            thread.start()
        try:
            rows = with_rings(bench.mix.endless(), "revision")
            written = write_paced(
                settings, rows, RATE, SECONDS, transactions=RATE, on_commit=corrections.note
            )
        finally:
            ended.set()
            for thread in looks:
                thread.join()
    _in_kafka(arrived, corrections)
    return _section(written, corrections)


def _look(look: Callable[[], bool], corrections: Corrections, ended: threading.Event) -> None:
    """Look again and again until everything was seen, or patience ends."""
    deadline = float("inf")
    while time.monotonic() < deadline:
        started = time.monotonic()
        if look() and ended.is_set():
            return
        if ended.is_set():
            deadline = min(deadline, time.monotonic() + PATIENCE_S)
        time.sleep(max(0.0, started + LOOK_EVERY_S - time.monotonic()))


def _in_redis(settings: Settings, corrections: Corrections) -> Callable[[], bool]:
    redis = Redis(
        port=settings.redis_port, password=required(settings.redis_password, "redis_password")
    )

    def look() -> bool:
        users = sorted({user for user, _ in corrections.open("Redis")})
        with redis.pipeline(transaction=False) as asked:
            for user in users:
                asked.hget(f"risk:{user}", "document")
            documents, now = asked.execute(), time.time()
        for user, document in zip(users, documents, strict=True):
            risk = orjson.loads(document) if document else {}
            if risk.get("trigger") == "rescore":
                corrections.saw("Redis", user, risk["revision"], now)
        return not corrections.open("Redis")

    return look


def _in_clickhouse(settings: Settings, corrections: Corrections) -> Callable[[], bool]:
    client = reader(settings)

    def look() -> bool:
        found, now = client.query(_SEEN_IN_CLICKHOUSE).result_rows, time.time()
        for user, revision in found:
            corrections.saw("ClickHouse", user, revision, now)
        return not corrections.open("ClickHouse")

    return look


def _in_kafka(arrived: Sequence[Arrival], corrections: Corrections) -> None:
    for arrival in arrived:
        if arrival.topic == Topic.RISK_SCORES and arrival.trigger == "rescore":
            corrections.saw("Kafka", arrival.user_id, round(arrival.at * 1e6), arrival.at)


def _section(written: Written, corrections: Corrections) -> Section:
    places = ("Kafka", "Redis", "ClickHouse")
    times = {
        place: [at - due[1] for due, at in corrections.seen.get(place, {}).items()]
        for place in places
    }
    return Section(
        f"Correcting earlier verdicts at {RATE:.0f} events/s",
        [_figure(place, times[place], len(corrections.open(place))) for place in places],
        (_table(times),),
        (
            f"{written.rows:,} rows in {written.seconds:.0f} s, a transaction each;"
            f" {len(corrections.due):,} verdicts to correct.",
            f"Redis and ClickHouse were asked every {LOOK_EVERY_S * 1e3:.0f} ms at most; the wait"
            " for the next look counts.",
        ),
    )


def _figure(place: Place, times: Sequence[float], missing: int) -> Figure:
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    return Figure(
        f"ring joined to earlier account's corrected risk in {place}",
        f"p50 {p50:.2f} s, p99 {p99:.2f} s" + (f", {missing} never" if missing else ""),
        {"p50_s": p50, "p99_s": p99, "count": len(times), "missing": missing},
        f"p99 < {P99_S:.0f} s",
        bool(times) and p99 < P99_S and not missing,
        "less work per batch in the scoring worker",
    )


def _table(times: Mapping[Place, Sequence[float]]) -> Table:
    rows = [
        (place, f"{len(found):,}", *(f"{percentile(found, s):.2f}" for s in (0.5, 0.9, 0.99, 1.0)))
        for place, found in times.items()
    ]
    return Table("Seconds from commit", ("place", "verdicts", "p50", "p90", "p99", "most"), rows)
