"""HTTP/1.1 connections within bounds, for every uvicorn server of ours.

uvicorn bounds neither a request's head nor what an idle, stalled or deaf client may hold. Here a
connection holds what :class:`~connectors.http_limits.HttpLimits` lets it and no more, before any
key is asked for; what costs too much of a request is refused while it comes. No timer runs for a
request: a sweep twice a second looks at all connections. Give ``uvicorn.run(http=…)`` this class,
or a subclass with limits of its own.
"""

import asyncio
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from connectors.http_limits import HttpLimits

_ABORT = "promo_sentinel.abort"
_TOO_LARGE = b"431 Request Header Fields Too Large", "The request's head is too large."
_SWEEP_EVERY_S = 0.5
_ROOM_AT_ONCE = 16
"""A sixteenth of all connections is let go of together: a flood costs one look for many of it."""


class Patience(IntEnum):
    """Whom to let go of first where room is needed."""

    STRANGER = 0
    """Has not sent a whole request yet."""
    IDLE = 1
    """Between two requests, or sending a body."""
    UNREAD = 2
    """Does not read its answer."""
    NEEDED = 3
    """Is being answered."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol for one connection, within :attr:`limits`."""

    limits: ClassVar[HttpLimits] = HttpLimits()

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._since = self._received_at = self.loop.time()
        self._read_bytes = 0
        self._pending_bytes = 0  # read since the last head or piece of a body was complete
        self._in_head = self._in_body = self._is_refused = False
        self._requests = 0
        self._unread_since: float | None = None
        self._unread_bytes = 0
        self._extensions: dict[str, dict[object, object]] = {_ABORT: {"abort": self.abort}}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection in, if need be in another's place."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections and not _make_room(self):
            self._refuse(b"503 Service Unavailable", "Too many connections.")
        _sweep_soon(self)

    def abort(self) -> None:
        """Drop the connection at once, with what was not sent yet."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what has come, as far as it is within bounds."""
        if self._is_refused:
            return
        self._received_at = self.loop.time()
        self._read_bytes = len(data)
        self._pending_bytes += self._read_bytes
        super().data_received(data)
        if not self._is_refused and self._is_oversize(self._pending_bytes):
            self._refuse(*_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head, self._since = True, self._received_at
        self.scope["extensions"] = self._extensions

    def on_headers_complete(self) -> None:
        """A head is complete.

        Raises:
            ValueError: it is too large, or too many wait already; the parser ends.
        """
        limits, lines = self.limits, self.headers
        if max(self._read_bytes, self._pending_bytes) > limits.head_bytes:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in lines)
        else:
            size = 0
        if self._is_oversize(size):
            self._refuse(*_TOO_LARGE)
            raise ValueError("a head is too large")
        if not self._has_its_host():
            self._refuse(b"400 Bad Request", "One header Host is needed, and no more.")
            raise ValueError("a head names no host, or several")
        if len(self.pipeline) >= limits.pipelined:
            raise ValueError("too many requests wait")
        self._in_head, self._in_body, self._pending_bytes = False, True, 0
        self._since = self._received_at
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body has come."""
        self._pending_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is complete."""
        self._in_body, self._pending_bytes = False, 0
        self._since = self._received_at
        self._requests += 1
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Say that a request cannot be read, and close."""
        self._refuse(b"400 Bad Request", msg)

    def resume_writing(self) -> None:
        """The client has read enough to be sent more."""
        self._unread_since = None
        super().resume_writing()

    def patience(self) -> tuple[Patience, float]:
        """What the connection is at, and since when (the loop's time)."""
        if self.flow.write_paused or self.transport.is_closing():
            return Patience.UNREAD, self._received_at
        if self._in_body or not self._is_answering():
            return (Patience.IDLE if self._requests else Patience.STRANGER), self._since
        return Patience.NEEDED, self._since

    def enforce(self, now: float) -> None:
        """Let go of a client that has kept us waiting for too long."""
        if self.flow.write_paused or self.transport.is_closing():
            if self._is_unread(now):
                self.abort()
        else:
            self._unread_since = None
            if self._is_late(now):
                self.transport.close()

    def _has_its_host(self) -> bool:
        """Whether a head has what RFC 9112, section 3.2, demands of it."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        return hosts == 1 or (hosts == 0 and self.parser.get_http_version() != "1.1")

    def _is_late(self, now: float) -> bool:
        limits = self.limits
        if self._in_body:
            late = (
                now - self._received_at > limits.body_stall_s or now - self._since > limits.body_s
            )
            # Where we stopped reading, it is not the client who keeps us waiting.
            return late and not self.flow.read_paused
        if self._is_answering():
            self._since = now
        waits_for_head = self._in_head or not self._requests
        most_s = limits.head_s if waits_for_head else self.config.timeout_keep_alive
        return now - self._since > most_s

    def _is_unread(self, now: float) -> bool:
        """Whether less was read in the last seconds than anybody reads who wants to."""
        left = self.transport.get_write_buffer_size()
        if self._unread_since is None:
            self._unread_since, self._unread_bytes = now, left
        if now - self._unread_since < self.limits.unread_s:
            return False
        is_unread = self._unread_bytes - left < self.limits.unread_bytes
        self._unread_since, self._unread_bytes = now, left
        return is_unread

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _is_oversize(self, size: int) -> bool:
        return size > self.limits.head_bytes or len(self.headers or ()) > self.limits.headers

    def _refuse(self, status: bytes, why: str) -> None:
        """Answer without asking the application, and close."""
        self._is_refused = True
        if self.transport.is_closing():
            return
        text = why.encode()
        head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: "
        parts = b"HTTP/1.1 ", status, b"\r\n", head, str(len(text)).encode(), b"\r\n\r\n", text
        # An answer that is under way must not be cut by this one.
        if not self._is_answering() or not self.cycle.response_started:
            self.transport.write(b"".join(parts))
        self.transport.close()


def abort_connection(scope: Mapping[str, Any]) -> None:
    """Drop a request's connection with what it has not sent: the client will not read it."""
    extension = scope.get("extensions", {}).get(_ABORT)
    if extension is not None:
        extension["abort"]()


_sweeps: WeakKeyDictionary[ServerState, asyncio.TimerHandle] = WeakKeyDictionary()


def _sweep_soon(connection: BoundedProtocol) -> None:
    """Look at a server's connections from now on, for as long as it has any."""
    server, loop = connection.server_state, connection.loop
    if server not in _sweeps:
        _sweeps[server] = loop.call_later(_SWEEP_EVERY_S, _sweep, server, loop)


def _sweep(server: ServerState, loop: asyncio.AbstractEventLoop) -> None:
    now = loop.time()
    for connection in _bounded(server):
        connection.enforce(now)
    if server.connections:
        _sweeps[server] = loop.call_later(_SWEEP_EVERY_S, _sweep, server, loop)
    else:
        del _sweeps[server]


def _make_room(newcomer: BoundedProtocol) -> bool:
    """Let go of those who keep us waiting longest; whether there were any."""
    others = (one for one in _bounded(newcomer.server_state) if one is not newcomer)
    ranked = sorted((one.patience(), id(one), one) for one in others)
    leaving = [one for (rank, _), _, one in ranked if rank is not Patience.NEEDED]
    leaving = leaving[: max(1, newcomer.limits.connections // _ROOM_AT_ONCE)]
    for one in leaving:
        newcomer.connections.discard(one)
        one.abort()
    return bool(leaving)


def _bounded(server: ServerState) -> list[BoundedProtocol]:
    return [one for one in server.connections if isinstance(one, BoundedProtocol)]
