"""A shop whose every account tells everything, and whose abusers are odd in one thing each."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from connectors.events import Redeemed
from connectors.profile import Profile
from ml.training.history import History, history_of
from tests.unit.ml.builders import account, redeemed, registered

ACCOUNTS, ABUSERS = 1_200, 100

FACTS: dict[str, tuple[str, ...]] = {
    "phone": ("phone", "phone_shape", "is_phone_verified"),
    "e-mail": ("email", "canonical_email", "email_domain", "email_is_alias", "is_email_verified"),
    "first name": ("first_name_case",),
    "last name": ("last_name_case",),
    "date of birth": ("birth_year",),
    "device": ("device",),
    "IP address": ("ip", "network", "ip_is_private"),
    "user agent": ("user_agent_family", "agent"),
    "time zone": ("timezone",),
}
"""What a registration may leave out, and what a profile then lacks."""


@dataclass(frozen=True)
class Without:
    """A share of the accounts leaves out facts: the first so many abusers and honest ones."""

    facts: tuple[str, ...] = ()
    abusers: int = 0
    honest: int = 0


def lacking(*facts: str) -> dict[str, None]:
    """The fields of a profile that is without some of :data:`FACTS`."""
    return {field: None for fact in facts for field in FACTS[fact]}


def ordinary(user_id: str = "anna", /, **facts: object) -> Profile:
    """An account like most."""
    usual: dict[str, object] = {
        "email": f"{user_id}'s e-mail",
        "canonical_email": f"{user_id}'s mailbox",
        "phone": f"{user_id}'s phone",
        "device": f"{user_id}'s device",
        "ip": f"{user_id}'s address",
        "network": f"{user_id}'s network",
        "is_email_verified": True,
        "is_phone_verified": True,
        "email_domain": "example.com",
        "email_is_alias": False,
        "phone_shape": "1:911",
        "first_name_case": "title",
        "last_name_case": "title",
        "birth_year": 1985,
        "ip_is_private": False,
        "user_agent_family": "Firefox",
        "timezone": "UTC",
        "hour": 12,
        "agent": "a build",
    }
    return replace(account(user_id), **{**usual, **facts})  # type: ignore[arg-type]


def _odd(number: int) -> dict[str, object]:
    case = ("lower", "upper", "mixed")[number % 3]
    kinds: tuple[dict[str, object], ...] = (
        {"phone_shape": f"0:9{number}"},
        {"email_domain": f"throwaway{number}.example"},
        {"first_name_case": case, "last_name_case": case},
        {"birth_year": 1920},
        {"user_agent_family": f"robot {number}"},
    )
    return kinds[number % len(kinds)]


def telling_shop(without: Without = Without()) -> History:
    """Everybody redeems hours after the sign-up; an abuser is odd unless it leaves facts out."""
    profiles = list(_profiles(without))
    return history_of(
        (registered(one, number < ABUSERS) for number, one in enumerate(profiles)),
        _redemptions(profiles),
    )


def _profiles(without: Without) -> Iterator[Profile]:
    dice = random.Random(11)
    for number in range(ACCOUNTS):
        is_abuser = number < ABUSERS
        silent = number < without.abusers or 0 <= number - ABUSERS < without.honest
        facts: dict[str, object] = {
            "birth_year": dice.randrange(1950, 2004),
            "hour": dice.randrange(24),
            "is_email_verified": dice.random() < 0.6,
            "is_phone_verified": dice.random() < 0.7,
        }
        if is_abuser and not silent:
            facts |= _odd(number)
        if silent:
            facts |= lacking(*without.facts)
        yield ordinary(f"u{number:03}", **facts)


def _redemptions(profiles: list[Profile]) -> Iterator[Redeemed]:
    return (
        redeemed(one.user_id, code=f"C{number % 7}", hours=5 + number, usage_id=number)
        for number, one in enumerate(profiles)
    )
