"""The figures that documents quote, each from the file that a measurement wrote. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.health import PLACES, illnesses
from benchmarks.report import BUSY_CORES
from connectors.errors import FiguresError

Results = Mapping[str, Any]
"""What the files say, by the file's name without its ending."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A row of a table.

    Attributes:
        what: was measured.
        measured: the figure with its unit, and what it had to be where it missed that.
        command: repeats it.
    """

    what: str
    measured: str
    command: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a quoted figure of a benchmark is.

    Attributes:
        what: for the reader; ``{}`` stands for what ``detail`` finds.
        file: stem under ``benchmarks/results``.
        benchmark, figure: their names in it.
        detail: pattern of a circumstance, looked for in the section's title and notes.
    """

    what: str
    file: str
    benchmark: str
    figure: str
    detail: str = ""


_RATE = r"[\d,]+ (?:events|rows)/s"
SPEED = (
    Source("a backlog, one scoring worker", "speed", "drain", "backlog, one scoring worker"),
    Source(
        "the same, times what a naive Faust agent does",
        "speed",
        "drain",
        "backlog, times a naive Faust agent",
    ),
    Source(
        "a backlog, two scoring workers, times one",
        "speed-workers",
        "workers",
        "backlog, two scoring workers, times one",
    ),
    Source(
        "sustained with all parts, no lag that grows",
        "speed",
        "sustained",
        "sustained with flat lag, all parts",
    ),
    Source(
        "from commit to the risk in Kafka, at {}",
        "speed",
        "latency",
        "latency, registration to risk",
        _RATE,
    ),
    Source(
        "a ring grows: to the corrected risk in Kafka, at {}",
        "speed",
        "revision",
        "ring joined to earlier account's corrected risk in Kafka",
        _RATE,
    ),
    Source(
        "from commit to visible in ClickHouse, at {}",
        "speed",
        "freshness",
        "freshness, commit to visible in risk_scores",
        _RATE,
    ),
    Source(
        "from commit to seen on an open dashboard, at {}",
        "speed-page",
        "page",
        "page, redemption to seen on the open dashboard",
        _RATE,
    ),
    Source(
        "slowest dashboard panel over {}",
        "speed-dashboards",
        "dashboards",
        "slowest panel, everything",
        r"[\d,]+ redemptions",
    ),
    Source(
        "API on one core: risks looked up", "speed-answers", "answers", "risk look-ups on one core"
    ),
    Source(
        "API on one core: registrations scored", "speed-answers", "answers", "scorings on one core"
    ),
    Source("first start", "speed", "startup", "first `make up`, jars present"),
    Source("later starts", "speed", "startup", "later `make up`"),
    Source("memory of all parts, idle", "speed", "startup", "memory, idle"),
)


def speed(results: Results) -> Iterator[Quote]:
    """How fast: each figure with the benchmark that measures it."""
    for source in SPEED:
        section, figure = _found(results, source)
        detail = _detail(source, section)
        missed = f" (aim {figure['mark']}: not met)" if figure["met"] is False else ""
        command = f"`.venv/bin/python -m benchmarks {source.benchmark}`"
        yield Quote(source.what.format(detail), figure["measured"] + missed, command)


@dataclass(frozen=True, slots=True)
class Told:
    """An illness of which it was measured how soon it is told.

    Attributes:
        name, what, remedy: as in :class:`benchmarks.health.Illness`.
        seconds: until each place said it.
        well: seconds from the remedy until all was well.
    """

    name: str
    what: str
    remedy: str
    seconds: Sequence[str]
    well: str


def health(results: Results) -> Iterator[Told]:
    """How soon each place says that rows do not arrive."""
    figures = {
        f["name"]: f["values"] for f in _section(results, "survival-health", "health")["figures"]
    }
    for illness in illnesses():
        if illness.name not in figures:
            raise FiguresError(f"survival-health.json does not tell of: {illness.name}")
        values = figures[illness.name]
        told = [f"{values[f'{place}_s']:.0f}" for place in PLACES]
        yield Told(illness.name, illness.what, illness.remedy, told, f"{values['well_s']:.0f}")


def survival(results: Results) -> Iterator[Quote]:
    """What the API answers while something is away, over all that were taken away."""
    figures = _section(results, "survival", "outages")["figures"]
    groups = {
        ending: {
            figure["name"].split()[0]: figure["values"]
            for figure in figures
            if figure["name"].endswith(ending)
        }
        for ending in ("do not need it", "that need it", "every route was well")
    }
    unneeded, needed, back = groups.values()
    if not (unneeded and needed and back):
        raise FiguresError("survival.json has no figures of outages")
    bad, asked = (sum(values[name] for values in unneeded.values()) for name in ("bad", "asked"))
    ill = sum(values["other"] + values["none"] for values in needed.values())
    longest = max(values["seconds"] for values in back.values())
    chaos = "`make chaos`"
    yield Quote(
        f"{_listed(unneeded)} away, one at a time: bad answers of routes that do not need it",
        f"{bad:,} of {asked:,}",
        chaos,
    )
    yield Quote(
        f"{_listed(needed)} away: answers other than 503 of routes that need it",
        f"{ill:,}",
        chaos,
    )
    yield Quote(
        f"{_listed(back)} back: until every route was well, at most", f"{longest:.1f} s", chaos
    )


_SHOWN = {
    "redis": "Redis",
    "kafka": "Kafka",
    "clickhouse": "ClickHouse",
    "postgres": "PostgreSQL",
    "connect": "Connect",
}


def _listed(names: Mapping[str, object]) -> str:
    *first, last = (_SHOWN[name] for name in names)
    return f"{', '.join(first)} or {last}"


def circumstances(results: Results, files: Sequence[str]) -> str:
    """On what machine, and when, the figures of some files were measured."""
    machines = [results[file]["machine"] for file in files]
    kinds = sorted({f"{one['cores']} cores ({one['processor']})" for one in machines})
    days = sorted({one["at"][:10] for one in machines})
    disturbed = [
        one["name"]
        for file in files
        for one in results[file]["benchmarks"]
        if one["others"]["mean_cores"] > BUSY_CORES
    ]
    others = f" Other work ran beside {', '.join(disturbed)}." if disturbed else ""
    return f"Measured on {' and '.join(kinds)}, {' and '.join(days)}.{others}"


def _found(results: Results, source: Source) -> tuple[Any, Any]:
    section = _section(results, source.file, source.benchmark)
    for figure in section["figures"]:
        if figure["name"] == source.figure:
            return section, figure
    raise FiguresError(f"{source.file}.json has no figure named {source.figure!r}")


def _section(results: Results, file: str, benchmark: str) -> Any:
    for one in results.get(file, {}).get("benchmarks", ()):
        if one["name"] == benchmark and one["section"] is not None:
            return one["section"]
    raise FiguresError(f"benchmarks/results/{file}.json has no benchmark {benchmark}")


def _detail(source: Source, section: Any) -> str:
    if not source.detail:
        return ""
    found = re.search(source.detail, " ".join((section["title"], *section["notes"])))
    if found is None:
        raise FiguresError(f"{source.file}.json does not say {source.detail} of {source.benchmark}")
    return found[0]
