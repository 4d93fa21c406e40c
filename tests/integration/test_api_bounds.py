"""What a stranger can take of the API: room, memory and time are bounded before a key is asked."""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import httpx
import psutil
import pytest

from connectors.http_limits import HttpLimits
from connectors.settings import Settings, required
from infra.native import stack as native
from tests.integration.api_client import caller
from tests.reading import eventually

MIB = 1024 * 1024
PROBES = ("/healthz", "/readyz", "/metrics")


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    return partial_stack("api")


@contextmanager
def raw(settings: Settings, sent: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", settings.api_port), timeout=20) as opened:
        opened.sendall(sent)
        yield opened


def get(settings: Settings, path: str) -> httpx.Response:
    return httpx.get(f"{settings.api_url}{path}", trust_env=False, timeout=20)


@pytest.mark.parametrize(
    "begin", [b"GET /", b"GET /healthz HTTP/1.1\r\nX: ", b"GET / HTTP/1.1\r\n"]
)
def test_a_head_without_end_takes_no_memory(settings: Settings, begin: bytes) -> None:
    process = psutil.Process(native.pid_of(settings, "api"))
    before = process.memory_info().rss
    piece = (b"X: " + b"a" * 50 + b"\r\n") * 1_000 if begin.endswith(b"\n") else b"a" * 65_536
    sent = 0
    with raw(settings, begin) as opened, suppress(ConnectionError):
        while sent < 150 * MIB:
            opened.sendall(piece)
            sent += len(piece)
    assert sent < 16 * MIB  # what the kernel took before it was closed
    assert process.memory_info().rss - before < 16 * MIB


def test_half_sent_requests_keep_nobody_out(settings: Settings) -> None:
    with ExitStack() as held, caller(settings) as api:
        for _ in range(2 * HttpLimits().connections):
            held.enter_context(raw(settings, b"GET /healthz HTTP/1.1\r\nX: "))
        assert get(settings, "/healthz").is_success
        assert api.get("/v1/users/nobody/risk").status_code == httpx.codes.NOT_FOUND
        connections = psutil.Process(native.pid_of(settings, "api")).net_connections()
        taken = [one for one in connections if one.laddr.port == settings.api_port and one.raddr]
        assert len(taken) <= HttpLimits().connections


def test_who_floods_without_a_key_is_refused_and_probes_and_callers_are_not(
    settings: Settings,
) -> None:
    # One client: making hundreds would be slower than the limit of what is being asked.
    flood = httpx.Client(base_url=settings.api_url, trust_env=False, timeout=20)

    def ask(number: int) -> tuple[str, int]:
        path = ("/openapi.json", "/docs", "/v1/alerts", "/nowhere", *PROBES)[number % 7]
        return path, flood.get(path).status_code

    with ThreadPoolExecutor(48) as pool, caller(settings) as api, flood:
        asked = [pool.submit(ask, number) for number in range(700)]
        statuses = {api.get("/v1/users/nobody/risk").status_code for _ in range(100)}
        answers = Counter(one.result() for one in asked)
    assert statuses == {httpx.codes.NOT_FOUND}
    assert {status for path, status in answers if path in PROBES} == {httpx.codes.OK}
    assert sum(n for (_, status), n in answers.items() if status == 429) > 0
    eventually(lambda: get(settings, "/docs").is_success, "who comes later is answered")


def test_a_body_that_stalls_is_not_waited_for(settings: Settings) -> None:
    key = settings.api_key_file.read_text()
    head = f"POST /v1/score HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Length: 9\r\n\r\n"
    with raw(settings, head.encode() + b"{") as opened:
        assert b" 200 " not in opened.recv(1_000)  # the socket's timeout is what fails


def test_of_two_keys_neither_counts(settings: Settings) -> None:
    live = required(settings.api_key, "api_key")
    for keys in (["no key", live], [live, "no key"], [live, live]):
        answer = httpx.get(
            f"{settings.api_url}/v1/alerts",
            headers=[("X-API-Key", key) for key in keys],
            trust_env=False,
        )
        assert answer.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("path", ["/v1/alerts/", "/docs/", "/healthz/", "/v1/users/a/risk/"])
def test_nobody_is_led_to_a_host_that_the_request_names(settings: Settings, path: str) -> None:
    with caller(settings) as api:
        answer = api.get(path, headers={"Host": "elsewhere.example"})
    assert answer.is_client_error
    assert "location" not in answer.headers
