"""When a value that many accounts share is measured, and when what was found is said. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

CONFIRMED_AFTER_S = 20.0
"""What is to change is measured twice, so far apart: redemptions may still be on their way."""

AGAIN_AFTER_S = 3600.0
"""A value is measured again once it has grown by a tenth, else after so long; and so long what was
said stands at least."""

Place = tuple[str, str]
"""Kind and hash of a value."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the measurement says of a value so far.

    Attributes:
        identifies: False for nobody.
        said_at_us: when, None if it never said anything.
    """

    identifies: bool = True
    said_at_us: int | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """When a value was measured last, of how many accounts, and since when it should change."""

    at_s: float
    accounts: int
    differs_since_s: float | None = None


class Watchlist:
    """The values that are measured, and when each was last; forgotten with the process."""

    def __init__(self, clock_s: Callable[[], float], clock_us: Callable[[], int]) -> None:
        self._clock_s, self._clock_us = clock_s, clock_us
        self._seen: dict[Place, _Seen] = {}

    def is_due(self, place: Place, accounts: int, standing: Standing) -> bool:
        """Whether a value that so many accounts have is to be measured now."""
        seen, now = self._seen.get(place), self._clock_s()
        if seen is None or 10 * accounts >= 11 * max(1, seen.accounts):
            return True
        if seen.differs_since_s is not None and self._is_confirmed(seen.differs_since_s):
            return self._may_change(standing)
        return now - seen.at_s >= AGAIN_AFTER_S

    def is_to_be_said(
        self, place: Place, accounts: int, identifies: bool, standing: Standing
    ) -> bool:
        """Note what was measured of so many accounts; whether it is to be said now."""
        before, now = self._seen.get(place), self._clock_s()
        if identifies is standing.identifies:
            self._seen[place] = _Seen(now, accounts)
            return False
        since = before.differs_since_s if before and before.differs_since_s is not None else now
        if self._is_confirmed(since) and self._may_change(standing):
            self._seen[place] = _Seen(now, accounts)
            return True
        self._seen[place] = _Seen(now, accounts, since)
        return False

    def _is_confirmed(self, since_s: float) -> bool:
        return self._clock_s() - since_s >= CONFIRMED_AFTER_S

    def _may_change(self, standing: Standing) -> bool:
        """The first word at once, then one an hour."""
        said = standing.said_at_us
        return said is None or self._clock_us() - said >= AGAIN_AFTER_S * 1_000_000
