"""Kafka Connect answers its owner alone, and even its owner reads one secret by it and no other."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connectors.debezium.rest import (
    CLIENT,
    CONNECTOR,
    SERVER,
    ConnectRest,
    address,
    certificates,
    login,
)
from connectors.errors import DependencyDown
from connectors.settings import Settings, required
from infra.native import stack as native
from infra.native.apart import free_ports
from infra.native.connect_tls import SERVER_KEY, ensure_certificates
from infra.native.layout import layout_of
from infra.native.readiness import connect_answers
from stream_processors.monitor.probes import probes_of

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
    """Somebody who has a certificate, and no password."""
    # Connect closes a connection whose request it refused unread.
    anew = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(
        base_url=address(settings),
        limits=anew,
        verify=certificates(settings),
        trust_env=False,
        timeout=20,
    ) as client:
        yield client


@pytest.fixture(scope="module")
def owner(settings: Settings) -> Iterator[httpx.Client]:
    """Who has the password."""
    with httpx.Client(
        base_url=address(settings),
        auth=login(settings),
        verify=certificates(settings),
        trust_env=False,
        timeout=20,
    ) as client:
        yield client


def _of_another_stack(settings: Settings, folder: Path) -> Settings:
    """The same addresses, and certificates that are as good as ours and not ours."""
    others = settings.model_copy(update={"connect_tls_dir": folder / "connect-tls"})
    ensure_certificates(others)
    return others


def _without_identity() -> ssl.SSLContext:
    """Somebody on this machine who asks by TLS, whoever answers, and has nothing to show."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture(scope="module")
def unknown(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ssl.SSLContext | None]:
    """What somebody without our certificate may begin a connection with."""
    folder = tmp_path_factory.mktemp("others")
    others = _of_another_stack(settings, folder).connect_tls_folder
    of_others, of_an_old_client = _without_identity(), _without_identity()
    of_others.load_cert_chain(others / CLIENT)
    of_an_old_client.maximum_version = ssl.TLSVersion.TLSv1_2
    as_server = _without_identity()
    as_server.load_cert_chain(others / SERVER, others / SERVER_KEY)
    return {
        "no TLS": None,
        "no certificate": _without_identity(),
        "no certificate, TLS 1.2": of_an_old_client,
        "another certificate": of_others,
        "another server's certificate": as_server,
    }


def _told(settings: Settings, context: ssl.SSLContext | None, request: bytes) -> bytes:
    """All that Connect says, as far as it lets the request be sent."""
    answer = b""
    where = (settings.connect_host, settings.connect_port)
    with socket.create_connection(where, timeout=20) as plain:
        try:
            connection = (
                context.wrap_socket(plain, server_hostname=settings.connect_host)
                if context
                else plain
            )
            connection.sendall(request)
            while piece := connection.recv(65_536):
                answer += piece
        except (ssl.SSLError, ConnectionError):
            pass
    return answer


@pytest.mark.parametrize(("method", "path"), [*ROUTES, *BETWEEN_WORKERS])
def test_who_has_no_certificate_of_ours_is_told_nothing(
    settings: Settings, unknown: dict[str, ssl.SSLContext | None], method: str, path: str
) -> None:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    request = f"{head}Content-Length: 0\r\n\r\n".encode()
    known = certificates(settings)
    assert isinstance(known, ssl.SSLContext)
    assert b"HTTP" in _told(settings, known, request)
    for who, context in unknown.items():
        assert b"HTTP" not in _told(settings, context, request), who


def test_a_body_that_fills_the_memory_is_not_read(
    settings: Settings, unknown: dict[str, ssl.SSLContext | None]
) -> None:
    length = 400 * 2**20
    head = (
        f"POST {OF_CONNECTOR}/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "X-Connect-Authorization: eHh4\r\nX-Connect-Request-Signature-Algorithm: HmacSHA256\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    request = head.encode() + bytes(length)
    before = native.pid_of(settings, "connect")
    for context in unknown.values():
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(lambda _, c=context: _told(settings, c, request), range(2)))
        assert not any(b"HTTP" in answer for answer in told)
    assert ConnectRest(settings).health().healthy
    assert native.pid_of(settings, "connect") == before


def _heard(identity: ssl.SSLContext | None, listener: socket.socket, heard: list[bytes]) -> None:
    """Take connections, as whoever holds the port can, and keep what is said in them."""
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with plain:
            try:
                said = identity.wrap_socket(plain, server_side=True) if identity else plain
                heard.append(said.recv(65_536))
            except OSError:  # ssl.SSLError is one
                continue


@pytest.mark.parametrize("identity", ["none", "another", "the client's"])
def test_who_takes_the_port_is_not_told_the_password(
    settings: Settings, tmp_path: Path, identity: str
) -> None:
    context = None
    if identity != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        others = _of_another_stack(settings, tmp_path).connect_tls_folder
        ours = settings.connect_tls_folder / CLIENT
        chain = (others / SERVER, others / SERVER_KEY) if identity == "another" else (ours, None)
        context.load_cert_chain(*chain)
    heard: list[bytes] = []
    (port,) = free_ports()
    moved = settings.model_copy(update={"connect_port": port})
    with socket.create_server((settings.connect_host, port)) as listener:
        threading.Thread(target=_heard, args=(context, listener, heard), daemon=True).start()
        with pytest.raises(DependencyDown):
            connect_answers(moved)
        assert ConnectRest(moved).health().connector == "UNREACHABLE"
        for probe in probes_of(moved):
            if probe.part.startswith("connect"):
                with pytest.raises(DependencyDown):
                    probe.look()
        listener.shutdown(socket.SHUT_RDWR)
    assert not any(b"HTTP" in said or b"Authorization" in said for said in heard)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_certificate_alone_opens_nothing(stranger: httpx.Client, method: str, path: str) -> None:
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
