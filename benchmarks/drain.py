"""How fast one scoring worker drains a backlog, next to other ways of doing the same work.

Everybody starts on the same topics from the beginning, with an empty Redis and no rescore
requests, and runs alone; PostgreSQL, Kafka and Connect run beside, on the same cores.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import orjson

from benchmarks.backlog import fill
from benchmarks.contenders import Contender, Drained, drain
from benchmarks.figures import Figure, Section, Table
from benchmarks.peers import naive_faust, plain_loop
from benchmarks.stages import Doing, Stage
from benchmarks.workbench import Workbench
from connectors.topics import SCORING_GROUP

COPIES = 2
MARK_PER_S, MARK_TIMES = 4_000, 2.0

PRODUCTION = Contender("production worker", "stream_processors.scoring", SCORING_GROUP)
NAIVE = Contender("naive Faust agent", naive_faust.__name__, naive_faust.GROUP)
LOOP = Contender("plain confluent-kafka loop", plain_loop.__name__, plain_loop.GROUP)


def measure(bench: Workbench) -> Section:
    """Drain with production three times, with the peers in between, then sampled."""
    with bench.stack("drain", "postgres", "redis", "connect") as settings:
        rows = fill(settings, bench.mix, COPIES)
        order = (PRODUCTION, LOOP, PRODUCTION, NAIVE, PRODUCTION)
        runs = []
        for contender in order:
            runs.append((contender, drain(settings, contender)))
            print(f"  {contender.name}: {runs[-1][1].rate:,.0f} events/s", flush=True)
        counts = settings.state_dir / "stages.json"
        sampled = Contender("sampled", "benchmarks.stages", SCORING_GROUP, (str(counts),))
        profiled = drain(settings, sampled)
    return Section(
        "Draining a backlog",
        _figures(runs),
        (_contenders(runs), _stages(counts, profiled)),
        (
            f"A backlog of {rows:,} source rows"
            f" ({'the Noaat data' if bench.mix.is_noaat else 'seeded data'}, {COPIES} copies with"
            " identifiers of their own); an event is a source row or a rescore request that one"
            " caused.",
            "Median of the production worker's runs. The multiple of the naive agent is of source"
            " rows per second, since batches ask for fewer rescores.",
        ),
    )


def _figures(runs: Sequence[tuple[Contender, Drained]]) -> list[Figure]:
    rate = median(run.rate for who, run in runs if who is PRODUCTION)
    rows = median(run.source_rate for who, run in runs if who is PRODUCTION)
    naive = median(run.source_rate for who, run in runs if who is NAIVE)
    return [
        Figure(
            "backlog, one scoring worker",
            f"{rate:,.0f} events/s",
            {"events_per_s": rate, "source_rows_per_s": rows},
            f"≥ {MARK_PER_S:,} events/s",
            rate >= MARK_PER_S,
            "overlapping the next batch's decoding and Redis call with this one's delivery",
        ),
        Figure(
            "backlog, times a naive Faust agent",
            f"{rows / naive:.1f} x",
            {"times": rows / naive},
            f"≥ {MARK_TIMES:.0f} x",
            rows / naive >= MARK_TIMES,
            "the same",
        ),
    ]


def _contenders(runs: Sequence[tuple[Contender, Drained]]) -> Table:
    processes = list(runs[0][1].cpu_s)
    return Table(
        "Contenders, in the order in which they ran",
        ("who", "events/s", "source rows/s", "events", "of them rescores", "seconds")
        + tuple(f"CPU s per 1,000 events: {name}" for name in processes),
        [
            (
                who.name,
                f"{run.rate:,.0f}",
                f"{run.source_rate:,.0f}",
                f"{run.events:,}",
                f"{run.events - run.source_rows:,}",
                f"{run.seconds:.1f}",
                *(f"{run.cpu_s[name]:.3f}" for name in processes),
            )
            for who, run in runs
        ],
    )


def _stages(file: Path, profiled: Drained) -> Table:
    counts: Counter[tuple[str, str]] = Counter()
    for stage, doing, number in orjson.loads(file.read_bytes()):
        counts[stage, doing] += number
        counts["all", doing] += number
    total = sum(counts["all", doing] for doing in Doing) or 1
    per_event_us = profiled.seconds / profiled.events * 1e6

    def line(stage: str) -> tuple[str, ...]:
        shares = [counts[stage, doing] / total for doing in Doing]
        took = f"{sum(shares) * per_event_us:.0f}"
        return (stage, f"{sum(shares):.1%}", took, *(f"{share:.1%}" for share in shares))

    return Table(
        f"Where the worker's time goes (sampled, at {profiled.rate:,.0f} events/s)",
        ("stage", "share of wall time", "µs an event", *(f"of which {doing}" for doing in Doing)),
        [line(stage) for stage in (*Stage, "all")],
    )
