"""The accounts that share a value, and how steadily they came. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median_high

from connectors.profile import Profile
from ml.store import DAY_US, Link, identifiers

SAMPLE = 2_000
"""So many sharers, and so many others, are looked at closely: of more, more would be alike by
chance, and a sample's work does not grow. Whoever is alike with a few others is linked by that."""

BURST_FACTOR, BURST_SLACK = 3, 2
"""What a day may bring beyond its usual number, as for an established place
(:mod:`ml.rules.closeness`); whoever comes on top of that is not looked at."""


@dataclass(frozen=True, slots=True)
class Redeemed:
    """That an account redeemed a code, and how long after its sign-up, microseconds."""

    promo_code: str
    waited_us: int


@dataclass(frozen=True, slots=True)
class Sharer:
    """An account, as far as it is looked at.

    Attributes:
        identifiers: those that identify somebody, by kind.
        is_verified: whether it has proved that the shared contact is its own; None for a device.
        email_domain, agent: where its mailbox is, its browser's build; None where unknown.
        label: what is known of it.
        redemptions: what it redeemed.
    """

    identifiers: Mapping[Link, str]
    is_verified: bool | None = None
    email_domain: str | None = None
    agent: str | None = None
    label: bool | None = None
    redemptions: tuple[Redeemed, ...] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """How the accounts that share a value came.

    Attributes:
        accounts: all of them.
        days: on how many days (UTC).
        most_a_day: so many of each day are looked at, the first; the others came in a burst.
        steady: how many that leaves.
    """

    accounts: int = 0
    days: int = 0
    most_a_day: int = 0
    steady: int = 0


def pace(by_day: Mapping[int, int]) -> Pace:
    """How accounts came, from how many came on each day."""
    if not by_day:
        return Pace()
    most = BURST_FACTOR * median_high(by_day.values()) + BURST_SLACK
    steady = sum(min(count, most) for count in by_day.values())
    return Pace(sum(by_day.values()), len(by_day), most, steady)


def pace_of(created_at_us: Iterable[int]) -> Pace:
    """How accounts came, from their sign-ups."""
    return pace(Counter(at // DAY_US for at in created_at_us))


def sharer(
    kind: Link,
    profile: Profile,
    label: bool | None,
    redemptions: Iterable[tuple[str, int]],
    nobodys: frozenset[tuple[Link, str]] = frozenset(),
) -> Sharer:
    """An account as it is looked at.

    Args:
        kind: of the value that is shared.
        profile, label: the account.
        redemptions: ``(code, used_at_us)`` of each.
        nobodys: identifiers that identify nobody, which say nothing here either.
    """
    return Sharer(
        {link: v for link, v in identifiers(profile).items() if (link, v) not in nobodys},
        _is_verified(kind, profile),
        profile.email_domain,
        profile.agent,
        label,
        tuple(Redeemed(code, at - profile.created_at_us) for code, at in redemptions),
    )


def _is_verified(kind: Link, profile: Profile) -> bool | None:
    if kind is Link.PHONE:
        return profile.is_phone_verified
    return profile.is_email_verified if kind is Link.EMAIL else None
