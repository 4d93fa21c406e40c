"""From a commit in PostgreSQL to the score, or the alert, in a consumer's hands.

One row a transaction, at a steady rate: registrations and redemptions of the mix, and rings:
accounts that sign up on a device one after the other, each of which has those before it scored
again. The clock starts just before the statement that inserts and commits is sent.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.arrivals import Arrival, arrivals
from benchmarks.figures import Figure, Section, Table, percentile
from benchmarks.mix import user_of, with_values
from benchmarks.pace import Written, write_paced
from benchmarks.processes import cores_between, cores_table, use
from benchmarks.workbench import Workbench
from connectors.drain import wait_drained
from connectors.loading.rows import Row
from connectors.loading.tables import Table as Source
from connectors.topics import Topic

RATE, SECONDS, WARM_UP_S = 300.0, 60.0, 5.0
P50_MS, P99_MS = 30.0, 100.0
RING_EVERY = 24
"""Registrations between two growths of a ring."""
RING_SIZE, RINGS = 5, 20
"""Accounts in a ring, and rings that grow in turn: each grows every 3 s or so."""

Kind = tuple[str, str]
"""What was committed and what arrived: ``("registration", "risk")``."""
_OUTPUT: Mapping[str, str] = {Topic.RISK_SCORES: "risk", Topic.ABUSE_ALERTS: "alert"}
_CAUSES = ("registration", "redemption", "rescore")


@dataclass(slots=True)
class Commits:
    """When was committed what has an answer: for each cause and account, times in order."""

    times: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    rings: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, rows: Sequence[Row], at: float) -> None:
        """Take note of a transaction."""
        for row in rows:
            cause = "registration" if row.table is Source.USERS else "redemption"
            self.times[cause, user_of(row)].append(at)
            ring = ring_of(row)
            if ring is not None:
                for member in self.rings[ring]:
                    self.times["rescore", member].append(at)
                self.rings[ring].append(user_of(row))


_DEVICE = 9


def ring_of(row: Row) -> str | None:
    """The ring that a registration joins, None if it joins none."""
    device = str(row.values[_DEVICE]) if row.table is Source.USERS else ""
    return device if device.startswith("ring-") else None


def measure(bench: Workbench) -> Section:
    """Write for a minute and match what arrives with what was committed."""
    settings, commits = bench.live, Commits()
    with arrivals(settings) as seen:
        rows = with_rings(bench.mix.endless(), "latency")
        write_paced(settings, rows, RATE, WARM_UP_S, transactions=RATE)
        before = use(settings, memory=False)
        written = write_paced(
            settings, rows, RATE, SECONDS, transactions=RATE, on_commit=commits.note
        )
        cores = cores_between(before, use(settings, memory=False))
        wait_drained(settings)
    return _section(written, latencies(commits, seen), cores)


def with_rings(rows: Iterator[Row], tag: str) -> Iterator[Row]:
    """The mix, with rings growing in turn; ``tag`` keeps them apart from other benchmarks'."""
    registrations = 0
    for row in rows:
        yield row
        registrations += row.table is Source.USERS
        if row.table is Source.USERS and registrations % RING_EVERY == 0:
            grown = registrations // RING_EVERY
            ring = f"ring-{tag}-{grown // (RINGS * RING_SIZE)}-{grown % RINGS}"
            yield with_values(row, user_id=f"{ring}-{grown}", device_id=ring)


def latencies(commits: Commits, seen: Sequence[Arrival]) -> dict[Kind, list[float]]:
    """Milliseconds from each commit to the first answer that it caused."""
    came: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for arrival in seen:
        came[arrival.topic, arrival.trigger, arrival.user_id].append(arrival.at)
    found: dict[Kind, list[float]] = {
        (cause, output): [] for cause in _CAUSES for output in _OUTPUT.values()
    }
    for (cause, user), times in commits.times.items():
        for topic, output in _OUTPUT.items():
            for at, until in zip(times, [*times[1:], float("inf")], strict=True):
                answers = [t for t in came[topic, cause, user] if at < t <= until]
                if answers:
                    found[cause, output].append((min(answers) - at) * 1e3)
    return found


def _section(
    written: Written, found: Mapping[Kind, Sequence[float]], cores: Mapping[str, float]
) -> Section:
    figures = [
        _figure(f"latency, {cause} to {output}", found[cause, output], cause == "registration")
        for cause, output in found
    ]
    return Section(
        f"Latency at {RATE:.0f} events/s",
        figures,
        (_table(found), cores_table({f"at {RATE:.0f}/s": cores})),
        (
            f"{written.rows:,} rows in {written.seconds:.0f} s, a transaction each, measured by a"
            " consumer of promo.risk_scores and promo.abuse_alerts on the same machine; the"
            " insert and its commit are included.",
            "The stack was warm: a copy of the mix had gone through it. Just started, it is slower"
            " for half a minute, while Java compiles.",
            "rescore: a ring's earlier accounts, from the commit of the registration that joined"
            " them.",
        ),
    )


def _figure(name: str, times: Sequence[float], marked: bool) -> Figure:
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    return Figure(
        name,
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms",
        {"p50_ms": p50, "p99_ms": p99, "count": len(times)},
        f"p50 < {P50_MS:.0f} ms, p99 < {P99_MS:.0f} ms" if marked else "",
        p50 < P50_MS and p99 < P99_MS if marked else None,
        "a third core, or less work per batch: one row a transaction keeps this machine busy"
        if marked
        else "",
    )


def _table(found: Mapping[Kind, Sequence[float]]) -> Table:
    shares = (0.5, 0.9, 0.95, 0.99, 1.0)
    rows = [
        (
            f"{cause} to {output}",
            f"{len(times):,}",
            *(f"{percentile(times, share):.0f}" for share in shares),
        )
        for (cause, output), times in found.items()
    ]
    return Table(
        "Milliseconds from commit to arrival",
        ("what", "count", "p50", "p90", "p95", "p99", "most"),
        rows,
    )
