"""How claims and answers look between Python and the Lua scripts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import ormsgpack

from connectors.profile import Profile
from ml.store import CAP, STRONG_LINKS, WINDOW, Link, identifiers

NEAR = 250
"""Twice as many accounts are looked at for each strong identifier of the claimant, those around it
in order of sign-up; for each identifier of these, twice :data:`ml.store.WINDOW`."""

MOST_ACCOUNTS = 2_000
"""A cluster is looked at up to this size, the directly linked first: what bounds a claim's cost."""

NEWEST_REDEMPTIONS = 500
"""Of each account its newest redemptions are searched for the code."""

ANSWER_KEPT_S = 24 * 3600
"""How long the same idempotency key gets the same answer."""

_BOUNDS = {
    "strong": [link.value for link in STRONG_LINKS],
    "near": NEAR,
    "window": WINDOW,
    "most": MOST_ACCOUNTS,
    "newest": NEWEST_REDEMPTIONS,
    "named": CAP,
    "kept_ms": ANSWER_KEPT_S * 1000,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One client's claim, to be decided.

    Attributes:
        client, key: under which the answer is kept: the API client's name, its idempotency key.
        digest: of the whole request; the same key stands for one request only.
        user_id, canonical_code: who wants to redeem what.
        limit: how many redemptions of the code one person may have, at least 1.
        ttl_s: after so many seconds a claim that no redemption followed ends.
        attempt_id: its own, hexadecimal; the claim's if it is granted.
        told: what the account says of itself; counts while the stream has not seen it.
        refused: whether the risk denies it whatever slots there are.
        said: the verdict, kept with the answer as it is.
        is_trial: only asked what would be decided now; nothing is reserved, and nothing kept.
    """

    client: str
    key: str
    digest: str
    user_id: str
    canonical_code: str
    limit: int
    ttl_s: int
    attempt_id: str
    told: Profile | None
    refused: bool
    said: str
    is_trial: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """The next account on the way from a claimant to another, and what it shares with the last."""

    user_id: str
    through: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """An account of the claimant's cluster that has some of the code's slots.

    Attributes:
        user_id: who; the claimant itself where ``path`` is empty.
        path: from the claimant to it, one step or two.
        since_us: since when all on the way exist, microseconds since 1970.
        redemptions: how often it redeemed the code.
        last_redeemed_at_us: the newest of these, None without any.
        claims: its open claims that no redemption has used up.
        claimed_at_us: the newest of these, None without any.
    """

    user_id: str
    path: tuple[Step, ...]
    since_us: int
    redemptions: int
    last_redeemed_at_us: int | None
    claims: int
    claimed_at_us: int | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about an attempt.

    Attributes:
        digest: of the request that it answers.
        attempt_id: of the attempt that was decided.
        granted: whether it got a slot.
        used: slots that its cluster used before.
        decided_at_us: by Redis's clock.
        expires_at_us: when the claim ends, None where none was granted.
        limit: that held.
        accounts: size of the cluster as far as it was looked at, the claimant included.
        holders: who had slots before, the nearest first, at most :data:`ml.store.CAP`.
        said: the verdict it was decided with.
        own: of the slots used before, the claimant's own.
    """

    digest: str
    attempt_id: str
    granted: bool
    used: int
    decided_at_us: int
    expires_at_us: int | None
    limit: int
    accounts: int
    holders: tuple[Holder, ...]
    said: str
    own: int = 0


class Ending(StrEnum):
    """How a claim that was granted came to its end."""

    EXPIRED = "expired"
    RELEASED = "released"
    USED = "used"


def record_key(client: str, key: str) -> str:
    """Where the answer to a client's idempotency key is kept; no client's name has a colon."""
    return f"claim-key:{client}:{key}"


def attempt(asked: Attempt) -> bytes:
    """The argument of ``claim.lua``."""
    return ormsgpack.packb(
        {
            **_BOUNDS,
            "record": record_key(asked.client, asked.key),
            "digest": asked.digest,
            "user": asked.user_id,
            "code": asked.canonical_code,
            "limit": asked.limit,
            "ttl_ms": asked.ttl_s * 1000,
            "attempt": asked.attempt_id,
            "told": _told(asked.told),
            "refused": asked.refused,
            "said": asked.said,
            "is_trial": asked.is_trial,
        }
    )


def ending(user_id: str, claim_id: str) -> bytes:
    """The argument of ``release.lua``."""
    return ormsgpack.packb({"user": user_id, "claim": claim_id, "newest": NEWEST_REDEMPTIONS})


def standing(user_id: str, canonical_code: str, granted: Decision) -> bytes:
    """The argument of ``standing.lua``."""
    return ormsgpack.packb(
        {
            "user": user_id,
            "code": canonical_code,
            "claim": granted.attempt_id,
            "before": granted.own,
            "expiry": (granted.expires_at_us or 0) // 1000,
            "newest": NEWEST_REDEMPTIONS,
        }
    )


def decision(record: bytes) -> Decision:
    """Read what ``claim.lua`` returned or kept."""
    (
        digest,
        attempt_id,
        granted,
        used,
        decided_at,
        expires_at,
        limit,
        accounts,
        holders,
        said,
        *own,
    ) = ormsgpack.unpackb(record)
    return Decision(
        digest=digest,
        attempt_id=attempt_id,
        granted=granted,
        used=used,
        decided_at_us=_us(decided_at),
        expires_at_us=_us(expires_at) if granted else None,
        limit=limit,
        accounts=accounts,
        holders=tuple(_holder(*one) for one in holders),
        said=said,
        # One that was kept by the version before does not tell: all that its cluster used.
        own=own[0] if own else used * granted,
    )


def _told(profile: Profile | None) -> list[Any] | bool:
    if profile is None:
        return False
    strong = [
        [link.value, hashed]
        for link, hashed in identifiers(profile).items()
        if link in STRONG_LINKS
    ]
    return [profile.created_at_us, strong]


def _holder(
    user_id: str,
    path: Sequence[tuple[str, Sequence[str]]],
    since_us: int,
    redemptions: int,
    last: int | bool,
    claims: int,
    claimed_at: int | bool,
) -> Holder:
    return Holder(
        user_id=user_id,
        path=tuple(Step(user, tuple(map(Link, links))) for user, links in path),
        since_us=since_us,
        redemptions=redemptions,
        last_redeemed_at_us=None if last is False else int(last),
        claims=claims,
        claimed_at_us=_us(claimed_at) if claimed_at else None,
    )


def _us(milliseconds: int) -> int:
    return milliseconds * 1000
