"""What is measured of the accounts that share a value. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ml.rules.speed import FAST_US
from ml.shared_values.sharers import Pace, Sharer
from ml.store import Link

LEAST_OTHERS = 100
"""Of fewer other accounts nobody knows what is usual in the shop."""


@dataclass(frozen=True, slots=True)
class Variety:
    """How unlike accounts are in one kind of identifier.

    Attributes:
        having: share of them that have one.
        counted: how many these are.
        distinct: different values for each account that has one, in (0, 1].
    """

    having: float
    counted: int
    distinct: float


class Habit(StrEnum):
    """What accounts can have in common beside identifiers."""

    CODE = "promo code"
    BROWSER = "browser's build"
    DOMAIN = "e-mail domain"
    SPEED = "redemption within 15 minutes"
    PROOF = "verified contact"
    """Whoever proved that the shared number or mailbox is his holds it: it is somebody's. Where the
    shop calls everybody verified, that says nothing."""


@dataclass(frozen=True, slots=True)
class Concentration:
    """How much accounts have one habit in common.

    Attributes:
        share: of them with the most common value.
        usual: of the shop's other accounts of that time with the same; None where there are
            too few to know.
    """

    share: float
    usual: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        pace: how they came.
        varieties: by the other kinds of identifier; without those that nobody has.
        concentrations: by habit, the one that is furthest from what is usual.
        abusers: share of known abusers.
    """

    pace: Pace
    varieties: Mapping[Link, Variety]
    concentrations: Mapping[Habit, Concentration]
    abusers: float


def figures(kind: Link, pace: Pace, sharers: Sequence[Sharer], others: Sequence[Sharer]) -> Figures:
    """Measure.

    Args:
        kind: of the value that is shared.
        pace: of all who share it.
        sharers: those that came steadily, or a sample of them; at least one.
        others: the shop's other accounts of the same time, or a sample.
    """
    links = [link for link in Link if link not in (kind, Link.DOMAIN)]  # a domain is a habit
    varieties = {link: _variety(link, sharers) for link in links}
    return Figures(
        pace=pace,
        varieties={link: found for link, found in varieties.items() if found is not None},
        concentrations={
            habit: _concentration(values, sharers, others) for habit, values in _HABITS.items()
        },
        abusers=sum(one.label is True for one in sharers) / len(sharers),
    )


def _variety(link: Link, sharers: Sequence[Sharer]) -> Variety | None:
    values = [one.identifiers[link] for one in sharers if link in one.identifiers]
    if not values:
        return None
    return Variety(len(values) / len(sharers), len(values), len(set(values)) / len(values))


_Values = Callable[[Sharer], Iterable[str]]


def _concentration(
    values: _Values, sharers: Sequence[Sharer], others: Sequence[Sharer]
) -> Concentration:
    """The value whose share is furthest above the usual one."""
    mine, usual = _shares(values, sharers), _shares(values, others)
    if not mine:
        return Concentration(0.0, None if len(others) < LEAST_OTHERS else 0.0)
    if len(others) < LEAST_OTHERS:
        return Concentration(max(mine.values()), None)
    furthest = max(mine, key=lambda value: (mine[value] - usual.get(value, 0.0), value))
    return Concentration(mine[furthest], usual.get(furthest, 0.0))


def _shares(values: _Values, accounts: Sequence[Sharer]) -> dict[str, float]:
    counts = Counter(value for account in accounts for value in values(account))
    return {value: count / len(accounts) for value, count in counts.items()}


def _codes(account: Sharer) -> Iterable[str]:
    return {redeemed.promo_code for redeemed in account.redemptions}


def _speed(account: Sharer) -> Iterable[str]:
    waits = [r.waited_us for r in account.redemptions if r.waited_us >= 0]
    return ("fast",) if waits and min(waits) <= FAST_US else ()


def _proof(account: Sharer) -> Iterable[str]:
    return ("verified",) if account.is_verified else ()


_HABITS: Mapping[Habit, _Values] = {
    Habit.CODE: _codes,
    Habit.BROWSER: lambda account: filter(None, (account.agent,)),
    Habit.DOMAIN: lambda account: filter(None, (account.email_domain,)),
    Habit.SPEED: _speed,
    Habit.PROOF: _proof,
}
