"""What a connection may hold, shown on real sockets against a real uvicorn server."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.http_limits import HttpLimits
from tests.unit.connectors.http_server import Counting, Serving, read_to_end, serving, until

SHORT = HttpLimits(
    connections=20, head_s=0.5, body_stall_s=0.5, body_s=1.5, unread_s=1.0, unread_bytes=16_384
)
LIMIT = SHORT.head_bytes
SHARED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def app() -> Counting:
    return Counting()


@pytest.fixture
def server(app: Counting) -> Iterator[Serving]:
    with serving(app, SHORT) as running:
        yield running


@pytest.fixture
def patient_server(app: Counting) -> Iterator[Serving]:
    with serving(app, HttpLimits()) as running:
        yield running


def get(path: bytes = b"", headers: bytes = b"", close: bool = True) -> bytes:
    end = b"Connection: close\r\n\r\n" if close else b"\r\n"
    return b"GET /" + path + b" HTTP/1.1\r\nHost: x\r\n" + headers + end


def post(body: bytes, close: bool = True) -> bytes:
    end = b"Connection: close\r\n\r\n" if close else b"\r\n"
    return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(body) + end + body


def statuses(answer: bytes) -> list[bytes]:
    return [line.split(b" ")[1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


ENDLESS = {
    "a path": (b"GET /", b"a"),
    "a header's value": (b"GET / HTTP/1.1\r\nX: ", b"a"),
    "a header's name": (b"GET / HTTP/1.1\r\nX", b"a"),
    "headers": (b"GET / HTTP/1.1\r\n", b"X: a\r\n"),
    "a method": (b"", b"A"),
    "line ends": (b"", b"\r\n"),
    "trailers": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"X: a\r\n",
    ),
    "a trailer": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
        b"a",
    ),
    "a chunk's extension": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"a",
    ),
}


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("piece_bytes", [1_000, 65_536, 250_000])
def test_what_is_no_body_ends_at_the_limit_in_whatever_pieces_it_comes(
    server: Serving, kind: str, piece_bytes: int
) -> None:
    begin, more = ENDLESS[kind]
    piece = (more * piece_bytes)[:piece_bytes]
    taken = 0
    with server.client(begin) as client, suppress(ConnectionError):
        while taken < 64 * LIMIT:
            client.sendall(piece)
            taken += len(piece)
    assert taken < 64 * LIMIT
    assert until(lambda: server.connections == 0)


@SHARED
@given(size=st.integers(1, 3 * LIMIT), cuts=st.lists(st.integers(0, 3 * LIMIT), max_size=4))
def test_a_head_is_accepted_by_its_size_alone(server: Serving, size: int, cuts: list[int]) -> None:
    sent = get(headers=b"X: " + b"a" * size + b"\r\n")
    # What stands round names and values counts one way or the other: leave it out.
    accepted, refused = len(sent) <= LIMIT, size > LIMIT
    places = sorted({min(cut, len(sent)) for cut in cuts} | {0, len(sent)})
    with server.client() as client:
        try:
            for begin, end in pairwise(places):
                client.sendall(sent[begin:end])
        except ConnectionError:
            assert not accepted
        answer = read_to_end(client)
    if accepted:
        assert statuses(answer) == [b"200"]
    if refused:
        assert statuses(answer) in ([b"431"], [])  # a reset may overtake the answer


@SHARED
@given(
    bodies=st.lists(st.integers(0, 200_000), min_size=1, max_size=6),
    cut=st.integers(50, 100_000),
)
def test_requests_within_the_limits_are_answered_in_whatever_pieces_they_come(
    patient_server: Serving, bodies: list[int], cut: int
) -> None:
    requests = [post(b"b" * size, close=False) for size in bodies] + [get()]
    sent = b"".join(requests)
    with patient_server.client() as client:
        for begin in range(0, len(sent), cut):
            client.sendall(sent[begin : begin + cut])
        answer = read_to_end(client)
    assert [b"ok:%d" % size in answer for size in bodies] == [True] * len(bodies)
    assert statuses(answer) == [b"200"] * len(requests)


def test_too_many_headers_are_refused_though_they_are_small(server: Serving) -> None:
    assert statuses(server.answer(get(headers=b"X: 1\r\n" * SHORT.headers))) == [b"431"]
    assert statuses(server.answer(get(headers=b"X: 1\r\n" * (SHORT.headers - 2)))) == [b"200"]


def test_only_so_many_requests_wait_behind_another(server: Serving, app: Counting) -> None:
    few = server.answer(get(close=False) * 200 + get())
    assert statuses(few) == [b"200"] * 201
    with server.client(get(b"wait", close=False) + get(close=False) * 5_000) as client:
        read_to_end(client)
    assert app.asked < 1_000
    app.waiting.set()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"\r\n",
        get(close=False) + b"GET / HT",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n12",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12",
    ],
    ids=[
        "nothing",
        "half a head",
        "a line end",
        "half a second head",
        "half a body",
        "half a chunk",
    ],
)
def test_who_sends_no_more_is_closed(server: Serving, sent: bytes) -> None:
    with server.client(sent) as client:
        read_to_end(client)  # the socket's timeout is what fails


@pytest.mark.parametrize(
    "begin", [b"GET / HTTP/1.1\r\nX: ", b"POST / HTTP/1.1\r\nContent-Length: 9999\r\n\r\n"]
)
def test_who_sends_a_byte_now_and_then_is_closed(server: Serving, begin: bytes) -> None:
    with server.client(begin) as client:
        client.settimeout(0.1)

        def is_closed() -> bool:
            try:
                client.sendall(b"a")
                return client.recv(1) == b""
            except TimeoutError:
                return False
            except ConnectionError:
                return True

        assert until(is_closed)


def test_an_idle_connection_is_closed_whatever_is_sent_between_requests(app: Counting) -> None:
    with (
        serving(app, SHORT, keep_alive_s=1) as server,
        server.client(get(close=False)) as client,
    ):
        client.recv(1_000)
        client.sendall(b"\r\n")
        read_to_end(client)  # the socket's timeout is what fails


@pytest.mark.parametrize("path", [b"flood", b""], ids=["a stream", "an answer"])
def test_an_answer_that_nobody_reads_is_dropped(
    server: Serving, app: Counting, path: bytes
) -> None:
    app.answer = b"x" * 20_000_000
    with server.client(get(path), window=4_096):
        assert until(lambda: app.asked == 1)
        assert until(lambda: server.connections == 0)


def test_a_slow_reader_is_served_to_the_end(server: Serving, app: Counting) -> None:
    app.answer = b"x" * 8_000_000
    with server.client(get(), window=65_536) as client:
        received = 0
        while piece := client.recv(40_000):
            received += len(piece)
            if received < 2_000_000:
                until(lambda: False, within_s=0.02)
    assert received > len(app.answer)


def test_a_health_check_finds_room_among_those_who_send_nothing(server: Serving) -> None:
    with ExitStack() as held:
        for _ in range(5 * SHORT.connections):
            held.enter_context(server.client(b"GET / HTTP/1.1\r\nX: "))
            assert server.connections <= SHORT.connections + 1
        assert statuses(server.answer(get())) == [b"200"]


def test_who_is_being_answered_stays_and_others_are_refused(server: Serving, app: Counting) -> None:
    with ExitStack() as held:
        waiting: list[socket.socket] = [
            held.enter_context(server.client(get(b"wait"))) for _ in range(SHORT.connections)
        ]
        assert until(lambda: app.asked == len(waiting))
        assert statuses(server.answer(get())) in ([b"503"], [])
        app.waiting.set()
        assert [statuses(read_to_end(client)) for client in waiting] == [[b"200"]] * len(waiting)
    assert statuses(server.answer(get())) == [b"200"]


def test_an_idle_client_of_ours_outlasts_strangers(server: Serving) -> None:
    with ExitStack() as held:
        known = held.enter_context(server.client(get(close=False)))
        known.recv(1_000)
        for _ in range(3 * SHORT.connections):
            held.enter_context(server.client(b"GET / HT"))
        known.sendall(get())
        assert statuses(read_to_end(known)) == [b"200"]


def test_a_request_that_offers_another_protocol_may_be_answered_late(
    server: Serving, app: Counting
) -> None:
    offer = b"Upgrade: h2c\r\nConnection: Upgrade\r\n"
    with server.client(get(b"wait", headers=offer, close=False)) as client:
        assert until(lambda: app.asked == 1)
        assert not until(lambda: server.connections == 0, within_s=3 * SHORT.body_stall_s)
        app.waiting.set()
        assert statuses(client.recv(1_000)) == [b"200"]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nhost: a\r\nHOST: a\r\n\r\n", b"400"),
        (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (b"GET / HTTP/1.0\r\n\r\n", b"200"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"200"),
    ],
)
def test_a_request_names_one_host(server: Serving, head: bytes, status: bytes) -> None:
    assert statuses(server.answer(head)) == [status]
