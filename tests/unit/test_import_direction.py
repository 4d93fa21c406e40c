"""Who may import whom: ``connectors <- warehouse <- ml <- stream_processors <- api``."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

LAYERS = ("connectors", "warehouse", "ml", "stream_processors", "api")
# What stands beside the layers may use those named here; no layer may use any of it.
BESIDE = {
    "infra": {"connectors", "warehouse"},
    "grafana": {"connectors", "warehouse"},
    "simulator": {"connectors", "ml", "infra"},
}
SHOWN = "grafana.viewer"
"""What of a package beside the layers the uppermost one shows: the dashboards' page, pure."""
EVERYTHING = {"benchmarks", "tests"}
"""Packages that look at the whole and that nothing else may import."""

OURS = {*LAYERS, *BESIDE, *EVERYTHING}

# Libraries that talk to something. ml decides; what it needs is handed to it.
CLIENTS = {
    "aiokafka",
    "asyncio",
    "chdb",
    "clickhouse_connect",
    "confluent_kafka",
    "fastapi",
    "faust",
    "http",
    "httpx",
    "psycopg",
    "redis",
    "requests",
    "socket",
    "sqlite3",
    "starlette",
    "subprocess",
    "urllib",
}
# File and warehouse access of ml has these two rooms.
TALKING_ML = (Path("ml/training"), Path("ml/bundle.py"))


def allowed(package: str) -> set[str]:
    """The packages of ours that a package may import."""
    if package in LAYERS:
        return set(LAYERS[: LAYERS.index(package) + 1])
    return OURS if package in EVERYTHING else {package, *BESIDE[package]}


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every import of a file, those within functions too."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, level=0):
                yield node.lineno, module or ""
            case ast.ImportFrom():
                yield node.lineno, "(relative)"


def sources(package: str) -> list[Path]:
    """The Python files of a package, relative to the repository."""
    return sorted(p.relative_to(REPOSITORY) for p in (REPOSITORY / package).rglob("*.py"))


@pytest.mark.parametrize("package", sorted(OURS))
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    forbidden = OURS - allowed(package)

    broken = [
        f"{path}:{line} imports {name}"
        for path in sources(package)
        for line, name in imported(REPOSITORY / path)
        if name.split(".")[0] in forbidden
        and not (package == LAYERS[-1] and f"{name}.".startswith(f"{SHOWN}."))
    ]

    assert not broken, "\n".join(broken)


def test_imports_are_absolute() -> None:
    relative = [
        f"{path}:{line}"
        for package in sorted(OURS)
        for path in sources(package)
        for line, name in imported(REPOSITORY / path)
        if name == "(relative)"
    ]

    assert not relative


def test_ml_decides_and_does_not_talk() -> None:
    talking = [
        f"{path}:{line} imports {name}"
        for path in sources("ml")
        if not any(path.is_relative_to(room) for room in TALKING_ML)
        for line, name in imported(REPOSITORY / path)
        if name.split(".")[0] in CLIENTS
    ]

    assert not talking, "\n".join(talking)


def test_the_page_that_the_api_shows_does_not_talk_and_needs_no_builders() -> None:
    needing = [
        f"{path}:{line} imports {name}"
        for path in sources("grafana")
        if path.is_relative_to("grafana/viewer")
        for line, name in imported(REPOSITORY / path)
        if name.split(".")[0] in CLIENTS | {"api", "grafana_foundation_sdk"}
        or (name.startswith("grafana.") and not f"{name}.".startswith(f"{SHOWN}."))
    ]

    assert not needing, "\n".join(needing)


def test_a_story_knows_nothing_of_how_it_is_judged() -> None:
    knowing = [
        f"{path}:{line} imports {name}"
        for path in sources("simulator")
        if not path.is_relative_to("simulator/gate")
        for line, name in imported(REPOSITORY / path)
        if name.split(".")[0] in OURS - {"connectors", "simulator"} or "gate" in name.split(".")
    ]

    assert not knowing, "\n".join(knowing)


@pytest.mark.parametrize(
    "module", ["columns", "envelope", "events", "loading/plan", "loading/rows", "loading/values"]
)
def test_the_pure_core_of_connectors_does_not_talk(module: str) -> None:
    names = {name.split(".")[0] for _, name in imported(REPOSITORY / f"connectors/{module}.py")}

    assert not names & CLIENTS


def test_every_package_is_known_to_this_test() -> None:
    packages = {p.parent.name for p in REPOSITORY.glob("*/__init__.py")}

    assert packages <= OURS
