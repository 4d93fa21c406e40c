"""An answer that is made once a second at most, however many ask for it."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

FRESH_S = 1.0
T = TypeVar("T")


class Cached(Generic[T]):
    """What ``make`` gives, :data:`FRESH_S` seconds old at most."""

    def __init__(self, make: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        self._make, self._clock = make, clock
        self._cached: tuple[float, T] | None = None

    def get(self) -> T:
        """The cached one, or a new one."""
        now = self._clock()
        if self._cached is None or now - self._cached[0] >= FRESH_S:
            self._cached = now, self._make()
        return self._cached[1]
