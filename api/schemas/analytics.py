"""Who and what stands out, and when: what the promo team looks at."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.buckets import Bucket
from ml.policy import Level

_VALUE = "what it gave away as far as the codes' terms tell; null is unknown"
_LOWER = "a percentage counts by its minimum purchase, codes of unknown terms by nothing"
_FLAGGED = "of these, by accounts whose alert stands now (level high or critical)"
_AT = "where the bucket begins"
_BUCKET = "how long each is"


def _with_example(**example: object) -> ConfigDict:
    examples: Any = [example]
    return ConfigDict(extra="forbid", json_schema_extra={"examples": examples})


class TopUser(BaseModel):
    """An account that redeems much."""

    model_config = ConfigDict(extra="forbid")

    user_id: str
    redemptions: int
    codes: int = Field(description="different ones")
    level: Level | None = Field(description="its risk now; null: it has none, or was erased")
    score: float | None = Field(ge=0, le=1, description="its risk now")
    value: float | None = Field(description=_VALUE)
    value_is_lower_bound: bool = Field(description=_LOWER)


class TopUsers(BaseModel):
    """Accounts by redemptions, most first."""

    model_config = _with_example(
        users=[
            {
                "user_id": "u-20481",
                "redemptions": 14,
                "codes": 9,
                "level": "critical",
                "score": 0.93,
                "value": 140.0,
                "value_is_lower_bound": True,
            }
        ]
    )

    users: list[TopUser]


class TopCode(BaseModel):
    """A code that is redeemed much."""

    model_config = ConfigDict(extra="forbid")

    promo_code: str
    redemptions: int
    users: int = Field(description="different ones")
    flagged: int = Field(description=_FLAGGED)
    value: float | None = Field(description=_VALUE)
    value_is_lower_bound: bool = Field(description=_LOWER)


class TopCodes(BaseModel):
    """Codes by redemptions, most first."""

    model_config = _with_example(
        codes=[
            {
                "promo_code": "WELCOME10",
                "redemptions": 2310,
                "users": 2291,
                "flagged": 118,
                "value": 23100.0,
                "value_is_lower_bound": False,
            }
        ]
    )

    codes: list[TopCode]


class RedemptionsBucket(BaseModel):
    """What was redeemed within one bucket."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime = Field(description=_AT)
    redemptions: int = Field(description="without attempts")
    attempts: int = Field(description="tried, not redeemed")
    flagged: int = Field(description=f"redemptions: {_FLAGGED}")


class Redemptions(BaseModel):
    """Redemptions over time."""

    model_config = _with_example(
        bucket="day",
        buckets=[
            {"at": "2026-11-23T00:00:00.000000Z", "redemptions": 212, "attempts": 9, "flagged": 31}
        ],
    )

    bucket: Bucket = Field(description=_BUCKET)
    buckets: list[RedemptionsBucket] = Field(description="without gaps; empty ones are zeros")


class RegistrationsBucket(BaseModel):
    """Who signed up within one bucket."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime = Field(description=_AT)
    registrations: int
    flagged: int = Field(description=_FLAGGED)


class Registrations(BaseModel):
    """Registrations over time."""

    model_config = _with_example(
        bucket="day",
        buckets=[{"at": "2026-11-23T00:00:00.000000Z", "registrations": 340, "flagged": 22}],
    )

    bucket: Bucket = Field(description=_BUCKET)
    buckets: list[RegistrationsBucket] = Field(description="without gaps; empty ones are zeros")
