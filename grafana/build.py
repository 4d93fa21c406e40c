"""Writing what is generated: dashboards as Grafana's JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.dashboards import all_dashboards

GENERATED = Path(__file__).parent / "generated"

OF_INTERVALS = ("auto", "auto_count", "auto_min")
"""What the SDK writes into every variable, and Grafana knows of intervals only."""


def documents() -> Mapping[str, str]:
    """Every generated file's text, by its path in ``grafana/generated``."""
    return {f"dashboards/{_uid(one)}.json": _json(one) for one in all_dashboards()}


def written() -> Mapping[str, str]:
    """What lies in ``grafana/generated`` now, as :func:`documents` tells it."""
    files = (path for path in GENERATED.rglob("*") if path.is_file())
    return {path.relative_to(GENERATED).as_posix(): path.read_text() for path in files}


def write() -> Sequence[str]:
    """Write all, and remove what is generated no more; returns the paths that changed."""
    before, wanted = written(), documents()
    for name, text in wanted.items():
        path = GENERATED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in before.keys() - wanted.keys():
        (GENERATED / name).unlink()
    names = sorted(before.keys() | wanted.keys())
    return [name for name in names if before.get(name) != wanted.get(name)]


def _json(board: Dashboard) -> str:
    found = json.loads(JSONEncoder(sort_keys=True).encode(board.build()))
    for number, panel in enumerate(found["panels"], start=1):
        panel["id"] = number
    for variable in found["templating"].get("list", ()):
        for field in OF_INTERVALS:
            variable.pop(field, None)
    return json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _uid(board: Dashboard) -> str:
    uid = board.build().uid
    assert uid is not None
    return uid
