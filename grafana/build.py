"""Writing what is generated: dashboards as Grafana's JSON."""

import json
from collections.abc import Mapping
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.dashboards import all_dashboards

GENERATED = Path(__file__).parent / "generated"


def documents() -> Mapping[str, str]:
    """Every generated file's text, by its path in ``grafana/generated``."""
    return {f"dashboards/{_uid(one)}.json": _json(one) for one in all_dashboards()}


def write() -> None:
    """Write all, and remove what is generated no more."""
    wanted = {GENERATED / name: text for name, text in documents().items()}
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in GENERATED.rglob("*"):
        if path.is_file() and path not in wanted:
            path.unlink()


def _json(board: Dashboard) -> str:
    found = json.loads(JSONEncoder(sort_keys=True).encode(board.build()))
    for number, panel in enumerate(found["panels"], start=1):
        panel["id"] = number
    return json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _uid(board: Dashboard) -> str:
    uid = board.build().uid
    assert uid is not None
    return uid
