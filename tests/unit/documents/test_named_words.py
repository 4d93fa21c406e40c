"""Commands, settings, secrets, topics and routes that the documents name are there."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr

from api.main import create_app
from api.routes import dashboard_sessions, dashboards
from connectors.settings import Settings
from connectors.topics import Topic
from infra.native.apart import stack_settings
from infra.native.credentials import ensure_secrets
from infra.native.layout import REPOSITORY, layout_of
from tests.pages import Page, pages

PAGES = {page.name: page for page in pages()}
MAKEFILE = (REPOSITORY / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
VARIABLES = set(re.findall(r"\$[({]([A-Z_]+)", MAKEFILE))
SECRETS = {
    f"promo_{name}"
    for name, field in Settings.model_fields.items()
    if field.annotation == SecretStr | None
}

_MAKE = re.compile(r"(?:^|[\s(`\[|;&])make (?:-\w+ )*([a-z][a-z-]*)((?: [A-Z_]+=\S*)*)")
_SETTING = re.compile(r"\bPROMO_[A-Z0-9_]*[A-Z0-9]\b")
_SECRET = re.compile(r"\bpromo_\w+_(?:password|token|key)\b")
_TOPIC = re.compile(r"promo\.(?:public\.)?[a-z_]+")
_ROUTE = re.compile(r"^(GET|POST|PUT|DELETE) (/[^\s?`]*)")


def unknown_commands(page: Page) -> Iterator[str]:
    """Targets and variables of ``make`` that the Makefile does not have."""
    shells = [fence for fence in page.fences if fence.language in ("sh", "console", "mermaid")]
    lines = [(span.text, span.line) for span in page.spans if span.text.startswith("make")]
    lines += [
        (_without_comment(line), fence.line + number)
        for fence in shells
        for number, line in enumerate(fence.code.splitlines())
    ]
    for text, line in lines:
        for target, variables in _MAKE.findall(text):
            if target not in TARGETS:
                yield f"{page.name}:{line}: make {target}: no such target"
            for variable in re.findall(r"([A-Z_]+)=", variables):
                if variable not in VARIABLES:
                    yield f"{page.name}:{line}: {variable}=: make does not read it"


def _without_comment(line: str) -> str:
    return re.sub(r"(^|\s)#.*", "", line)


def unknown_settings(page: Page) -> Iterator[str]:
    """``PROMO_…`` that nothing reads, and files of secrets that nothing makes."""
    settings = {f"PROMO_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(set(_SETTING.findall(page.text)) - settings):
        if name not in _in_use(_SETTING.pattern):
            yield f"{page.name}: {name}: no such setting"
    for name in sorted(set(_SECRET.findall(page.text)) - SECRETS):
        if name not in _in_use(_SECRET.pattern):
            yield f"{page.name}: {name}: no such secret"


@cache
def _in_use(pattern: str) -> frozenset[str]:
    """What fits a pattern in files that are neither tests nor documents."""
    found = subprocess.run(
        ["git", "grep", "-hoP", pattern, "--", ".", ":!*.md", ":!tests", ":!.env.example"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return frozenset(found.stdout.split())


def unknown_topics(page: Page) -> Iterator[str]:
    """Names like a topic's that neither a topic nor a table of ClickHouse has."""
    for span in page.spans:
        if _TOPIC.fullmatch(span.text) and span.text not in {*Topic, *_tables()}:
            yield f"{page.name}:{span.line}: {span.text}: no such topic or table"


@cache
def _tables() -> frozenset[str]:
    statements = "".join(
        path.read_text() for path in (REPOSITORY / "warehouse/migrations").glob("*.sql")
    )
    created = re.findall(r"CREATE (?:TABLE|VIEW)(?: IF NOT EXISTS)? (\w+)", statements)
    return frozenset(f"promo.{name}" for name in created)


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Method and path of every route, as an API that nobody has started has them."""
    settings = stack_settings(Path(tmp_path_factory.mktemp("routes")))
    layout = layout_of(settings)
    layout.make()
    app = create_app(ensure_secrets(settings, layout))
    documented = {
        (method.upper(), _open(path))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    pages_of_dashboards = (dashboards.router, dashboard_sessions.router)
    return documented | {
        (method, _open(route.path))
        for router in pages_of_dashboards
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def unknown_routes(page: Page, routes: set[tuple[str, str]]) -> Iterator[str]:
    """Routes set as code, with their method, that the API does not have."""
    for span in page.spans:
        if (found := _ROUTE.match(span.text)) is None:
            continue
        method, path = found[1], _open(found[2])
        known = [theirs for verb, theirs in routes if verb == method]
        begins = path.endswith("…") and any(one.startswith(path[:-1]) for one in known)
        if path not in known and not begins:
            yield f"{page.name}:{span.line}: {span.text}: no such route"


def _open(path: str) -> str:
    return re.sub(r"\{[^}]*\}|<[^>]*>", "*", path)


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_tells_to_use_is_there(name: str, routes: set[tuple[str, str]]) -> None:
    page = PAGES[name]
    unknown = [*unknown_commands(page), *unknown_settings(page), *unknown_topics(page)]
    assert unknown + list(unknown_routes(page, routes)) == []


@pytest.mark.parametrize(
    "line",
    [
        "`make no-such`",
        "`make demo NO_SUCH=1`",
        "```sh\nKEY=$(make -s no-such)\n```",
        "```console\n$ make no-such\n```",
        "```mermaid\nflowchart LR\n a[make no-such]\n```",
        "PROMO_NO_SUCH",
        "`promo_no_such_password`",
        "`promo.no_such`",
        "`POST /v1/no-such`",
        "`GET /v1/score`",
        "`GET /v1/no-such/…`",
    ],
)
def test_what_is_not_there_is_found(line: str, routes: set[tuple[str, str]]) -> None:
    page = Page("x.md", line + "\n")
    unknown = [*unknown_commands(page), *unknown_settings(page), *unknown_topics(page)]
    assert unknown + list(unknown_routes(page, routes)) != []


@pytest.mark.parametrize(
    "line",
    [
        "people make no-such mistakes",
        "```sh\nmake demo DATA=folder  # make no-such thing\n```",
        "`make api-key NAME=x SCOPES=read`",
        "PROMO_API_PORT, `PROMO_GRAFANA_DASHBOARDS_DIR`",
        "`promo_clickhouse_reader_password`, the user `promo_reader`",
        "`promo.public.users`, `promo.risk_scores`",
        "`GET /v1/users/<id>/risk`, `DELETE /v1/users/{id}`, `GET /v1/analytics/…`",
    ],
)
def test_what_is_there_or_not_ours_is_no_complaint(line: str, routes: set[tuple[str, str]]) -> None:
    page = Page("x.md", line + "\n")
    unknown = [*unknown_commands(page), *unknown_settings(page), *unknown_topics(page)]
    assert unknown + list(unknown_routes(page, routes)) == []
