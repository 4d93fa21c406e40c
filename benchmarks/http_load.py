"""Load on an HTTP server from a process of its own, pinned to a core: closed and open loop.

Closed loop: so many connections, each asks again as soon as it is answered; it tells what the
server can do. Open loop: requests are due at a steady rate whether or not earlier ones were
answered, and an answer's time counts from when its request was due, so that a server which
stands still for a while is not excused from the requests that it kept waiting.
"""

import asyncio
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from subprocess import PIPE, Popen

import httptools
import orjson
import uvloop

from benchmarks.figures import percentile


@dataclass(frozen=True, slots=True)
class Load:
    """What to send.

    Attributes:
        host, port: the server.
        requests: whole HTTP/1.1 requests, sent in turn.
        seconds: for how long.
        connections: at most so many at once.
        rate: requests per second that are due; 0 is a closed loop.
    """

    host: str
    port: int
    requests: Sequence[str]
    seconds: float
    connections: int
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back: answers per second, how many by status, milliseconds by percentile."""

    rate: float
    statuses: dict[str, int]
    p50_ms: float
    p99_ms: float
    most_ms: float


def request_text(
    method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> str:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]) + body.decode()


def apply(load: Load, core: int | None = None) -> Answers:
    """Send a load from another process, on ``core`` alone if it is given."""
    pinned = [] if core is None else ["taskset", "--cpu-list", str(core)]
    command = [*pinned, sys.executable, "-m", "benchmarks.http_load"]
    with Popen(command, stdin=PIPE, stdout=PIPE) as process:
        told, _ = process.communicate(orjson.dumps(load))
    if process.returncode:
        raise RuntimeError("the load generator failed; its error stands above")
    return Answers(**orjson.loads(told))


@dataclass(slots=True)
class _Run:
    """One load under way."""

    load: Load
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    idle: deque["_Connection"] = field(default_factory=deque)
    waiting: deque[float] = field(default_factory=deque)
    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    sent: int = 0
    under_way: int = 0
    stopped: bool = False

    def next(self, connection: "_Connection") -> None:
        """A connection is free: the oldest request that is due, or in a closed loop any."""
        if self.load.rate == 0 and not self.stopped:
            connection.send(time.perf_counter())
        elif self.waiting:
            connection.send(self.waiting.popleft())
        else:
            self.idle.append(connection)
            if self.stopped and self.under_way == 0:
                self.ended.set()

    def due(self, at: float) -> None:
        """A request of an open loop is due."""
        if self.idle:
            self.idle.popleft().send(at)
        else:
            self.waiting.append(at)


class _Connection(asyncio.Protocol):
    """One connection that has one request under way at a time."""

    def __init__(self, run: _Run) -> None:
        self._run, self._requests = run, [text.encode() for text in run.load.requests]
        self._at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)
        self._run.next(self)

    def send(self, at: float) -> None:
        """Send the next request; its time counts from ``at``."""
        run, self._at = self._run, at
        run.under_way += 1
        request = self._requests[run.sent % len(self._requests)]
        run.sent += 1
        self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        run = self._run
        run.under_way -= 1
        run.times.append(time.perf_counter() - self._at)
        run.statuses[self._parser.get_status_code()] += 1
        if not self._parser.should_keep_alive():
            raise ConnectionError("the server closes its connections")
        self._parser = httptools.HttpResponseParser(self)
        run.next(self)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._run.stopped:
            self._run.statuses[0] += 1
            self._run.ended.set()


async def _play(load: Load) -> Answers:
    loop, run = asyncio.get_running_loop(), _Run(load)
    started = time.perf_counter()
    connections = [
        await loop.create_connection(lambda: _Connection(run), load.host, load.port)
        for _ in range(load.connections)
    ]
    if load.rate:
        await _arrivals(run, started)
    else:
        await asyncio.sleep(load.seconds)
    run.stopped = True
    seconds = time.perf_counter() - started
    answered = len(run.times)
    if run.under_way or run.waiting:
        await asyncio.wait_for(run.ended.wait(), 30)
    for transport, _ in connections:
        transport.close()
    times = [at * 1e3 for at in run.times]
    return Answers(
        answered / seconds,
        {str(status): count for status, count in run.statuses.items()},
        percentile(times, 0.5),
        percentile(times, 0.99),
        max(times, default=float("nan")),
    )


async def _arrivals(run: _Run, started: float) -> None:
    """Requests come due one after the other; what the loop could not do in time comes late."""
    total = round(run.load.rate * run.load.seconds)
    for number in range(total):
        at = started + number / run.load.rate
        if (wait := at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        run.due(at)


def main() -> None:
    """Read a load, write the answers."""
    load = Load(**orjson.loads(sys.stdin.buffer.read()))
    answers = uvloop.run(_play(load))
    sys.stdout.buffer.write(orjson.dumps(answers))


if __name__ == "__main__":
    main()
