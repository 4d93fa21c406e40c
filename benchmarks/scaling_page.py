"""The figures in docs/scaling.md: ``python -m benchmarks.scaling_page`` writes them.

Everything between ``<!-- begin name -->`` and ``<!-- end name -->`` is made of the files under
``benchmarks/results``; a test holds the page to them.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import orjson

from benchmarks import capacity
from benchmarks.capacity import Measured, Values
from benchmarks.figures import Table
from benchmarks.report import RESULTS, markdown
from connectors.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "scaling.md"
_SECTION = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
SOURCES = ("speed", "speed-workers", "speed-capture", "speed-costs", "speed-answers")


class _Results:
    """The newest measurements, by file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = {
            stem: orjson.loads((folder / f"{stem}.json").read_bytes()) for stem in SOURCES
        }

    def figure(self, stem: str, name: str) -> Values:
        """A figure's values by the beginning of its name.

        Raises:
            KeyError: the file has no such figure.
        """
        return cast(Values, self.named(stem, name)["values"])

    def told(self, stem: str, name: str) -> str:
        """A figure as its file tells it."""
        return str(self.named(stem, name)["measured"])

    def cores(self, stem: str) -> int:
        """Cores of the machine that a file's figures are of."""
        return int(self._files[stem]["machine"]["cores"])

    def named(self, stem: str, name: str) -> Mapping[str, object]:
        """A figure by the beginning of its name, as it lies in its file."""
        for one in self._files[stem]["benchmarks"]:
            for figure in (one["section"] or {}).get("figures", ()):
                if figure["name"].startswith(name):
                    return cast(Mapping[str, object], figure)
        raise KeyError(f"{stem}.json has no figure {name}")

    def details(self, stem: str, title: str) -> Table:
        """A table of a file by the beginning of its title."""
        for one in self._files[stem]["benchmarks"]:
            for table in (one["section"] or {}).get("tables", ()):
                if table["title"].startswith(title):
                    return Table("", table["headings"], table["rows"])
        raise KeyError(f"{stem}.json has no table {title}")


def measured(results: _Results) -> Measured:
    """What the calculation rests on."""
    return Measured(
        registration=results.figure("speed-costs", "processor time of a registration"),
        redemption=results.figure("speed-costs", "processor time of a redemption"),
        workers=results.figure("speed-workers", "backlog, two scoring workers"),
        postgres_per_s=results.figure("speed-capture", "rows into PostgreSQL")["rows_per_s"],
        debezium_per_s=results.figure("speed-capture", "backlog of the write")["rows_per_s"],
        sustained_per_s=results.figure("speed", "sustained with flat lag")["events_per_s"],
        cores=results.cores("speed"),
        partitions=int(Settings.model_fields["kafka_partitions"].default),
    )


def page(text: str, folder: Path = RESULTS) -> str:
    """The page's text with its figures made anew.

    Raises:
        KeyError: the page has a section that nobody makes, or a figure is missing.
    """
    results = _Results(folder)
    made = {name: "\n".join(markdown(table)) + "\n" for name, table in _tables(results)}
    found = {match[2] for match in _SECTION.finditer(text)}
    if found != made.keys():
        raise KeyError(f"sections of the page and of this module differ: {found ^ made.keys()}")
    return _SECTION.sub(lambda match: match[1] + made[match[2]] + match[3], text)


def _tables(results: _Results) -> Iterator[tuple[str, Table]]:
    m = measured(results)
    yield "now", _now(results)
    yield "workers", results.details("speed-workers", "What this machine leaves")
    yield "waits", results.details("speed-workers", "Where a worker's time goes")
    yield "costs", capacity.costs(m)
    yield "breaking", capacity.breaking(m)
    yield "cores", capacity.cores(m)
    yield "partitions", capacity.workers_needed(m)
    yield "growth", capacity.growth(m)


def _now(results: _Results) -> Table:
    asked = (
        ("speed", "sustained with flat lag", "`make bench`"),
        ("speed", "latency, registration to risk", "`make bench`"),
        ("speed-workers", "backlog, two scoring workers", "`python -m benchmarks workers`"),
        ("speed-capture", "rows into PostgreSQL", "`python -m benchmarks capture`"),
        ("speed-capture", "backlog of the write", "`python -m benchmarks capture`"),
        ("speed-answers", "risk look-ups", "`python -m benchmarks answers`"),
        ("speed-answers", "scorings", "`python -m benchmarks answers`"),
    )
    rows = [
        (
            str(results.named(stem, name)["name"]),
            results.told(stem, name),
            f"[{stem}](../benchmarks/results/{stem}.md)",
            command,
        )
        for stem, name, command in asked
    ]
    return Table("", ("what", "measured", "file", "command"), rows)


def main() -> None:
    """Write the page's figures."""
    before = PAGE.read_text()
    try:
        after = page(before)
    except (KeyError, FileNotFoundError) as error:
        sys.exit(f"scaling page: {error}")
    PAGE.write_text(after)
    print(f"{PAGE}: {'as it was' if after == before else 'figures written'}")


if __name__ == "__main__":
    main()
