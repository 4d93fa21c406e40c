"""Kafka Connect answers its owner alone, and even its owner reads one secret by it and no other."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connectors.debezium.rest import CONNECTOR, address, login
from connectors.settings import Settings, required
from infra.native.layout import layout_of

PLUGIN = "io.debezium.connector.postgresql.PostgresConnector"
OF_CONNECTOR = f"/connectors/{CONNECTOR}"
ROUTES = [
    ("GET", "/"),
    ("GET", "/health"),
    ("GET", "/connectors"),
    ("POST", "/connectors"),
    ("GET", OF_CONNECTOR),
    ("DELETE", OF_CONNECTOR),
    *((method, f"{OF_CONNECTOR}/config") for method in ("GET", "PUT", "PATCH")),
    *((method, f"{OF_CONNECTOR}/offsets") for method in ("GET", "PATCH", "DELETE")),
    *(("GET", f"{OF_CONNECTOR}/{what}") for what in ("status", "topics", "tasks")),
    *(("PUT", f"{OF_CONNECTOR}/{what}") for what in ("pause", "resume", "stop", "topics/reset")),
    ("POST", f"{OF_CONNECTOR}/restart"),
    ("GET", f"{OF_CONNECTOR}/tasks/0/status"),
    ("POST", f"{OF_CONNECTOR}/tasks/0/restart"),
    ("GET", "/connector-plugins"),
    ("GET", f"/connector-plugins/{PLUGIN}/config"),
    ("PUT", f"/connector-plugins/{PLUGIN}/config/validate"),
    ("GET", "/admin/loggers"),
    ("PUT", "/admin/loggers/root"),
]
BETWEEN_WORKERS = [("POST", f"{OF_CONNECTOR}/tasks"), ("PUT", f"{OF_CONNECTOR}/fence")]
"""What one worker asks another of the same group for: signed with a key that workers share."""

REFUSED, NOT_FOUND = 401, 404
METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE")


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    """Kafka Connect with the connector."""
    return partial_stack("connector")


@pytest.fixture(scope="module")
def stranger(settings: Settings) -> Iterator[httpx.Client]:
    """Somebody on this machine."""
    # Connect closes a connection whose request it refused unread.
    anew = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(
        base_url=address(settings), limits=anew, trust_env=False, timeout=20
    ) as client:
        yield client


@pytest.fixture(scope="module")
def owner(settings: Settings) -> Iterator[httpx.Client]:
    """Who has the password."""
    with httpx.Client(
        base_url=address(settings), auth=login(settings), trust_env=False, timeout=20
    ) as client:
        yield client


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_stranger_is_refused_whatever_they_ask(
    stranger: httpx.Client, method: str, path: str
) -> None:
    answer = stranger.request(method, path, json={} if method in ("PUT", "POST", "PATCH") else None)
    # Where there is no route, there is nothing to refuse.
    assert answer.status_code in ((NOT_FOUND,) if path.startswith("/admin") else (REFUSED,))


@pytest.mark.parametrize(("method", "path"), BETWEEN_WORKERS)
def test_nobody_passes_for_a_worker(stranger: httpx.Client, method: str, path: str) -> None:
    forged = {
        "X-Connect-Authorization": "bm9ib2R5",
        "X-Connect-Request-Signature-Algorithm": "HmacSHA256",
    }
    for headers in ({}, forged):
        answer = stranger.request(method, path, json=[{}], headers=headers)
        assert answer.is_client_error, answer.text


@examples(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    method=st.sampled_from(METHODS),
    words=st.lists(
        st.sampled_from(
            ["connectors", CONNECTOR, "config", "tasks", "0", "status", "admin", "loggers", "..",
             "%2e%2e", ";x=y", "fence", "offsets", "", "connector-plugins", "validate", "health"]
        ),
        max_size=6,
    ),
)  # fmt: skip
def test_no_path_and_no_method_answers_a_stranger_well(
    stranger: httpx.Client, method: str, words: list[str]
) -> None:
    answer = stranger.request(method, "/" + "/".join(words).lstrip("/"))
    # OPTIONS names a route's methods, and changes and tells nothing else.
    assert not answer.is_success or method == "OPTIONS", (method, words, answer.text[:200])
    assert "io.debezium" not in answer.text


def test_another_password_is_none(settings: Settings, stranger: httpx.Client) -> None:
    right = required(settings.connect_password, "connect_password")
    for auth in (
        (settings.connect_user, "guessed"),
        (settings.connect_user, ""),
        ("", ""),
        ("", right),
        ("admin", right),
        (settings.connect_user, right + " "),
    ):
        assert stranger.get("/connectors", auth=auth).status_code == REFUSED
    assert stranger.get("/connectors", auth=(settings.connect_user, right)).is_success


def _resolved(owner: httpx.Client, reference: str) -> str:
    """All that Connect says of a configuration that refers to something."""
    fields = {
        "connector.class": PLUGIN,
        "name": reference,
        "topic.prefix": reference,
        "database.hostname": "127.0.0.1",
        "database.port": "1",
        "database.user": "nobody",
        "database.password": "nothing",
        "database.dbname": "nothing",
    }
    answer = owner.put(f"/connector-plugins/{PLUGIN}/config/validate", json=fields)
    return answer.text


def _references(settings: Settings, linked: Path) -> list[str]:
    secrets = layout_of(settings).secrets
    folder = settings.connect_secrets_folder
    names = [path.name for path in secrets.iterdir()]
    folders = [
        str(secrets),
        f"{folder}/../../secrets",
        f"{folder}/.",
        str(linked),
        str(linked / "s"),
    ]
    return [
        *(f"${{secrets:{place}:{name}}}" for place in folders for name in names),
        *(f"${{secrets:{folder}:../../secrets/{name}}}" for name in names),
        *(f"${{secrets:{folder}/../../secrets/{name}:{name}}}" for name in names),
        *(f"${{file:{secrets / name}:{name}}}" for name in names),
        *(f"${{dir:{secrets}:{name}}}" for name in names),
        f"${{secrets:{layout_of(settings).run}:connect-users.properties}}",
        f"${{secrets:{layout_of(settings).run}:connect-login.conf}}",
        "${env:PATH}",
        "${secrets:/etc:passwd}",
    ]  # fmt: skip


def test_even_its_owner_reads_one_secret_by_it_and_no_other(
    settings: Settings, owner: httpx.Client, tmp_path: Path
) -> None:
    lent = "promo_postgres_cdc_password"
    secrets = {path.name: path.read_text() for path in layout_of(settings).secrets.iterdir()}
    (tmp_path / "s").symlink_to(layout_of(settings).secrets)
    for reference in _references(settings, tmp_path):
        said = _resolved(owner, reference)
        shown = {name for name, secret in secrets.items() if secret in said} - {lent}
        assert not shown, reference
        assert "root:x:0:0" not in said
    folder = settings.connect_secrets_folder
    assert [path.name for path in folder.iterdir()] == [lent]
    assert secrets[lent] in _resolved(owner, f"${{secrets:{folder}:{lent}}}")


@pytest.mark.parametrize(
    "override",
    ["producer.override.bootstrap.servers", "producer.override.sasl.jaas.config",
     "producer.override.interceptor.classes", "admin.override.bootstrap.servers"],
)  # fmt: skip
def test_a_connector_may_not_connect_elsewhere_or_as_somebody_else(
    owner: httpx.Client, override: str
) -> None:
    config = owner.get(f"{OF_CONNECTOR}/config").json()
    changed = {**config, "name": "another", override: "127.0.0.1:1"}
    answer = owner.put("/connectors/another/config", json=changed)
    assert answer.status_code == 400
    assert "Allowlist" in answer.text
