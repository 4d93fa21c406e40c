"""Knowing that the process is told to end before the server waits for its open connections."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def told_to_end(callback: Callable[[], None]) -> Iterator[None]:
    """Within the block, call back in the running loop when a signal tells the process to end.

    The server tells the application only after its last connection is closed, which is too late
    for answers that have no end. Its own handlers still run; without any there is nothing to do.
    """
    loop = asyncio.get_running_loop()
    servers = {
        number: handler for number in _SIGNALS if callable(handler := signal.getsignal(number))
    }

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        servers[signal.Signals(number)](number, frame)

    for number in servers:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in servers.items():
            signal.signal(number, handler)
