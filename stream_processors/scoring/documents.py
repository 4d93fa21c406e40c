"""What is published of a risk: the score, the alert, and when either is worth publishing. Pure."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from connectors.moments import iso
from ml.policy import ALERTED, Level
from ml.reasons import Evidence, Reason
from ml.scorer import Risk, Shadow
from stream_processors.scoring.rescore import Trigger

_NAMESPACE = uuid.UUID("6f1c3ed2-1f0c-5f0a-9a53-8d1b6a7c2e11")
_RANK = {level: rank for rank, level in enumerate(Level)}


ERASED = ""
"""The model version of an erased account's last alert: nothing judged it."""


class Status(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    ESCALATED = "escalated"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class AlertState:
    """What is remembered of an account's alert; its text is what Redis keeps."""

    status: Status
    level: Level
    digest: str

    @classmethod
    def parse(cls, text: str) -> "AlertState | None":
        """Read what :meth:`__str__` wrote; None where there never was an alert."""
        if not text:
            return None
        status, level, digest = text.split(":")
        return cls(Status(status), Level(level), digest)

    def __str__(self) -> str:
        return f"{self.status}:{self.level}:{self.digest}"


def risk_digest(risk: Risk) -> str:
    """Digest of everything that a risk says; equal digests are not published twice."""
    return _digest(_verdict(risk))


def next_alert(before: AlertState | None, risk: Risk) -> AlertState | None:
    """The alert's state after a risk; None where there is and was nothing to alert."""
    standing = before is not None and before.status is not Status.CLEARED
    if risk.level not in ALERTED:
        return AlertState(Status.CLEARED, risk.level, "") if standing else before
    status = Status.OPEN
    if before is not None and standing:
        grew = _RANK[risk.level] > _RANK[before.level]
        status = Status.ESCALATED if grew else before.status
    content = [*_verdict(risk)[:5], *value_document(risk).values()]
    return AlertState(status, risk.level, _digest(content))


def score_document(
    risk: Risk, *, replaces: int | None, revision: int, trigger: Trigger
) -> dict[str, Any]:
    """The message for ``promo.risk_scores``.

    ``event_id`` is derived from the account, the revision that it replaces and the content:
    delivering the same scoring again, after a crash, gives the same id.
    """
    identity = f"{risk.user_id}|{replaces}|{risk_digest(risk)}"
    return {
        "event_id": str(uuid.uuid5(_NAMESPACE, identity)),
        **verdict_document(risk, scored_at_us=revision),
        "trigger": trigger,
        "revision": revision,
    }


def verdict_document(risk: Risk, *, scored_at_us: int) -> dict[str, Any]:
    """What a risk says, whether or not it is published."""
    return {
        "user_id": risk.user_id,
        "score": risk.score,
        "level": risk.level,
        "action": risk.action,
        "reasons": [_reason(reason) for reason in risk.reasons],
        "model_version": risk.model_version,
        "features": dict(risk.features),
        "shadow": _shadow(risk.shadow),
        "event_time": iso(risk.event_time_us),
        "scored_at": iso(scored_at_us),
    }


def alert_document(
    risk: Risk, state: AlertState, *, revision: int, trigger: Trigger
) -> dict[str, Any]:
    """The message for ``promo.abuse_alerts``: a revision of the account's one alert."""
    return {
        "alert_id": alert_id(risk.user_id),
        "user_id": risk.user_id,
        "revision": revision,
        "status": state.status,
        "score": risk.score,
        "level": risk.level,
        "action": risk.action,
        "reasons": [_reason(reason) for reason in risk.reasons],
        "evidence": [_evidence(found) for found in all_evidence(risk.reasons)],
        **value_document(risk),
        "model_version": risk.model_version,
        "trigger": trigger,
        "event_time": iso(risk.event_time_us),
        "scored_at": iso(revision),
    }


def erasure_alert(user_id: str, *, revision: int) -> dict[str, Any]:
    """The last revision of an erased account's alert: cleared, and nothing about the account."""
    return {
        "alert_id": alert_id(user_id),
        "user_id": user_id,
        "revision": revision,
        "status": Status.CLEARED,
        "score": 0.0,
        "level": Level.LOW,
        "action": "allow",
        "reasons": [],
        "evidence": [],
        "value_at_risk": None,
        "value_is_lower_bound": False,
        "model_version": ERASED,
        "trigger": Trigger.RESCORE,
        "event_time": iso(revision),
        "scored_at": iso(revision),
    }


def alert_id(user_id: str) -> str:
    """The id of an account's alert: the same under every replay."""
    return str(uuid.uuid5(_NAMESPACE, f"alert|{user_id}"))


def all_evidence(reasons: Sequence[Reason]) -> list[Evidence]:
    """Each account behind any reason, once for each kind of identifier; in a fixed order."""
    return sorted({found for reason in reasons for found in reason.evidence})


def _verdict(risk: Risk) -> list[Any]:
    return [
        risk.score,
        risk.level,
        risk.action,
        [_reason(reason) for reason in risk.reasons],
        risk.model_version,
        risk.features,
        risk.event_time_us,
        _shadow(risk.shadow),
    ]


def _shadow(shadow: Shadow) -> dict[str, Any]:
    return {
        "rules": list(shadow.rules),
        "challenger_version": shadow.challenger_version,
        "challenger_score": shadow.challenger_score,
        "challenger_level": shadow.challenger_level,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "description": reason.description,
        "contribution": reason.contribution,
        "evidence": [_evidence(found) for found in reason.evidence],
    }


def _evidence(found: Evidence) -> dict[str, str]:
    return {"user_id": found.user_id, "through": found.through, "since": iso(found.since_us)}


def value_document(risk: Risk) -> dict[str, Any]:
    """What the account's redemptions gave away: the amount, and whether it is a lower bound."""
    return {
        "value_at_risk": None if risk.value is None else float(risk.value.amount),
        "value_is_lower_bound": risk.value is not None and risk.value.is_lower_bound,
    }


def _digest(content: Any) -> str:
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=12).hexdigest()
