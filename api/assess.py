"""The risk that a registration would have: the stream's own steps, with nothing written."""

from bisect import insort
from dataclasses import replace

from api.schemas.registration import FirstRedemption, ScoreRequest
from connectors.columns import microseconds
from connectors.profile import Hasher, profile
from ml.scorer import Judge, Risk, score
from ml.store import CAP, CodeTerms, Neighbourhood, Redemption
from stream_processors.feature_store.redis_store import RedisStore

_NEWEST_USAGE = 2**63 - 1
"""Stands for the identity that PostgreSQL has not given yet: greater than all before it."""


async def assess(asked: ScoreRequest, store: RedisStore, hashed: Hasher, judge: Judge) -> Risk:
    """Judge a registration among the accounts that are known now. Reads only.

    Raises:
        PoisonMessage: the registration breaks the table's contract.
        DependencyDown: Redis does not answer.
    """
    account = profile(asked.registration.row(), hashed)
    answer = await store.exchange((), (), hypothetical=(account,))
    (known,) = answer.subjects
    around = known.neighbourhood
    assert around is not None  # the store answers about a hypothetical account as if it were there
    if asked.redemption is not None and asked.redemption.counted:
        terms = await store.code_terms(asked.redemption.promo_code)
        around = with_redemption(around, asked.redemption, terms)
    (risk,) = score([around], judge)
    return risk


def with_redemption(
    around: Neighbourhood, redemption: FirstRedemption, terms: CodeTerms | None
) -> Neighbourhood:
    """A neighbourhood in which its account redeems one more code. Pure.

    A redemption that is there already (the same code at the same time) is not added again.
    """
    code, used_at_us = redemption.promo_code, microseconds(redemption.used_at)
    if any((r.promo_code, r.used_at_us) == (code, used_at_us) for r in around.redemptions):
        return around
    redemptions = list(around.redemptions)
    insort(redemptions, Redemption(used_at_us, _NEWEST_USAGE, code))
    kept = tuple(redemptions[:CAP])
    counts = any(r.promo_code == code for r in kept)
    return replace(
        around,
        redemptions=kept,
        last_redeemed_at_us=max(used_at_us, around.last_redeemed_at_us or used_at_us),
        codes={**around.codes, code: terms} if terms and counts else around.codes,
    )
