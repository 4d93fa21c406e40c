"""Random histories of few accounts and few identifiers, so that they collide.

A history is a list of changes as PostgreSQL would commit them: each row's versions grow, a
change that moves a redemption names the account it belonged to, a delete names the last one.
A code is defined once and stays: later terms change no verdict and make nobody score again.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from hypothesis import strategies as st

from connectors.events import (
    Authority,
    Change,
    CodeDefined,
    Erased,
    Forgotten,
    IdentifierDecided,
    IgnoredLink,
    Labelled,
    LinksDecided,
    Origin,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    Said,
    Updated,
)
from connectors.identifier_decisions import KINDS
from connectors.profile import Profile
from ml.store import HOUR_US
from tests.unit.ml.builders import NOON_US

USERS = tuple("abcdefgh")
CODES = ("SPRING", "SUMMER")
WRITINGS = ("SPRING", "spring ", "SUMMER", "Summer\u200b")
SPANS_US = (0, 1, HOUR_US, HOUR_US + 1, 24 * HOUR_US, 24 * HOUR_US + 1, 100 * HOUR_US)
"""Sign-ups and redemptions happen these spans after noon: on and beside every boundary."""

moments = st.sampled_from(SPANS_US).map(lambda span: NOON_US + span)
labels = st.sampled_from((None, False, True))
shared = st.sampled_from((None, "x", "x", "y"))


@st.composite
def profiles(draw: st.DrawFn, user_id: str) -> Profile:
    """A profile whose identifiers others are likely to have too."""
    return Profile(
        user_id=user_id,
        created_at_us=draw(moments),
        device=draw(shared),
        phone=draw(shared),
        canonical_email=draw(shared),
        ip=draw(shared),
        network=draw(shared),
        agent=draw(shared),
        phone_shape=draw(st.sampled_from((None, "1:911", "0:910"))),
        email_domain=draw(st.sampled_from(("example.com", "firm.example", "a.firm.example"))),
        is_email_verified=draw(labels),
        is_phone_verified=draw(labels),
    )


@dataclass
class _Shop:
    """The current rows, so that every drawn change is one that a database could commit."""

    version: int = 0
    registered: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    labels: dict[str, bool | None] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    undefined: list[str] = field(default_factory=lambda: list(CODES))

    def origin(self) -> Origin:
        self.version += 1
        return Origin(self.version, 0)

    def seen(self, draw: st.DrawFn, user_id: str) -> int:
        """Which version of a row an analyst saw: its newest, or one that was older."""
        return draw(st.sampled_from((self.rows.get(user_id, 0), self.rows.get(user_id, 0), 0)))


@st.composite
def histories(draw: st.DrawFn, longest: int = 30) -> list[Change]:
    """Whatever can happen to rows, and whatever people and measurement say of them."""
    shop = _Shop()
    makers = (
        *(_account, _redemption, _verification) * 3,
        *(_code, _label, _links, _forgotten, _word),
    )
    count = draw(st.integers(1, longest))
    return [draw(st.sampled_from(makers))(draw, shop) for _ in range(count)]


def _account(draw: st.DrawFn, shop: _Shop) -> Change:
    user_id, origin = draw(st.sampled_from(USERS)), shop.origin()
    shop.rows[user_id] = origin.version
    if user_id not in shop.registered:
        shop.registered.add(user_id)
        shop.profiles[user_id], shop.labels[user_id] = draw(profiles(user_id)), draw(labels)
        return Registered(shop.profiles[user_id], shop.labels[user_id], origin)
    if draw(st.integers(0, 4)) == 0:
        shop.registered.discard(user_id)
        return Erased(user_id, origin)
    shop.profiles[user_id], shop.labels[user_id] = draw(profiles(user_id)), draw(labels)
    return Updated(shop.profiles[user_id], shop.labels[user_id], origin)


def _verification(draw: st.DrawFn, shop: _Shop) -> Change:
    """Somebody verifies a contact, or does so no longer, and nothing else changes."""
    if not shop.registered:
        return _account(draw, shop)
    user_id, origin = draw(st.sampled_from(sorted(shop.registered))), shop.origin()
    shop.rows[user_id] = origin.version
    shop.profiles[user_id] = replace(
        shop.profiles[user_id], is_email_verified=draw(labels), is_phone_verified=draw(labels)
    )
    return Updated(shop.profiles[user_id], shop.labels[user_id], origin)


def _redemption(draw: st.DrawFn, shop: _Shop) -> Change:
    usage_id, origin = draw(st.integers(1, 10)), shop.origin()
    owner = shop.owners.get(usage_id)
    if owner is not None and draw(st.integers(0, 3)) == 0:
        del shop.owners[usage_id]
        return RedemptionWithdrawn(usage_id, owner, origin)
    user_id = draw(st.sampled_from(USERS))
    shop.owners[usage_id] = user_id
    return Redeemed(
        usage_id=usage_id,
        user_id=user_id,
        promo_code=draw(st.sampled_from(WRITINGS)),
        used_at_us=draw(moments),
        used_promo=draw(st.sampled_from((True, True, None, False))),
        origin=origin,
        previous_user_id=owner if owner != user_id else None,
    )


def _code(draw: st.DrawFn, shop: _Shop) -> Change:
    if not shop.undefined:
        return _redemption(draw, shop)
    value = Decimal(draw(st.integers(1, 3)))
    code = shop.undefined.pop()
    writing = draw(st.sampled_from((code, code.lower(), f" {code}")))
    return CodeDefined(writing, "fixed_amount", value, None, shop.origin())


def _label(draw: st.DrawFn, shop: _Shop) -> Change:
    user_id = draw(st.sampled_from(USERS))
    return Labelled(user_id, draw(labels), shop.origin(), shop.seen(draw, user_id))


def _links(draw: st.DrawFn, shop: _Shop) -> Change:
    user_id, *others = draw(st.permutations(USERS))
    ignored = tuple(
        IgnoredLink(
            other,
            draw(st.sampled_from((None, "device", "ip", "phone", "domain"))),
            about=shop.seen(draw, other),
        )
        for other in others[: draw(st.integers(0, 2))]
    )
    return LinksDecided(user_id, ignored, shop.origin(), shop.seen(draw, user_id))


def _forgotten(draw: st.DrawFn, shop: _Shop) -> Change:
    return Forgotten(draw(st.sampled_from(USERS)), draw(st.sampled_from(Said)), shop.origin())


def _word(draw: st.DrawFn, shop: _Shop) -> Change:
    return IdentifierDecided(
        draw(st.sampled_from(KINDS)),
        draw(st.sampled_from(("x", "y"))),
        draw(st.sampled_from(Authority)),
        draw(st.sampled_from((False, False, True, None))),
        shop.origin(),
    )
