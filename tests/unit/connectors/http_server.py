"""A real uvicorn server in this process, with limits short enough to wait for, and raw clients."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.bounded_http import BoundedProtocol
from connectors.http_limits import HttpLimits

HEAD = b"GET /%s HTTP/1.1\r\nHost: x\r\n"
DEADLINE_S = 20.0


@dataclass
class Counting:
    """An application that answers with what it has read, and counts what it was asked."""

    asked: int = 0
    disconnected: int = 0
    answer: bytes = b"ok"
    waiting: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``/wait`` answers once ``waiting`` is set, ``/flood`` streams until nobody is there."""
        if scope["type"] != "http":
            return
        self.asked += 1
        length = await self._read(receive)
        if scope["path"] == "/wait":
            await asyncio.to_thread(self.waiting.wait, DEADLINE_S)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/flood":
            await self._flood(receive, send)
        body = self.answer + b":%d" % length
        await send({"type": "http.response.body", "body": body})

    async def _read(self, receive: Receive) -> int:
        length, more = 0, True
        while more:
            message = await receive()
            self.disconnected += message["type"] == "http.disconnect"
            length += len(message.get("body", b""))
            more = message.get("more_body", False)
        return length

    async def _flood(self, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
            await asyncio.sleep(0)
        self.disconnected += 1


@dataclass(frozen=True)
class Serving:
    """A running server."""

    port: int
    server: uvicorn.Server

    @property
    def connections(self) -> int:
        """How many it holds."""
        return len(self.server.server_state.connections)

    @contextmanager
    def client(self, sent: bytes = b"", window: int | None = None) -> Iterator[socket.socket]:
        """A connection on which something has been sent."""
        with socket.socket() as opened:
            if window is not None:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            opened.settimeout(DEADLINE_S)
            opened.connect(("127.0.0.1", self.port))
            opened.sendall(sent)
            yield opened

    def answer(self, sent: bytes) -> bytes:
        """All that comes back until the server closes."""
        with self.client(sent) as opened:
            return read_to_end(opened)


def read_to_end(opened: socket.socket) -> bytes:
    """What comes until the other side closes; a reset is an end too."""
    received = b""
    try:
        while piece := opened.recv(65_536):
            received += piece
    except ConnectionError:
        pass
    return received


def until(is_so: Callable[[], bool], within_s: float = DEADLINE_S) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def serving(app: ASGIApp, limits: HttpLimits, keep_alive_s: int = 5) -> Iterator[Serving]:
    """Serve an application on a free port."""
    protocol = type("ShortLived", (BoundedProtocol,), {"limits": limits})
    config = uvicorn.Config(
        app, port=0, http=protocol, lifespan="off", log_config=None,
        timeout_keep_alive=keep_alive_s, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert until(lambda: server.started), "it did not start"
    try:
        port: int = server.servers[0].sockets[0].getsockname()[1]
        yield Serving(port, server)
    finally:
        server.should_exit = True
        thread.join(DEADLINE_S)
