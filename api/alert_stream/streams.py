"""The open streams: so many at once, each ending by itself, none outliving its client."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from fastapi.sse import ServerSentEvent
from prometheus_client import Gauge

from api.alert_stream.memory import give_back
from api.alert_stream.position import Start, encode
from api.alert_stream.reader import AlertReader, Message
from api.problems import Refused, Trouble
from api.schemas.problem import Kind
from connectors.settings import Settings
from connectors.topics import Topic
from ml.policy import Level

KEEP_ALIVE_S = 10.0
"""So long nothing is sent at most; proxies cut what is silent for longer, often after 60 s."""

UNREAD_GRACE_S = 2.0
"""A stream that is over and whose end nobody reads is dropped after that."""

RETRY_MS = 1_000
"""A client that lost its stream comes back after that."""

_READ_S = 0.5
_RETRY_AFTER_S = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who asks for a stream.

    Attributes:
        key_id: of its key.
        for_s: seconds after which the stream ends.
        is_admitted: asked twice a second; the stream ends once it says no.
        drop: ends the connection at once, whether or not anybody reads.
    """

    key_id: str
    for_s: float
    is_admitted: Callable[[], bool]
    drop: Callable[[], None]


class AlertStream:
    """One client's stream, from a position on."""

    def __init__(
        self,
        reader: AlertReader,
        offsets: list[int],
        threads: ThreadPoolExecutor,
        is_over: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader, self._offsets, self._threads = reader, offsets, threads
        self._is_over, self._clock = is_over, clock

    async def events(
        self, levels: Collection[Level], for_s: float
    ) -> AsyncIterator[ServerSentEvent]:
        """Alerts of some levels as they were published, until ``for_s`` seconds have passed.

        Every event's id is the position after it. Keep-alives carry one too, as do the stream's
        beginning and end, so that a client which has seen no alert yet resumes where it was.
        """
        started = told = self._clock()
        yield self._here("from here on", RETRY_MS)
        while (left_s := started + for_s - self._clock()) > 0 and not self._is_at_its_end():
            for message in await self._read(min(left_s, _READ_S)):
                self._offsets[message.partition] = message.offset + 1
                text = _wanted(message, levels)
                if text is not None:
                    told = self._clock()
                    yield ServerSentEvent(event="alert", id=encode(self._offsets), raw_data=text)
            if self._clock() - told >= KEEP_ALIVE_S:
                told = self._clock()
                yield self._here("still here")
        yield self._here("come again")

    def _is_at_its_end(self) -> bool:
        return self._is_over() or self._reader.is_lost

    async def _read(self, within_s: float) -> list[Message]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._reader.read, within_s)

    def _here(self, comment: str, retry_ms: int | None = None) -> ServerSentEvent:
        """An id without data: a client takes the position over and dispatches nothing."""
        return ServerSentEvent(comment=comment, id=encode(self._offsets), retry=retry_ms)


def _close(reader: AlertReader) -> None:
    reader.close()
    give_back()


def _wanted(message: Message, levels: Collection[Level]) -> str | None:
    """A message's text, None if it is of another level or cannot be read."""
    try:
        text = message.value.decode()
        return text if orjson.loads(text)["level"] in levels else None
    except (ValueError, KeyError, TypeError) as error:
        where = {"topic": Topic.ABUSE_ALERTS.value, "partition": message.partition}
        where |= {"offset": message.offset}
        _log.error("an alert cannot be read", extra={**where, "kind": type(error).__name__})
        return None


class AlertStreams:
    """All streams of the process; each has a thread while it reads, so none waits for another."""

    def __init__(self, settings: Settings, gauge: Gauge) -> None:
        self._settings, self._gauge = settings, gauge
        self._open, self._is_ending = Counter[str](), False
        self._threads = ThreadPoolExecutor(settings.api_streams, "alerts")

    @asynccontextmanager
    async def opened(self, start: Start, listener: Listener) -> AsyncIterator[AlertStream]:
        """A stream; at the block's end its consumer is closed, without anybody waiting for it.

        Raises:
            Refused: all places are taken, or all that the key may hold.
            UnusablePosition: the start does not fit the topic.
            DependencyDown: Kafka does not answer.
        """
        self._check_places(listener.key_id)
        reader, loop = AlertReader(self._settings), asyncio.get_running_loop()
        self._count(listener.key_id, 1)
        dropping = asyncio.create_task(self._drop_unread(listener))
        try:
            offsets = await loop.run_in_executor(self._threads, reader.start, start)
            yield AlertStream(reader, offsets, self._threads, self._is_over(listener))
        finally:
            dropping.cancel()
            closing = loop.run_in_executor(self._threads, _close, reader)
            closing.add_done_callback(lambda _: self._count(listener.key_id, -1))

    def _check_places(self, key_id: str) -> None:
        headers, here = {"Retry-After": str(_RETRY_AFTER_S)}, self._settings.api_streams
        if self._is_ending or self._open.total() >= here:
            detail = f"{here} streams are open here; no more are served."
            raise Refused(Trouble(Kind.BUSY, detail, headers))
        most = self._settings.api_streams_per_key
        if self._open[key_id] >= most:
            detail = f"This key has {most} streams open; it may have no more."
            raise Refused(Trouble(Kind.TOO_MANY_REQUESTS, detail, headers))

    def _is_over(self, listener: Listener) -> Callable[[], bool]:
        return lambda: self._is_ending or not listener.is_admitted()

    async def _drop_unread(self, listener: Listener) -> None:
        """Drop a stream that is over and yet goes on, as its client takes nothing from us."""
        is_over, left_s = self._is_over(listener), listener.for_s
        while left_s > 0 and not is_over():
            await asyncio.sleep(min(_READ_S, left_s))
            left_s -= _READ_S
        await asyncio.sleep(UNREAD_GRACE_S)
        listener.drop()

    def end(self) -> None:
        """Let all streams end within half a second, and open no more."""
        self._is_ending = True

    async def close(self) -> None:
        """Wait until all consumers are closed."""
        self.end()
        await asyncio.to_thread(self._threads.shutdown)

    def _count(self, key_id: str, by: int) -> None:
        self._open[key_id] += by
        self._open += Counter()  # forgets keys without any
        self._gauge.set(self._open.total())
