"""Grafana's own types, in TypeScript, and what its compiler says of a dashboard."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.npm import node_modules

HERE = Path(__file__).resolve().parents[1] / "grafana_schema"
VERSIONS: Mapping[str, str] = {
    "11.6": "grafana-schema-11.6/dist/esm/index.d.ts",
    "13": "grafana-schema-13/dist/types/index.d.ts",
}
"""The oldest and the newest Grafana, and where their types lie."""

_CHECKING_S = 100


def complaints(
    version: str, dashboards: Mapping[str, Mapping[str, Any]], folder: Path
) -> list[str]:
    """What the compiler finds wrong with dashboards, as Grafana's types of a version stand.

    Args:
        version: one of :data:`VERSIONS`.
        dashboards: documents by uid.
        folder: empty; the compiler works there.
    """
    modules = node_modules(HERE)
    (folder / "node_modules").symlink_to(modules)
    for name in ("plain.ts", f"grafana-{version}.ts"):
        shutil.copy(HERE / name, folder)
    options = json.loads((HERE / "tsconfig.json").read_text())
    options["compilerOptions"]["paths"] = {
        "@grafana/schema": [f"./node_modules/{VERSIONS[version]}"]
    }
    (folder / "tsconfig.json").write_text(json.dumps(options))
    for uid, document in dashboards.items():
        (folder / f"{uid}.ts").write_text("\n".join(_typed(version, document)))
    compiler = ["node", str(modules / "typescript/bin/tsc"), "--pretty", "false"]
    done = subprocess.run(compiler, cwd=folder, capture_output=True, text=True, timeout=_CHECKING_S)
    found = [line for line in done.stdout.splitlines() if "error TS" in line]
    assert found or done.returncode == 0, f"the compiler failed: {done.stdout}{done.stderr}"
    return found


def _typed(version: str, document: Mapping[str, Any]) -> Iterator[str]:
    """The parts of a dashboard as TypeScript constants, so that unknown fields are errors too."""
    yield f'import type {{ Board, Overridden, Panels, Variable }} from "./grafana-{version}";'
    rest = {key: value for key, value in document.items() if key not in ("panels", "templating")}
    yield f"export const board: Board = {json.dumps(rest)};"
    for number, variable in enumerate(document["templating"].get("list", ())):
        yield f"export const variable{number}: Variable = {json.dumps(variable)};"
    for panel in document["panels"]:
        name, kind = f"panel{panel['id']}", f'["{panel["type"]}"]'
        yield f"export const {name}: Panels{kind} = {json.dumps(panel)};"
        for number, override in enumerate(panel["fieldConfig"]["overrides"]):
            fields = json.dumps(_fields(override["properties"]))
            yield f"export const {name}override{number}: Overridden{kind} = {fields};"


def _fields(properties: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The settings that an override makes, as the panel's defaults would make them."""
    found: dict[str, Any] = {}
    for one in properties:
        custom = re.fullmatch(r"custom\.(\w+)", one["id"])
        if custom:
            found.setdefault("custom", {})[custom[1]] = one["value"]
        else:
            found[one["id"]] = one["value"]
    return found
