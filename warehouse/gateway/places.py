"""Places of one kind of client: how many of its statements run, and how many may wait."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from warehouse.gateway.errors import TOO_MANY, GatewayError, refusal
from warehouse.gateway.limits import Limits

R = TypeVar("R")


class Place:
    """A thread's worth of the engine, until it is given back."""

    def __init__(self, places: "Places") -> None:
        self._places = places
        self._is_held = True

    def run(self, work: Callable[[], R]) -> "asyncio.Future[R]":
        """Do blocking work in this place."""
        return asyncio.get_running_loop().run_in_executor(self._places.threads, work)

    def give_back(self) -> None:
        """Let the next one in; idempotent."""
        if self._is_held:
            self._is_held = False
            self._places.free.release()


class Places:
    """So many places, and so many who may wait for one, so long."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.threads = ThreadPoolExecutor(limits.places, name)
        self.free = asyncio.Semaphore(limits.places)
        self._name, self._limits, self._waiting = name, limits, 0

    async def take(self) -> Place:
        """A place, when there is one.

        Raises:
            GatewayError: 202, too many wait already, or none came free in time.
        """
        if self.free.locked() and self._waiting >= self._limits.waiting:
            raise self._too_many()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.wait_s):
                await self.free.acquire()
        except TimeoutError:
            raise self._too_many() from None
        finally:
            self._waiting -= 1
        return Place(self)

    def close(self) -> None:
        """Wait for what runs."""
        self.threads.shutdown()

    def _too_many(self) -> GatewayError:
        limits = self._limits
        return refusal(
            TOO_MANY,
            f"Too many simultaneous queries ({self._name}): {limits.places} run, others wait"
            f" for at most {limits.wait_s:g} s. Ask again later, or for less.",
        )
