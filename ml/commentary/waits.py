"""How long accounts wait before they redeem. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ml.commentary.shop import Account
from ml.commentary.signals import FAST_S

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from the sign-up to the first redemption, of accounts that redeem.

    Attributes:
        abusers, honest: every wait, rising.
    """

    abusers: tuple[float, ...]
    honest: tuple[float, ...]

    @property
    def fast(self) -> tuple[float, ...]:
        """The waits that are fast, whoever's."""
        return tuple(wait for wait in sorted(self.abusers + self.honest) if wait <= FAST_S)

    @property
    def slow(self) -> tuple[float, ...]:
        """All others."""
        return tuple(wait for wait in sorted(self.abusers + self.honest) if wait > FAST_S)

    @property
    def fastest_minutes(self) -> float:
        """The shortest wait; 0 of none."""
        return min(self.fast, default=0.0) / 60

    @property
    def slowest_fast_minutes(self) -> float:
        """The longest of the fast waits; 0 of none."""
        return max(self.fast, default=0.0) / 60

    @property
    def next_days(self) -> int:
        """Whole days of the shortest wait that is not fast; 0 of none."""
        return int(min(self.slow, default=0.0) // DAY_S)

    @property
    def longest_years(self) -> float:
        """The longest wait; 0 of none."""
        return max(self.slow, default=0.0) / DAY_S / 365.25


def waits(accounts: Sequence[Account]) -> Waits:
    """Collect them."""
    abusers, honest = (
        tuple(
            sorted(a.waited_s for a in accounts if a.is_abuser is kind and a.waited_s is not None)
        )
        for kind in (True, False)
    )
    return Waits(abusers, honest)
