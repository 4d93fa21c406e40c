"""From a worker thread to the event loop: an ordered, bounded flow of results."""

import asyncio
import threading
from dataclasses import dataclass

from warehouse.gateway.engine import Summary
from warehouse.gateway.errors import ABORTED, GatewayError, refusal
from warehouse.gateway.limits import UNREAD_S

Message = bytes | Summary | GatewayError


@dataclass(frozen=True, slots=True)
class _Channel:
    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[Message]


class Outbox:
    """A statement's results: chunks of bytes, then one Summary or one GatewayError.

    The thread side blocks while ``depth`` chunks wait for a slow client, so that a large
    result is never in memory as a whole.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, depth: int = 4) -> None:
        self._channel = _Channel(loop, asyncio.Queue())
        self._room = threading.Semaphore(depth)
        self._closed = False

    def put(self, chunk: bytes) -> None:
        """Thread side: hand on a chunk; waits for room.

        Raises:
            GatewayError: nobody reads, or will read it any more.
        """
        if not self._room.acquire(timeout=UNREAD_S):
            raise refusal(ABORTED, f"Nobody read the answer for {UNREAD_S:g} s.")
        if self._closed:
            raise refusal(ABORTED, "The client went away.")
        self._post(chunk)

    def end(self, last: Summary | GatewayError) -> None:
        """Either side: the last message; never waits. The first one holds."""
        self._post(last)

    def _post(self, message: Message) -> None:
        try:
            self._channel.loop.call_soon_threadsafe(self._channel.queue.put_nowait, message)
        except RuntimeError:  # The loop has ended: the process is going down.
            self._closed = True

    async def get(self) -> Message:
        """Loop side: the next message."""
        message = await self._channel.queue.get()
        if isinstance(message, bytes):
            self._room.release()
        return message

    def close(self) -> None:
        """Loop side: no more messages are wanted; a waiting thread gives up."""
        self._closed = True
        self._room.release()
