"""The risk that registrations would have: the stream's own steps, with nothing written."""

import asyncio
from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from api.metrics import ApiMetrics
from api.schemas.registration import ScoreRequest
from connectors.columns import microseconds
from connectors.errors import PoisonMessage
from connectors.profile import Hasher, Profile, profile
from ml.scorer import Judge, Risk, score
from ml.store import CAP, CodeTerms, Neighbourhood, Redemption
from stream_processors.feature_store.redis_store import RedisStore
from stream_processors.scoring.running_judge import RunningJudge

AT_ONCE = 200
"""Registrations in one call of the store, as in a batch of the stream: nobody else is answered
while it thinks, 60 ms where everybody has a full neighbourhood."""

_NEWEST_USAGE = 2**63 - 1
"""Stands for the identity that PostgreSQL has not given yet: greater than all before it."""

T = TypeVar("T")


class Assessor:
    """Judges registrations among the accounts that are known now. Reads only."""

    def __init__(
        self,
        store: RedisStore,
        hashed: Hasher,
        judge: RunningJudge,
        metrics: ApiMetrics,
    ) -> None:
        self._store, self._hashed, self._judge = store, hashed, judge
        self._metrics = metrics

    async def assess(self, asked: Sequence[ScoreRequest]) -> list[Risk | PoisonMessage]:
        """Judge each registration as if it alone were added; all by one judge.

        Returns:
            One risk for each, in order, or how it breaks the table's contract.

        Raises:
            DependencyDown: Redis does not answer.
        """
        judge = self._judge.current()
        with self._metrics.scoring("profile"):
            made = await _aside(lambda: [_profile(one, self._hashed) for one in asked], len(asked))
        pairs = [(one, p) for one, p in zip(asked, made, strict=True) if isinstance(p, Profile)]
        risks: list[Risk] = []
        for start in range(0, len(pairs), AT_ONCE):
            part = pairs[start : start + AT_ONCE]
            risks += await self._judged([one for one, _ in part], [p for _, p in part], judge)
        found = iter(risks)
        return [one if isinstance(one, PoisonMessage) else next(found) for one in made]

    async def _judged(
        self, asked: Sequence[ScoreRequest], accounts: Sequence[Profile], judge: Judge
    ) -> list[Risk]:
        redemptions = [_redemption(one, self._hashed) for one in asked]
        with self._metrics.scoring("store"):
            answer = await self._store.exchange((), (), hypothetical=accounts)
            terms = await self._store.code_terms(
                {one.canonical_code for one in redemptions if one is not None}
            )
        found = [known.neighbourhood for known in answer.subjects]
        with self._metrics.scoring("judge"):
            return await _aside(lambda: _scored(redemptions, found, terms, judge), len(asked))


async def _aside(work: Callable[[], T], accounts: int) -> T:
    """Work on many in a thread, so that others are answered meanwhile; for one it costs more."""
    return work() if accounts == 1 else await asyncio.to_thread(work)


def _profile(asked: ScoreRequest, hashed: Hasher) -> Profile | PoisonMessage:
    try:
        return profile(asked.registration.row(), hashed)
    except PoisonMessage as poison:
        return poison


def _redemption(asked: ScoreRequest, hashed: Hasher) -> Redemption | None:
    """What a registration redeems at once, None if it does not."""
    first = asked.redemption
    if first is None or not first.counted:
        return None
    canonical = hashed.conventions.canonical_code(first.promo_code)
    return new_redemption(microseconds(first.used_at), canonical)


def new_redemption(used_at_us: int, canonical_code: str) -> Redemption:
    """A redemption that PostgreSQL has not seen yet."""
    return Redemption(used_at_us, _NEWEST_USAGE, canonical_code)


def _scored(
    redemptions: Sequence[Redemption | None],
    found: Sequence[Neighbourhood | None],
    terms: Mapping[str, CodeTerms],
    judge: Judge,
) -> list[Risk]:
    pairs = zip(redemptions, found, strict=True)
    arounds = [_around(redemption, around, terms) for redemption, around in pairs]
    return score(arounds, judge)


def _around(
    redemption: Redemption | None, found: Neighbourhood | None, terms: Mapping[str, CodeTerms]
) -> Neighbourhood:
    assert found is not None  # of a hypothetical account the store answers as if it were there
    if redemption is None:
        return found
    return with_redemption(found, redemption, terms.get(redemption.canonical_code))


def with_redemption(
    around: Neighbourhood, redemption: Redemption, terms: CodeTerms | None
) -> Neighbourhood:
    """A neighbourhood in which its account redeems one more code. Pure.

    A redemption that is there already (the same code at the same time) is not added again.
    """
    code, used_at_us = redemption.canonical_code, redemption.used_at_us
    if any((r.canonical_code, r.used_at_us) == (code, used_at_us) for r in around.redemptions):
        return around
    redemptions = list(around.redemptions)
    insort(redemptions, redemption)
    kept = tuple(redemptions[:CAP])
    counts = any(r.canonical_code == code for r in kept)
    return replace(
        around,
        redemptions=kept,
        last_redeemed_at_us=max(used_at_us, around.last_redeemed_at_us or used_at_us),
        codes={**around.codes, code: terms} if terms and counts else around.codes,
    )
