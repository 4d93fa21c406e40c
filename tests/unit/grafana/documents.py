"""What is generated, as tests read it."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from grafana.build import documents

Document = Mapping[str, Any]


@cache
def dashboards() -> dict[str, Document]:
    """Every generated dashboard by its uid; change a copy."""
    found = {}
    for name, text in documents().items():
        if name.startswith("dashboards/"):
            document = json.loads(text)
            found[document["uid"]] = document
    return found


def panels() -> Iterator[tuple[str, Document]]:
    """Every panel, and what to call it when it is wrong."""
    for uid, document in dashboards().items():
        for panel in document["panels"]:
            yield f"{uid}: {panel['title'] or panel['id']}", panel


def variables() -> Iterator[tuple[str, Document]]:
    """Every variable, and what to call it."""
    for uid, document in dashboards().items():
        for variable in document["templating"].get("list", ()):
            yield f"{uid}: {variable['name']}", variable


def asked() -> set[str]:
    """The SQL of all panels and variables."""
    targets = (target for _, panel in panels() for target in panel.get("targets", ()))
    queried = (v["query"] for _, v in variables() if v["type"] == "query")
    return {*(target["rawSql"] for target in targets), *queried}
