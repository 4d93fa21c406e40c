"""Figures that others measured: read from their files, so that the page cannot disagree."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.errors import LoadError
from ml.policy import Level

RESULTS = Path("benchmarks/results")
REPORT = Path("docs/model-report/README.md")


@dataclass(frozen=True, slots=True)
class Cited:
    """Figures in the words of the files that they come from.

    Attributes:
        backlog, backlog_times, sustained, latency, latency_mark, freshness: of ``speed.json``.
        look_ups, scorings: of ``speed-answers.json``.
        outages: of ``survival.json``: dependencies that were taken away, and ``outage_bad``
            answers that were neither right nor an honest 503.
        recovery: seconds until every route was well again, at most.
        attack_rings, honest_challenged: of ``attack.json``.
        early, late: average precision of model and rules, ``late`` with redemptions known.
        found, suspected, in_time: of the model's report: abusers and honest accounts that are
            alerted out of fold; ``in_time`` is the average precision in the order of time,
            where ``in_time_found`` of ``in_time_abusers`` are alerted.
    """

    backlog: str
    backlog_times: str
    sustained: str
    latency: str
    freshness: str
    look_ups: str
    scorings: str
    outages: str
    outage_bad: int
    outage_asked: int
    recovery: str
    early: str
    late: str
    in_time: str
    in_time_found: int
    in_time_abusers: int
    found: str
    suspected: str
    base_rate: str
    shuffled: str
    calendar: str


def cited(repository: Path) -> Cited:
    """Read all of them.

    Raises:
        LoadError: a file or a figure is not there.
    """
    speed = _figures(repository, "speed")
    answers = _figures(repository, "speed-answers")
    survival = _figures(repository, "survival")
    report = (repository / REPORT).read_text()
    in_time = [
        int(cell(report, "In the order of time", level.value, column=1).replace(",", ""))
        for level in reversed(Level)
    ]
    return Cited(
        backlog=_measured(speed, "backlog, one scoring worker"),
        backlog_times=_measured(speed, "backlog, times a naive Faust agent").removesuffix(" x"),
        sustained=_measured(speed, "sustained with flat lag, all parts"),
        latency=_measured(speed, "latency, registration to risk"),
        freshness=_measured(speed, "freshness, commit to visible in risk_scores"),
        look_ups=_measured(answers, "risk look-ups on one core"),
        scorings=_measured(answers, "scorings on one core"),
        outages=_listed(_taken_away(survival)),
        outage_bad=_added(survival, ("bad", "other", "none")),
        outage_asked=_added(survival, ("asked",)),
        recovery=f"{max(_values(survival, 'seconds'), default=0.0):.1f} s",
        early=cell(report, "Cross-validation", "at registration", "model and rules", column=2),
        late=cell(report, "Cross-validation", "with redemptions known", "model and rules",
                  column=2),
        in_time=cell(report, "In the order of time", "with redemptions known", "model and rules",
                     column=2),
        in_time_found=sum(in_time[:2]),
        in_time_abusers=sum(in_time),
        found=cell(report, "Cross-validation", "critical", column=1),
        suspected=cell(report, "Cross-validation", "critical", column=2),
        base_rate=cell(report, "The data", "of them abusers", column=1),
        shuffled=cell(report, "Does it know", "average precision with labels dealt anew",
                      column=1),
        calendar=cell(report, "Does it know", "ROC AUC of telling early", column=1),
    )  # fmt: skip


def cell(page: str, section: str, *row: str, column: int) -> str:
    """One cell of a Markdown table: of the first row in the section that begins like this.

    Raises:
        LoadError: there is none.
    """
    _, _, below = page.partition(f"## {section}")
    for line in below.partition("\n## ")[0].splitlines():
        cells = [text.strip() for text in line.strip("|").split("|")]
        if line.startswith("|") and all(map(str.startswith, cells, row)):
            return cells[column].replace("**", "")
    raise LoadError(f"{REPORT} has no row {row} below {section!r}: `make model-report` writes it")


def _figures(repository: Path, name: str) -> dict[str, Any]:
    path = repository / RESULTS / f"{name}.json"
    try:
        found = json.loads(path.read_text())["benchmarks"]
    except (OSError, ValueError, KeyError) as error:
        raise LoadError(f"{path} cannot be read: {error}; `make bench` writes it") from error
    return {f["name"]: f for bench in found for f in bench["section"]["figures"]}


def _measured(figures: dict[str, Any], name: str) -> str:
    try:
        return str(figures[name]["measured"])
    except KeyError:
        raise LoadError(f"no figure is called {name!r} any more: tell ml/commentary") from None


def _values(figures: dict[str, Any], *names: str) -> Iterator[float]:
    for figure in figures.values():
        yield from (float(v) for name, v in figure["values"].items() if name in names)


def _added(figures: dict[str, Any], names: tuple[str, ...]) -> int:
    return int(sum(_values(figures, *names)))


def _taken_away(figures: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(n.partition(" away")[0] for n in figures if " away" in n))


def _listed(names: list[str]) -> str:
    shown = {"redis": "Redis", "kafka": "Kafka", "clickhouse": "ClickHouse",
             "postgres": "PostgreSQL", "connect": "Kafka Connect"}  # fmt: skip
    words = [shown.get(name, name) for name in names]
    return f"{', '.join(words[:-1])} and {words[-1]}"
