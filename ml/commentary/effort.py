"""How much of the repository is what: lines that people wrote, by area. Pure but for reading."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

AREAS = {
    "connectors": "the way out of PostgreSQL: the loader that validates, Debezium, the decoder,"
    " the privacy boundary, erasure",
    "warehouse": "tables, rows and questions in ClickHouse; the gateway that lets chDB stand in"
    " for a server",
    "ml": "features, rules, policy and scorer as pure functions; training, evaluation, backtest,"
    " parity",
    "stream_processors": "the feature store in Redis, exactness when workers die, dead letters,"
    " the monitor",
    "api": "access, claims, decisions, erasure, the live alert stream",
    "grafana": "dashboards and alerts in Python and SQL, and the page that shows them without"
    " Grafana",
    "simulator": "attacks, the honest people who look like them, and the gate that judges both",
    "infra": "the stack, natively and in containers",
    "benchmarks": "figures of speed and survival, each repeatable",
    "tests": "against real services: the whole pipeline killed, replayed and recomputed; those of"
    " one area's units are counted there",
}
"""Top-level folders, and where the work in them went."""

SUFFIXES = {".py", ".sql", ".lua", ".js", ".css", ".html", ".sh", ".ts"}
_LEFT_OUT = {"generated", "__pycache__", "node_modules", "results"}
_UNITS = ("tests", "unit")


@dataclass(frozen=True, slots=True)
class Area:
    """Lines of code that are not blank: of the area itself, and of its units' tests."""

    name: str
    code: int
    tests: int


def effort(repository: Path) -> tuple[Area, ...]:
    """Count each area of :data:`AREAS`; the row of tests has those of no single area.

    Unit tests lie in ``tests/unit/<area>`` and count there.
    """
    lines: Counter[tuple[str, bool]] = Counter()
    for path in _written(repository):
        parts = path.relative_to(repository).parts
        area, is_test = _area(parts)
        lines[area, is_test] += lines_of(path)
    return tuple(Area(name, lines[name, False], lines[name, True]) for name in AREAS)


def lines_of(path: Path) -> int:
    """Lines of a file that are not blank."""
    with path.open(encoding="utf-8") as file:
        return sum(bool(line.strip()) for line in file)


def tests_share(areas: Sequence[Area]) -> float:
    """Tests of all kinds as a share of all lines."""
    tests = sum(area.tests for area in areas)
    return tests / sum(area.code + area.tests for area in areas)


def _area(parts: tuple[str, ...]) -> tuple[str, bool]:
    if parts[:2] == _UNITS and parts[2] in AREAS:
        return parts[2], True
    return parts[0], parts[0] == "tests"


def _written(repository: Path) -> Iterator[Path]:
    for area in AREAS:
        for path in sorted((repository / area).rglob("*")):
            within = path.relative_to(repository).parts
            if path.suffix in SUFFIXES and not _LEFT_OUT & set(within) and path.is_file():
                yield path
