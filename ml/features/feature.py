"""What a feature is, and the view of an account that every feature is computed from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum

from connectors.profile import Profile
from ml.store import Link, LinkedAccount, Neighbourhood, Redemption


class Available(StrEnum):
    """From which own event on a feature has a value; before it, it is NaN."""

    REGISTRATION = "registration"
    REDEMPTION = "first redemption"


class Unit(StrEnum):
    """What a value counts or measures; decides how it is shown to a person."""

    ACCOUNTS = "accounts"
    REDEMPTIONS = "redemptions"
    SHARE = "share"
    SECONDS = "seconds"
    YEARS = "years"
    HOUR = "hour of day"
    FLAG = "yes or no"


class Leaning(IntEnum):
    """Which way a growing value may move the risk; LightGBM's monotone constraint.

    It keeps a model from learning from a shop's accidents that evidence speaks for somebody,
    so that nobody lowers a risk by, say, sharing a device once more.
    """

    EXONERATES = -1
    EITHER = 0
    INCRIMINATES = 1


class Fact(StrEnum):
    """Facts whose meaning depends on what is common in this shop."""

    PHONE_SHAPE = "phone_shape"
    EMAIL_DOMAIN = "email_domain"
    FIRST_NAME_CASE = "first_name_case"
    LAST_NAME_CASE = "last_name_case"
    USER_AGENT_FAMILY = "user_agent_family"


COMMON_FROM = 0.01
"""Share from which a value is simply common. Without this bound a model that has seen shares
of 0 % and 99 % alone would split half way, and call a tenth of a shop's customers odd."""


@dataclass(frozen=True, slots=True)
class Common:
    """How common each value of a fact is in a shop: shares in [0, 1], frozen in a bundle.

    A value without a share has share 0; without any shares (no bundle yet) all are NaN.
    """

    shares: Mapping[Fact, Mapping[str, float]] = field(default_factory=dict)

    def share(self, fact: Fact, value: str | None) -> float:
        """The share of accounts with this value, saturating at :data:`COMMON_FROM`.

        NaN for None or before there is a bundle.
        """
        known = self.shares.get(fact)
        if value is None or known is None:
            return NAN
        return min(COMMON_FROM, known.get(value, 0.0))


@dataclass(frozen=True, slots=True)
class AsOf:
    """An account's neighbourhood as it was known at its newest own event, and nothing later.

    Attributes:
        known: the neighbourhood, nobody in it labelled: what an analyst says of neighbours is
            for the rules.
        moment_us: the event time of the newest own event.
        common: what is common in the shop.
    """

    known: Neighbourhood
    moment_us: int
    common: Common

    @property
    def profile(self) -> Profile:
        """The account itself."""
        return self.known.profile

    @property
    def redemptions(self) -> tuple[Redemption, ...]:
        """Its own redemptions."""
        return self.known.redemptions

    @property
    def linked(self) -> Mapping[Link, tuple[LinkedAccount, ...]]:
        """Its neighbours by kind of identifier."""
        return self.known.linked


@dataclass(frozen=True, slots=True)
class Feature:
    """One number about an account.

    Attributes:
        name: its column.
        meaning: what it says, as a person would.
        unit: what it counts or measures.
        available: from which own event on it has a value.
        compute: the number, NaN where unknown.
        leaning: which way a growing value may move the risk.
    """

    name: str
    meaning: str
    unit: Unit
    available: Available
    compute: Callable[[AsOf], float]
    leaning: Leaning = Leaning.EITHER


NAN = float("nan")


def unavailable(_: AsOf) -> float:
    """The value of a feature that is not available yet: NaN."""
    return NAN


def as_of(neighbourhood: Neighbourhood, common: Common) -> AsOf:
    """Drop from a neighbourhood whatever is later than the account's newest own event."""
    moment_us = neighbourhood.as_of_us
    if any(neighbourhood.linked.values()):  # most accounts share nothing
        neighbourhood = replace(
            neighbourhood,
            linked={
                link: tuple([_then(a, moment_us) for a in accounts if a.created_at_us <= moment_us])
                for link, accounts in neighbourhood.linked.items()
            },
        )
    return AsOf(neighbourhood, moment_us, common)


def _then(account: LinkedAccount, moment_us: int) -> LinkedAccount:
    redemptions = account.redemptions
    if redemptions and redemptions[-1].used_at_us > moment_us:
        redemptions = tuple([r for r in redemptions if r.used_at_us <= moment_us])
    elif account.label is None:
        return account
    return replace(account, label=None, redemptions=redemptions)
