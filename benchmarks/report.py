"""Figures as a Markdown table and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from benchmarks.figures import Section, Table
from benchmarks.machine import Machine
from benchmarks.neighbours import Neighbours

RESULTS = Path(__file__).parent / "results"
BUSY_CORES = 0.1
"""Cores busy with other work from which on a figure says something of that work too."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A benchmark's section, or why there is none; and the circumstances.

    Attributes:
        name: the benchmark's.
        section: None if it failed.
        failure: empty if it did not.
        load: load average over the last minute when it began, its predecessors' included.
        seconds: how long it took.
        others: what anybody else kept busy meanwhile.
    """

    name: str
    section: Section | None
    failure: str
    load: float
    seconds: float
    others: Neighbours


def write_results(
    stem: str, title: str, machine: Machine, outcomes: Sequence[Outcome]
) -> tuple[Path, Path]:
    """Write ``<stem>.md`` and ``<stem>.json`` into the folder of results."""
    RESULTS.mkdir(exist_ok=True)
    text, data = RESULTS / f"{stem}.md", RESULTS / f"{stem}.json"
    text.write_text("\n".join(_lines(title, machine, outcomes)) + "\n")
    content = {"machine": asdict(machine), "benchmarks": [asdict(o) for o in outcomes]}
    data.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    return text, data


def _lines(title: str, machine: Machine, outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield f"# {title}"
    yield ""
    yield from _circumstances(machine)
    yield from _warning(outcomes)
    yield ""
    yield from markdown(_summary(outcomes))
    for outcome in outcomes:
        yield from _details(outcome)


def _circumstances(machine: Machine) -> Iterator[str]:
    load = ", ".join(f"{value:.2f}" for value in machine.load)
    yield (
        f"{machine.at}, commit {machine.commit}. {machine.cores} cores ({machine.processor}),"
        f" {machine.memory_gb} GB, {machine.system}; all parts and the load generator on it."
        f" Load averages before the start: {load}."
    )
    yield ""
    yield ", ".join(f"{name} {value}" for name, value in machine.versions.items())


def _warning(outcomes: Sequence[Outcome]) -> Iterator[str]:
    disturbed = [o.name for o in outcomes if o.others.mean_cores > BUSY_CORES]
    if disturbed:
        yield ""
        yield (
            f"**Other work ran on the machine during {', '.join(disturbed)}: alone it does"
            " better.**"
        )


def _summary(outcomes: Sequence[Outcome]) -> Table:
    rows: list[tuple[str, ...]] = []
    for outcome in outcomes:
        if outcome.section is None:
            rows.append((outcome.name, outcome.failure, "", "no", ""))
            continue
        for figure in outcome.section.figures:
            met = {True: "yes", False: "**no**", None: ""}[figure.met]
            waits_for = "" if figure.met else figure.waits_for
            rows.append((figure.name, figure.measured, figure.mark, met, waits_for))
    return Table("", ("figure", "measured", "mark", "met", "what it waits for"), rows)


def _details(outcome: Outcome) -> Iterator[str]:
    if outcome.section is None:
        return
    yield ""
    yield f"## {outcome.section.title}"
    yield ""
    others = outcome.others
    yield (
        f"Took {outcome.seconds:.0f} s; load average when it began: {outcome.load:.2f}; other"
        f" work kept {others.mean_cores:.2f} cores busy meanwhile ({others.most_cores:.2f} at"
        " most)."
    )
    yield from outcome.section.notes
    for table in outcome.section.tables:
        yield ""
        yield from markdown(table)


def markdown(table: Table) -> Iterator[str]:
    """A table's lines."""
    if table.title:
        yield f"### {table.title}"
        yield ""
    yield "| " + " | ".join(table.headings) + " |"
    yield "|" + " --- |" * len(table.headings)
    for row in table.rows:
        yield "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |"
