"""``python -m benchmarks readme``: write the tables of figures in the documents again.

A table stands between ``<!-- figures: name -->`` and ``<!-- end -->``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from benchmarks import quoted
from benchmarks.detection import detection
from benchmarks.quoted import Quote, Told
from benchmarks.report import RESULTS
from connectors.errors import FiguresError

REPOSITORY = RESULTS.parents[1]
_REPORT = REPOSITORY / "docs/model-report/figures.json"
_PLACE = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def tables() -> dict[str, str]:
    """Every table in Markdown by its name, from the files as they lie there.

    Raises:
        FiguresError: a figure that a table quotes is in no file.
    """
    results = measured()
    if "attack" not in results or not _REPORT.exists():
        raise FiguresError(f"{RESULTS}/attack.json or {_REPORT} is not there: measure them")
    found = detection(results["attack"], orjson.loads(_REPORT.read_bytes()))
    speed_files = sorted({source.file for source in quoted.SPEED})
    return {
        "speed": _table(
            quoted.speed(results),
            quoted.circumstances(results, speed_files)
            + " All parts and the load generator share them.",
        ),
        "detection": _table(found),
        "survival": _table(quoted.survival(results), quoted.circumstances(results, ["survival"])),
        "health": _health(
            quoted.health(results), quoted.circumstances(results, ["survival-health"])
        ),
    }


def measured() -> dict[str, Any]:
    """What every file of results says, by its name without ending."""
    return {path.stem: orjson.loads(path.read_bytes()) for path in RESULTS.glob("*.json")}


def filled(page: str, by_name: Mapping[str, str]) -> str:
    """A page with every table in its place.

    Raises:
        FiguresError: the page asks for a table that there is not.
    """

    def fill(place: re.Match[str]) -> str:
        if place[2] not in by_name:
            raise FiguresError(f"there is no table of figures named {place[2]}")
        return f"{place[1]}{by_name[place[2]]}{place[3]}"

    return _PLACE.sub(fill, page)


def pages() -> Iterator[Path]:
    """Documents that show figures."""
    for path in (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))):
        if _PLACE.search(path.read_text()):
            yield path


def write() -> None:
    """Write the tables into every document that shows them.

    Raises:
        FiguresError: as :func:`tables` and :func:`filled`.
    """
    by_name = tables()
    for path in pages():
        path.write_text(filled(path.read_text(), by_name))
        print(f"written: {path.relative_to(REPOSITORY)}")


def _health(told: Iterable[Told], below: str) -> str:
    lines = [
        "| what was done | said as | seconds: metrics / `/readyz` / alert / `make status` |"
        " remedy | well after |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.name} | `{one.what}` | {' / '.join(one.seconds)} | {one.remedy} | {one.well} s |"
        for one in told
    ]
    return "\n".join(["", *lines, "", below, "", ""])


def _table(quotes: Iterable[Quote], below: str = "") -> str:
    lines = ["| what | measured | repeat it |", "| --- | --- | --- |"]
    lines += [f"| {quote.what} | {quote.measured} | {quote.command} |" for quote in quotes]
    return "\n".join(["", *lines, "", *([below, ""] if below else []), ""])
