"""Alerts as they are published on ``promo.abuse_alerts``."""

from typing import Any

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.schemas.risk import Evidence, Reason
from ml.policy import Action, Level
from stream_processors.scoring.documents import Status
from stream_processors.scoring.rescore import Trigger

_EVIDENCE: Any = {
    "user_id": "u-20477",
    "through": "device",
    "since": "2026-11-23T08:15:00.000000Z",
}
EXAMPLE: Any = {
    "alert_id": "5b0f3c1e-8a43-5d0e-9f0a-6a54a2a1f7b3",
    "user_id": "u-20481",
    "revision": 1795421700021000,
    "status": "open",
    "score": 0.79,
    "level": "high",
    "action": "challenge",
    "reasons": [
        {
            "code": "rule.shared_device",
            "description": "1 other account on the same device",
            "contribution": 0.6,
            "evidence": [_EVIDENCE],
        }
    ],
    "evidence": [_EVIDENCE],
    "value_at_risk": 10.0,
    "value_is_lower_bound": False,
    "model_version": "20261123T081500-1f3a9c",
    "trigger": "registration",
    "event_time": "2026-11-23T08:15:00.000000Z",
    "scored_at": "2026-11-23T08:15:00.021000Z",
}
EXAMPLE_EVENT = f"event: alert\ndata: {orjson.dumps(EXAMPLE).decode()}\nid: 12.5.0.33\n\n"


class Alert(BaseModel):
    """One revision of an account's alert."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    alert_id: str = Field(description="the same for all revisions of an account's alert")
    user_id: str
    revision: int = Field(description="microseconds since 1970, growing with every revision")
    status: Status = Field(description="escalated: its level grew while it stood")
    score: float = Field(ge=0, le=1)
    level: Level = Field(description="of a cleared alert: the level that the account fell to")
    action: Action = Field(description="what the checkout should do")
    reasons: list[Reason] = Field(description="heaviest first, the rules' before the model's")
    evidence: list[Evidence] = Field(description="every account behind a reason")
    value_at_risk: float | None = Field(
        description="what the account's redemptions gave away; null is unknown"
    )
    value_is_lower_bound: bool = Field(description="a percentage counts by its minimum purchase")
    model_version: str = Field(description="the bundle's; `rules` before the first training")
    trigger: Trigger = Field(description="what made the account be scored")
    event_time: AwareDatetime = Field(description="of the account's newest own event")
    scored_at: AwareDatetime = Field(description="the revision as a moment")


class Alerts(BaseModel):
    """A page of alerts, newest revisions first."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "alerts": [EXAMPLE],
                    "next_cursor": "1795421700021000-5b0f3c1e8a435d0e9f0a6a54a2a1f7b3",
                }
            ]
        },
    )

    alerts: list[Alert]
    next_cursor: str | None = Field(description="of the next page; null is the end")
