"""What is usual among some accounts, and what several of them have in common. Pure."""

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

from connectors.profile import Profile
from ml.commentary.shop import Account
from ml.features.feature import COMMON_FROM


class Habits:
    """What is usual among some accounts, and which identifiers several of them have."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._accounts = accounts
        self._counts: dict[str, Counter[object]] = {}

    def share(self, fact: str, profile: Profile) -> float:
        """Share of the accounts that have this one's value of a fact of the profile."""
        return self._count(fact)[getattr(profile, fact)] / len(self._accounts)

    def is_unusual(self, fact: str, profile: Profile) -> bool:
        """Whether hardly anybody has this account's value."""
        return self.share(fact, profile) < COMMON_FROM

    def is_shared(self, fact: str, profile: Profile) -> bool:
        """Whether another account has the same identifier."""
        return getattr(profile, fact) is not None and self._count(fact)[getattr(profile, fact)] > 1

    def shared(self, fact: str) -> tuple[int, int]:
        """How many values of an identifier are shared, and by how many accounts."""
        several = [n for value, n in self._count(fact).items() if value is not None and n > 1]
        return len(several), sum(several)

    def values(self, fact: str, least: int = 1) -> int:
        """How many different values at least so many accounts have."""
        return sum(n >= least for n in self._count(fact).values())

    def _count(self, fact: str) -> Counter[object]:
        if fact not in self._counts:
            read = attrgetter(fact)
            self._counts[fact] = Counter(read(account.profile) for account in self._accounts)
        return self._counts[fact]
