"""People who claim codes: registrations, and the stream's knowledge of them."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

from api.schemas.claim import Claim
from api.schemas.registration import Registration
from connectors.events import (
    Change,
    CodeDefined,
    CodeWithdrawn,
    Labelled,
    LinksDecided,
    Origin,
    Redeemed,
    Registered,
    Updated,
)
from connectors.events import IgnoredLink as Ignored
from connectors.profile import hasher_of, profile
from connectors.settings import Settings
from stream_processors.feature_store.redis_store import connect
from stream_processors.feature_store.wire import Sourced

FAR_APART = timedelta(days=400)
"""So far apart in sign-up two accounts may share everything and none is a risk."""

_usages, _versions = count(1), count(1)
_numbers = count(0)


def person(user_id: str, number: int | None = None, **facts: Any) -> dict[str, Any]:
    """A registration that shares nothing but ``facts``, far from those of other numbers."""
    number = next(_numbers) % 40 if number is None else number
    return {
        "user_id": user_id,
        "created_at": (datetime(1980, 1, 1, tzinfo=UTC) + number * FAR_APART).isoformat(),
        **facts,
    }


def profile_change(settings: Settings, row: Mapping[str, Any], is_update: bool = False) -> Change:
    """The stream's word of a registration."""
    hashed = hasher_of(settings)
    known = profile(Registration.model_validate(row).row(), hashed)
    origin = Origin(next(_versions), 0)
    return Updated(known, None, origin) if is_update else Registered(known, None, origin)


def redemption(user_id: str, code: str) -> Change:
    """The stream's word of a redemption, of now."""
    now_us = int(datetime.now(UTC).timestamp() * 1_000_000)
    return Redeemed(next(_usages), user_id, code, now_us, True, Origin(next(_versions), 0))


def defined(code: str) -> CodeDefined:
    """The stream's word of a promo code; its terms do not matter."""
    return CodeDefined(code, None, None, None, Origin(next(_versions), 0))


def undefined(code: str) -> Change:
    """The stream's word that a promo code is no more."""
    return CodeWithdrawn(code, Origin(next(_versions), 0))


def label(user_id: str, is_abuser: bool) -> Change:
    """An analyst's word."""
    return Labelled(user_id, is_abuser, Origin(next(_versions), 0))


def false_links(user_id: str, *links: tuple[str, str | None]) -> Change:
    """All links of an account that an analyst declared false."""
    ignored = tuple(Ignored(other, through) for other, through in links)
    return LinksDecided(user_id, ignored, Origin(next(_versions), 0))


def streamed(settings: Settings, *changes: Change) -> None:
    """Have the store know what the stream says."""

    async def run() -> None:
        store = connect(settings)
        for start in range(0, len(changes), 500):
            batch = [Sourced(change, "tests-0") for change in changes[start : start + 500]]
            await store.exchange(batch, ())
        await store.close()

    asyncio.run(run())


def sent(
    api: httpx.Client,
    user_id: str,
    code: str = "SPRING",
    key: str | None = None,
    row: Mapping[str, Any] | None = None,
) -> httpx.Response:
    """A claim as a checkout sends it."""
    body = {"user_id": user_id, "promo_code": code, **told(row)}
    headers = {"Idempotency-Key": uuid4().hex if key is None else key}
    return api.post("/v1/redemptions/claim", json=body, headers=headers)


def claimed(
    api: httpx.Client,
    user_id: str,
    code: str = "SPRING",
    row: Mapping[str, Any] | None = None,
) -> Claim:
    """What a checkout is answered."""
    answer = sent(api, user_id, code, row=row)
    assert answer.status_code == httpx.codes.OK, answer.text
    return Claim.model_validate_json(answer.content)


def released(api: httpx.Client, user_id: str, claim_id: str | None) -> bool:
    """Whether a release ended something."""
    body = {"user_id": user_id, "claim_id": claim_id}
    answer = api.post("/v1/redemptions/release", json=body)
    assert answer.status_code == httpx.codes.OK, answer.text
    return bool(answer.json()["released"])


def told(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """A claim's registration, if there is one: the row's fields without whose they are."""
    return {"registration": {k: v for k, v in row.items() if k != "user_id"}} if row else {}
