"""What the API says of an account: the same words as the published messages."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ml.policy import Action, Level
from ml.store import Link
from stream_processors.scoring.rescore import Trigger

_VERDICT: dict[str, Any] = {
    "user_id": "u-20481",
    "score": 0.79,
    "level": "high",
    "action": "challenge",
    "reasons": [
        {
            "code": "rule.shared_device",
            "description": "1 other account on the same device",
            "contribution": 0.6,
            "evidence": [
                {
                    "user_id": "u-20477",
                    "through": "device",
                    "since": "2026-11-23T08:15:00.000000Z",
                }
            ],
        }
    ],
    "model_version": "20261123T081500-1f3a9c",
    "features": {"device_closeness": 0.97, "age_years": None},
    "shadow": {
        "rules": ["rule.code_stacking"],
        "challenger_version": "20261123T090000-77ab01",
        "challenger_score": 0.61,
        "challenger_level": "high",
    },
    "event_time": "2026-11-23T08:15:00.000000Z",
    "scored_at": "2026-11-23T08:15:00.021000Z",
}


class Evidence(BaseModel):
    """One account that stands behind a reason."""

    model_config = ConfigDict(extra="forbid")

    user_id: str = Field(description="the other account")
    through: Link = Field(description="the kind of identifier that both share")
    since: AwareDatetime = Field(description="since when both exist")


class Reason(BaseModel):
    """One reason behind a score."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(description="stable name: rule.<name> or model.<feature>")
    description: str = Field(description="a sentence for a person")
    contribution: float = Field(
        description="a rule's weight in [0, 1]; a feature's share of the model's log-odds"
    )
    evidence: list[Evidence]


class Shadow(BaseModel):
    """What rules and a model in shadow would have said; it counts for nothing."""

    model_config = ConfigDict(extra="forbid")

    rules: list[str] = Field(description="codes of the rules in shadow that applied")
    challenger_version: str | None = Field(description="the model in shadow; null is none")
    challenger_score: float | None
    challenger_level: Level | None


class Verdict(BaseModel):
    """What a risk says, whether or not it was published."""

    model_config = ConfigDict(extra="forbid")

    user_id: str
    score: float = Field(ge=0, le=1)
    level: Level
    action: Action = Field(description="what the checkout should do")
    reasons: list[Reason] = Field(description="heaviest first, the rules' before the model's")
    model_version: str = Field(description="the bundle's; `rules` before the first training")
    features: dict[str, float | None] = Field(description="the exact vector; null is unknown")
    shadow: Shadow
    event_time: AwareDatetime = Field(description="of the account's newest own event")
    scored_at: AwareDatetime


class Risk(Verdict):
    """An account's latest risk, as published on ``promo.risk_scores``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event_id": "0b2f7f0e-5f59-5d8a-9d3b-6d6d5f0f6c11",
                    **_VERDICT,
                    "trigger": "registration",
                    "revision": 1795421700021000,
                }
            ]
        }
    )

    event_id: str = Field(description="identity of this scoring")
    trigger: Trigger = Field(description="what made the account be scored")
    revision: int = Field(description="grows with every scoring of the account")


_ASSESSMENT: Any = {**_VERDICT, "value_at_risk": 10.0, "value_is_lower_bound": False}


class Assessment(Verdict):
    """The risk that a registration would have now; nothing of it is stored."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ASSESSMENT]})

    value_at_risk: float | None = Field(description="what its redemptions give; null is unknown")
    value_is_lower_bound: bool = Field(description="a percentage counts by its minimum purchase")


class Assessments(BaseModel):
    """The risks of a batch."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"results": [_ASSESSMENT]}]}
    )

    results: list[Assessment] = Field(description="one for each request, in order")
