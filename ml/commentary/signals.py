"""What might tell abusers, and how far each of it does. Pure.

A value is *unusual* if fewer accounts than :data:`ml.features.feature.COMMON_FROM` have it, which
is where the model's features stop telling values apart.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.profile import NameCase
from ml.commentary.habits import Habits
from ml.commentary.share import Share
from ml.commentary.shop import Account
from ml.rules.speed import FAST_US

FAST_S = FAST_US // 1_000_000
OLD_YEARS = 90
ADULT_YEARS = 18
NIGHT_ENDS = 6
"""Hour of the user's clock."""


Holds = Callable[[Account, Habits], bool]


def years_at_signup(account: Account) -> int | None:
    """Age in calendar years, as the pipeline knows it: by the year of birth alone."""
    born = account.profile.birth_year
    return None if born is None else account.signed_up.year - born


def _fast(account: Account, _: Habits) -> bool:
    return account.waited_s is not None and 0 <= account.waited_s <= FAST_S


def _old(account: Account, _: Habits) -> bool:
    return (years_at_signup(account) or 0) > OLD_YEARS


def _minor(account: Account, _: Habits) -> bool:
    years = years_at_signup(account)
    return years is not None and years < ADULT_YEARS


def _lower_case(account: Account, _: Habits) -> bool:
    profile = account.profile
    return profile.first_name_case == profile.last_name_case == NameCase.LOWER


def _unverified(*columns: str) -> Holds:
    return lambda account, _: all(account.row[column] is False for column in columns)


def _unusual(fact: str) -> Holds:
    return lambda account, habits: habits.is_unusual(fact, account.profile)


def _shares(*facts: str) -> Holds:
    return lambda account, habits: any(habits.is_shared(f, account.profile) for f in facts)


FAST = f"redeemed within {FAST_S // 60} minutes of signing up"
UNVERIFIED = "neither e-mail nor phone verified"
SIGNALS: Mapping[str, Holds] = {
    "phone written in an unusual way": _unusual("phone_shape"),
    FAST: _fast,
    "first and last name in lower case": _lower_case,
    f"over {OLD_YEARS} years old": _old,
    "unusual e-mail domain": _unusual("email_domain"),
    UNVERIFIED: _unverified("is_email_verified", "is_phone_verified"),
    "e-mail not verified": _unverified("is_email_verified"),
    "phone not verified": _unverified("is_phone_verified"),
    "shares a mailbox or phone": _shares("canonical_email", "phone"),
    "private IP address": lambda account, _: account.profile.ip_is_private is True,
    f"under {ADULT_YEARS} years old": _minor,
    f"signed up at night, before {NIGHT_ENDS}": lambda account, _: (
        account.profile.hour < NIGHT_ENDS
    ),
    "unusual browser": _unusual("user_agent_family"),
    "has redeemed a code": lambda account, _: bool(account.redemptions),
}
"""Candidates by name; those of redemptions are known later than the registration."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a signal reaches.

    Attributes:
        of_abusers, of_honest: share of either that has it.
        precision: share of abusers among those that have it.
        lift: precision over the share of abusers among all, the latter taken as given.
    """

    name: str
    of_abusers: Share
    of_honest: Share

    @property
    def precision(self) -> Share:
        """Share of abusers among those that have it."""
        abusers = self.of_abusers.successes
        return Share(abusers, abusers + self.of_honest.successes)

    @property
    def base_rate(self) -> float:
        """Share of abusers among all."""
        return self.of_abusers.trials / (self.of_abusers.trials + self.of_honest.trials)

    @property
    def lift(self) -> float:
        """How many times the share of abusers the precision is."""
        return self.precision.value / self.base_rate

    @property
    def lift_interval(self) -> tuple[float, float]:
        """95 %: the precision's."""
        low, high = self.precision.interval
        return low / self.base_rate, high / self.base_rate

    @property
    def separates(self) -> bool:
        """Whether most of those that have it are abusers, and not by chance."""
        return self.precision.interval[0] > 0.5


@dataclass(frozen=True, slots=True)
class Signals:
    """All candidates, and what those that separate reach together.

    Attributes:
        reaches: by signal, in the order of :data:`SIGNALS`.
        reached_once, reached_more: abusers with one separating signal, and with several.
        none: abusers without any.
        honest_reached: honest accounts with at least one.
        untouched: ids of the accounts without any separating signal.
    """

    reaches: tuple[Reach, ...]
    reached_once: int
    reached_more: int
    none: int
    honest_reached: int
    untouched: frozenset[str]

    @property
    def separating(self) -> tuple[Reach, ...]:
        """Those that separate, the furthest reaching first."""
        found = (reach for reach in self.reaches if reach.separates)
        return tuple(sorted(found, key=lambda reach: -reach.of_abusers.successes))

    @property
    def reached(self) -> int:
        """Abusers with at least one separating signal."""
        return self.reached_once + self.reached_more

    def named(self, name: str) -> Reach:
        """One of them."""
        return next(reach for reach in self.reaches if reach.name == name)


def signals(accounts: Sequence[Account], candidates: Mapping[str, Holds] = SIGNALS) -> Signals:
    """Ask every account for every candidate."""
    habits = Habits(accounts)
    holders = {
        name: {a.profile.user_id for a in accounts if holds(a, habits)}
        for name, holds in candidates.items()
    }
    abusers = {a.profile.user_id for a in accounts if a.is_abuser}
    honest = {a.profile.user_id for a in accounts} - abusers
    reaches = tuple(reach_of(name, them, abusers, honest) for name, them in holders.items())
    times = Counter(u for reach in reaches if reach.separates for u in holders[reach.name])
    return Signals(
        reaches=reaches,
        reached_once=sum(times[user] == 1 for user in abusers),
        reached_more=sum(times[user] > 1 for user in abusers),
        none=sum(not times[user] for user in abusers),
        honest_reached=sum(times[user] > 0 for user in honest),
        untouched=frozenset(user for user in abusers | honest if not times[user]),
    )


def reach_of(name: str, holders: set[str], abusers: set[str], honest: set[str]) -> Reach:
    """How far a signal reaches that these accounts have."""
    return Reach(
        name,
        Share(len(holders & abusers), len(abusers)),
        Share(len(holders & honest), len(honest)),
    )


def among(accounts: Iterable[Account], users: frozenset[str]) -> list[Account]:
    """The accounts of these ids."""
    return [account for account in accounts if account.profile.user_id in users]
