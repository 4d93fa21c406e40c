"""One redemption per person, decided before it happens: by the risk, and by the slots left."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson

from api.assess import new_redemption, with_redemption
from api.claim_codes import ClaimCodes
from api.claim_limits import ClaimLimits
from api.metrics import ApiMetrics, ClaimOutcome
from api.problems import Refused, Trouble
from api.schemas.claim import ClaimRequest
from api.schemas.problem import Kind
from connectors.moments import iso
from connectors.profile import Hasher, Profile, profile
from ml.policy import Action
from ml.scorer import Judge, Risk, score
from stream_processors.feature_store.claim_wire import Attempt, Decision, Ending, Holder
from stream_processors.feature_store.claims import Claims
from stream_processors.feature_store.redis_store import RedisStore
from stream_processors.scoring.documents import verdict_document

_SAID = ("score", "level", "action", "reasons", "model_version")
_NO_REGISTRATION = (
    "The stream has not seen this account yet. Send its registration's fields with the claim, in"
    " `registration`."
)
_OTHER_REQUEST = (
    "This Idempotency-Key was used for another request. Take a new one for a new claim."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim as a client sent it.

    Attributes:
        client: the API client's name.
        key: its idempotency key.
        body: what it sent.
        now_us: when, microseconds since 1970.
    """

    client: str
    key: str
    body: ClaimRequest
    now_us: int


class Claiming:
    """Answers claims; see :class:`stream_processors.feature_store.claims.Claims` for what lasts."""

    def __init__(
        self,
        store: RedisStore,
        hashed: Hasher,
        judge: Callable[[], Judge],
        limits: ClaimLimits,
        codes: ClaimCodes,
        ttl_s: int,
        metrics: ApiMetrics,
    ) -> None:
        self._store, self._hashed, self._judge = store, hashed, judge
        self._limits, self._codes = limits, codes
        self._ttl_s, self._metrics = ttl_s, metrics
        self._claims = Claims(store)

    async def claim(self, asked: Asked) -> dict[str, Any]:
        """The answer, :class:`api.schemas.claim.Claim`; for a day the same one for the same key.

        Of a claim that has ended meanwhile it says so, and what would be decided now.

        Raises:
            Refused: the key was used for another request, the account is unknown and its
                registration was not sent, or the code is empty or unknown.
            PoisonMessage: the registration breaks the table's contract.
            DependencyDown: Redis does not answer.
        """
        digest = self._hashed("claim", asked.body.model_dump_json())
        decision = await self._claims.answered(asked.client, asked.key)
        if decision is None:
            await self._codes.check(asked.body.promo_code)
            decision, is_new = await self._decide(asked, digest)
        else:
            is_new = False
        if decision.digest != digest:
            self._metrics.claimed("conflict")
            raise Refused(Trouble(Kind.CONFLICT, _OTHER_REQUEST))
        answer = document(asked.body, decision)
        self._metrics.claimed(outcome(answer) if is_new else "repeated")
        if is_new or not decision.granted:
            return answer
        code = self._codes.conventions.canonical_code(asked.body.promo_code)
        ended = await self._claims.ended(asked.body.user_id, code, decision)
        if ended is None:
            return answer
        again, _ = await self._decide(asked, digest, is_trial=True)
        return ended_document(answer, document(asked.body, again), ended)

    async def release(self, user_id: str, claim_id: str) -> bool:
        """End an open claim; False if there was none to end."""
        return await self._claims.release(user_id, claim_id)

    async def _decide(
        self, asked: Asked, digest: str, is_trial: bool = False
    ) -> tuple[Decision, bool]:
        """What was decided, and whether it was by this very call; a trial reserves nothing."""
        told, code = (
            self._told(asked.body),
            self._codes.conventions.canonical_code(asked.body.promo_code),
        )
        risk = await self._risk(asked, told, code)
        attempt_id = uuid4().hex
        verdict = verdict_document(risk, scored_at_us=asked.now_us)
        said = {name: verdict[name] for name in _SAID}
        decision = await self._claims.claim(
            Attempt(
                client=asked.client,
                key=asked.key,
                digest=digest,
                user_id=asked.body.user_id,
                canonical_code=code,
                limit=self._limits.limit(code),
                ttl_s=self._ttl_s,
                attempt_id=attempt_id,
                told=told,
                refused=risk.action is Action.DENY,
                said=orjson.dumps(said).decode(),
                is_trial=is_trial,
            )
        )
        if decision is None:  # it was erased since its risk was taken
            raise Refused(Trouble(Kind.ACCOUNT_UNKNOWN, _NO_REGISTRATION))
        return decision, decision.attempt_id == attempt_id

    def _told(self, body: ClaimRequest) -> Profile | None:
        if body.registration is None:
            return None
        return profile(body.registration.of(body.user_id).row(), self._hashed)

    async def _risk(self, asked: Asked, told: Profile | None, code: str) -> Risk:
        """The risk that the account has once it redeems the code now."""
        user_id = asked.body.user_id
        answer = await self._store.exchange((), (user_id,), hypothetical=(told,) if told else ())
        around = next((one.neighbourhood for one in answer.subjects if one.neighbourhood), None)
        if around is None:
            raise Refused(Trouble(Kind.ACCOUNT_UNKNOWN, _NO_REGISTRATION))
        redeeming = with_redemption(around, new_redemption(asked.now_us, code), None)
        (risk,) = score([redeeming], self._judge())
        return risk


def document(body: ClaimRequest, decision: Decision) -> dict[str, Any]:
    """An answer as :class:`api.schemas.claim.Claim`. Pure: a repeated one is the same."""
    said = orjson.loads(decision.said)
    expires_at = decision.expires_at_us
    return {
        **said,
        "claim_id": decision.attempt_id if decision.granted else None,
        "user_id": body.user_id,
        "promo_code": body.promo_code,
        "granted": decision.granted,
        "action": said["action"] if decision.granted else Action.DENY,
        "denied_by": _denied_by(decision),
        "limit": decision.limit,
        "cluster_size": decision.accounts,
        "evidence": [_holder(holder) for holder in decision.holders],
        "decided_at": iso(decision.decided_at_us),
        "expires_at": None if expires_at is None else iso(expires_at),
        "ended": None,
    }


def ended_document(first: dict[str, Any], again: dict[str, Any], ended: Ending) -> dict[str, Any]:
    """The answer for a claim that was granted and has ended. Pure.

    Args:
        first: what was answered while it was open.
        again: what would be decided now. Where that is a new slot it is not reserved, so nobody
            is allowed anything by it.
        ended: how it ended.
    """
    action = Action.CHALLENGE if again["action"] == Action.ALLOW else again["action"]
    kept = {name: first[name] for name in ("claim_id", "granted", "expires_at")}
    return {**again, **kept, "action": action, "ended": ended}


def outcome(answer: dict[str, Any]) -> ClaimOutcome:
    """An answer as it is counted. Pure."""
    match answer["denied_by"], answer["action"]:
        case "limit", _:
            return "denied-by-limit"
        case "risk", _:
            return "denied-by-risk"
        case _, Action.CHALLENGE:
            return "challenged"
        case _:
            return "allowed"


def _denied_by(decision: Decision) -> str | None:
    if decision.granted:
        return None
    return "limit" if decision.used >= decision.limit else "risk"


def _holder(holder: Holder) -> dict[str, Any]:
    redeemed_at, claimed_at = holder.last_redeemed_at_us, holder.claimed_at_us
    return {
        "user_id": holder.user_id,
        "distance": len(holder.path),
        "path": [{"user_id": step.user_id, "through": step.through} for step in holder.path],
        "since": iso(holder.since_us),
        "redemptions": holder.redemptions,
        "last_redeemed_at": None if redeemed_at is None else iso(redeemed_at),
        "open_claims": holder.claims,
        "claimed_at": None if claimed_at is None else iso(claimed_at),
    }
