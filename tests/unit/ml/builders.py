"""Builders of what the ml core takes: only what a test is about has to be said."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from connectors.events import (
    Authority,
    CodeDefined,
    CodeWithdrawn,
    Erased,
    IdentifierDecided,
    IgnoredLink,
    Labelled,
    LinksDecided,
    Origin,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    Updated,
)
from connectors.profile import Profile
from ml.store import HOUR_US, CodeTerms, Link, LinkedAccount, Neighbourhood, Redemption

MINUTE_US = 60_000_000
NOON_US = 1_700_000_000_000_000
"""A moment in November 2023 from which tests count."""


def at(hours: float) -> int:
    """The moment so many hours after :data:`NOON_US`."""
    return NOON_US + round(hours * HOUR_US)


def account(user_id: str = "anna", hours: float = 0, **facts: object) -> Profile:
    """A profile that signed up ``hours`` after noon."""
    return replace(Profile(user_id, at(hours)), **facts)  # type: ignore[arg-type]


def registered(profile: Profile, label: bool | None = None, version: int = 1) -> Registered:
    """The registration of a profile."""
    return Registered(profile, label, Origin(version, 0))


def updated(profile: Profile, label: bool | None = None, version: int = 2) -> Updated:
    """A change of an account's row."""
    return Updated(profile, label, Origin(version, 0))


def erased(user_id: str = "anna", version: int = 9) -> Erased:
    """The deletion of an account's row."""
    return Erased(user_id, Origin(version, 0))


def labelled(user_id: str = "anna", label: bool | None = True, version: int = 5) -> Labelled:
    """An analyst's word."""
    return Labelled(user_id, label, Origin(version, 0))


def said_of(
    hashed: str = "d",
    identifies: bool | None = False,
    authority: Authority = Authority.MEASUREMENT,
    version: int = 5,
    kind: Link = Link.DEVICE,
) -> IdentifierDecided:
    """A word on whether an identifier identifies anybody."""
    return IdentifierDecided(kind.value, hashed, authority, identifies, Origin(version, 0))


def links_decided(
    user_id: str = "anna", *ignored: tuple[str, str | None], version: int = 5
) -> LinksDecided:
    """All of an account's false links: who, and through what."""
    links = tuple(IgnoredLink(other, through) for other, through in ignored)
    return LinksDecided(user_id, links, Origin(version, 0))


def redeemed(
    user_id: str = "anna",
    code: str = "SPRING",
    hours: float = 1,
    usage_id: int = 1,
    version: int = 1,
    used: bool | None = True,
    previous: str | None = None,
) -> Redeemed:
    """A redemption, or an attempt where ``used`` is false."""
    return Redeemed(usage_id, user_id, code, at(hours), used, Origin(version, 0), previous)


def withdrawn(user_id: str = "anna", usage_id: int = 1, version: int = 9) -> RedemptionWithdrawn:
    """The deletion of a redemption's row."""
    return RedemptionWithdrawn(usage_id, user_id, Origin(version, 0))


def code_defined(
    code: str = "SPRING",
    kind: str | None = "fixed_amount",
    value: str = "10",
    minimum: str | None = "50",
    version: int = 1,
) -> CodeDefined:
    """The definition of a promo code."""
    least = None if minimum is None else Decimal(minimum)
    return CodeDefined(code, kind, Decimal(value), least, Origin(version, 0))


def code_withdrawn(code: str = "SPRING", version: int = 9) -> CodeWithdrawn:
    """The deletion of a promo code's row."""
    return CodeWithdrawn(code, Origin(version, 0))


def terms(kind: str | None, value: str | None, minimum: str | None = None) -> CodeTerms:
    """A code's terms."""
    numbers = [None if text is None else Decimal(text) for text in (value, minimum)]
    return CodeTerms(kind, *numbers)


def redemption(code: str = "SPRING", hours: float = 1, usage_id: int = 1) -> Redemption:
    """A counted redemption."""
    return Redemption(at(hours), usage_id, code)


def neighbour(
    user_id: str = "ben",
    hours: float = 0,
    label: bool | None = None,
    redemptions: tuple[Redemption, ...] = (),
) -> LinkedAccount:
    """A linked account."""
    return LinkedAccount(user_id, at(hours), label, redemptions)


def neighbours(count: int, hours: float = 0) -> tuple[LinkedAccount, ...]:
    """``count`` linked accounts that signed up at the same moment."""
    return tuple(neighbour(f"n{number:02}", hours) for number in range(count))


def neighbourhood(
    profile: Profile | None = None,
    redemptions: tuple[Redemption, ...] = (),
    codes: dict[str, CodeTerms] | None = None,
    *,
    links: Mapping[Link, tuple[LinkedAccount, ...]] | None = None,
    **linked: tuple[LinkedAccount, ...],
) -> Neighbourhood:
    """A neighbourhood; ``linked`` by kind of identifier: ``device=(neighbour(),)``."""
    return Neighbourhood(
        profile=profile or account(),
        redemptions=redemptions,
        last_redeemed_at_us=redemptions[-1].used_at_us if redemptions else None,
        linked={**(links or {}), **{Link(kind): accounts for kind, accounts in linked.items()}},
        codes=codes or {},
    )
