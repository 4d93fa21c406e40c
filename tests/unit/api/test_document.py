"""The OpenAPI document shows what to send and what comes back, everywhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.access.keys import Scope
from api.main import create_app
from connectors.settings import Settings
from infra.native.apart import stack_settings
from infra.native.credentials import ensure_secrets
from infra.native.layout import layout_of


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document of an API that nobody has started."""
    settings: Settings = stack_settings(Path(tmp_path_factory.mktemp("document")))
    layout = layout_of(settings)
    layout.make()
    return create_app(ensure_secrets(settings, layout)).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_shows_what_to_send(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            assert parameter.get("description"), (name, parameter["name"])
            assert (
                schema.get("examples")
                or "default" in schema
                or parameter.get("example")
                or (parameter.get("examples"))
            ), (name, parameter["name"])
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]["application/json"]
            assert _has_example(document, content), name


def test_every_operation_shows_what_comes_back(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        good = {s: r for s, r in operation["responses"].items() if s.startswith("2")}
        assert len(good) == 1, name
        for response in good.values():
            for kind, content in response["content"].items():
                assert kind == "text/plain" or _has_example(document, content), (name, kind)


def test_everything_under_v1_says_which_scope_it_needs(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if " /v1/" in name:
            scope = Scope(operation["x-scope"])
            assert f"scope `{scope}`" in operation["description"]
            assert {"401", "403", "422", "429", "503"} <= operation["responses"].keys(), name


def _has_example(document: dict[str, Any], content: dict[str, Any]) -> bool:
    schema = content.get("schema", {})
    if reference := schema.get("$ref"):
        schema = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return bool(content.get("example") or schema.get("examples"))
