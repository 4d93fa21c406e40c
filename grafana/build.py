"""Writing what is generated: dashboards as Grafana's JSON, and the files that provision it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.alerts.rule import Shown
from grafana.currency import in_currency
from grafana.dashboards import all_dashboards
from grafana.provisioning import Provisioned, files

GENERATED = Path(__file__).parent / "generated"

DEFAULTS = Provisioned()

OF_INTERVALS = ("auto", "auto_count", "auto_min")
"""What the SDK writes into every variable, and Grafana knows of intervals only."""


def boards() -> Mapping[str, Mapping[str, Any]]:
    """Every dashboard's document by its uid."""
    return {_uid(one): _document(one) for one in all_dashboards()}


def panel_ids(documents: Mapping[str, Mapping[str, Any]]) -> Mapping[Shown, int]:
    """The ids of all panels of some dashboards' documents."""
    return {
        Shown(uid, panel["title"]): panel["id"]
        for uid, document in documents.items()
        for panel in document["panels"]
    }


def documents(chosen: Provisioned = DEFAULTS, currency: str = "USD") -> Mapping[str, str]:
    """Every generated file's text, by its path in ``grafana/generated``."""
    found = boards()
    provisioned = files(chosen, panel_ids(found))
    return {
        **{f"dashboards/{uid}.json": _json(in_currency(b, currency)) for uid, b in found.items()},
        **{f"provisioning/{name}": text for name, text in provisioned.items()},
    }


def written() -> Mapping[str, str]:
    """What lies in ``grafana/generated`` now, as :func:`documents` tells it."""
    files = (path for path in GENERATED.rglob("*") if path.is_file())
    return {path.relative_to(GENERATED).as_posix(): path.read_text() for path in files}


def put(texts: Mapping[str, str], folder: Path) -> None:
    """Write files below a folder, by their paths there."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def write() -> Sequence[str]:
    """Write all, and remove what is generated no more; returns the paths that changed."""
    before, wanted = written(), documents()
    put(wanted, GENERATED)
    for name in before.keys() - wanted.keys():
        (GENERATED / name).unlink()
    names = sorted(before.keys() | wanted.keys())
    return [name for name in names if before.get(name) != wanted.get(name)]


def _document(board: Dashboard) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True).encode(board.build()))
    for number, panel in enumerate(found["panels"], start=1):
        panel["id"] = number
    for variable in found["templating"].get("list", ()):
        for field in OF_INTERVALS:
            variable.pop(field, None)
    return found


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _uid(board: Dashboard) -> str:
    uid = board.build().uid
    assert uid is not None
    return uid
