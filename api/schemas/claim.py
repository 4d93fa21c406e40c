"""Claims of promo codes at the checkout, and what is answered."""

from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from api.schemas.registration import Identifier, RegistrationFields
from api.schemas.risk import Reason
from connectors.promo_codes import SEEN_PATTERN
from ml.policy import Action, Level
from ml.store import Link
from stream_processors.feature_store.claim_wire import Ending

ClaimId = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]

_ID = "3f1b6c0d5e8a4c7fb1d29c3e5a7f8b90"
_PATH: Any = [
    {"user_id": "u-20477", "through": ["device"]},
    {"user_id": "u-20466", "through": ["phone"]},
]


class ClaimRequest(BaseModel):
    """Somebody is about to redeem a code."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-20481",
                    "promo_code": "WELCOME10",
                    "registration": {
                        "created_at": "2026-11-23T08:15:00Z",
                        "email": "ada.k@example.com",
                        "device_id": "d-7f3a",
                    },
                }
            ]
        },
    )

    user_id: Identifier
    promo_code: Identifier = Field(json_schema_extra={"pattern": SEEN_PATTERN})
    registration: RegistrationFields | None = Field(
        None,
        description="what it signed up with; needed while the stream has not seen it (what the"
        " stream has seen counts more)",
    )


class Step(BaseModel):
    """The next account on the way from the claimant to another."""

    model_config = ConfigDict(extra="forbid")

    user_id: str
    through: list[Link] = Field(description="kinds of identifier it shares with the one before it")


class SlotHolder(BaseModel):
    """An account of the same cluster that has redeemed or claimed the code already."""

    model_config = ConfigDict(extra="forbid")

    user_id: str
    distance: int = Field(ge=0, le=2, description="links between it and the claimant; 0 is itself")
    path: list[Step] = Field(description="the way to it, as many steps as its distance")
    since: AwareDatetime = Field(description="since when all accounts on the way exist")
    redemptions: int = Field(ge=0, description="how often it redeemed the code")
    last_redeemed_at: AwareDatetime | None = None
    open_claims: int = Field(ge=0, description="its claims that no redemption has followed yet")
    claimed_at: AwareDatetime | None = None


class Claim(BaseModel):
    """What the checkout should do, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "claim_id": _ID,
                    "user_id": "u-20481",
                    "promo_code": "WELCOME10",
                    "granted": True,
                    "action": "allow",
                    "denied_by": None,
                    "limit": 1,
                    "cluster_size": 1,
                    "evidence": [],
                    "score": 0.15,
                    "level": "low",
                    "reasons": [
                        {
                            "code": "rule.fast_redemption",
                            "description": "redeemed a code 4 min after signing up",
                            "contribution": 0.15,
                            "evidence": [],
                        }
                    ],
                    "model_version": "20261123T081500-1f3a9c",
                    "decided_at": "2026-11-23T08:19:30.104000Z",
                    "expires_at": "2026-11-23T08:34:30.104000Z",
                    "ended": None,
                },
                {
                    "claim_id": None,
                    "user_id": "u-20481",
                    "promo_code": "WELCOME10",
                    "granted": False,
                    "action": "deny",
                    "denied_by": "limit",
                    "limit": 1,
                    "cluster_size": 3,
                    "evidence": [
                        {
                            "user_id": "u-20466",
                            "distance": 2,
                            "path": _PATH,
                            "since": "2026-11-23T08:15:00.000000Z",
                            "redemptions": 0,
                            "last_redeemed_at": None,
                            "open_claims": 1,
                            "claimed_at": "2026-11-23T08:18:02.551000Z",
                        }
                    ],
                    "score": 0.4,
                    "level": "medium",
                    "reasons": [],
                    "model_version": "20261123T081500-1f3a9c",
                    "decided_at": "2026-11-23T08:19:30.104000Z",
                    "expires_at": None,
                    "ended": None,
                },
            ]
        },
    )

    claim_id: ClaimId | None = Field(None, description="of the reserved slot; null where none is")
    user_id: str
    promo_code: str
    granted: bool = Field(
        description="a slot was reserved: the code may be redeemed as long as `ended` is null"
    )
    action: Action = Field(
        description="challenge: reserved, but ask for proof before redeeming; of a claim that has"
        " `ended` nothing is reserved: claim again with a new Idempotency-Key"
    )
    denied_by: Literal["limit", "risk"] | None = Field(
        None,
        description="limit: the cluster has no slot of the code left; risk: the policy's verdict",
    )
    limit: int = Field(ge=1, description="redemptions of the code that one person may have")
    cluster_size: int = Field(
        ge=1, description="accounts that count as one person here, this one included; 2,000 at most"
    )
    evidence: list[SlotHolder] = Field(
        description="who of them had slots of the code before, the nearest first, 50 at most"
    )
    score: float = Field(ge=0, le=1, description="the account's risk once it redeems the code now")
    level: Level
    reasons: list[Reason] = Field(description="behind the score")
    model_version: str = Field(description="the bundle's; `rules` before the first training")
    decided_at: AwareDatetime
    expires_at: AwareDatetime | None = Field(
        None, description="until then the slot is reserved; a redemption in time keeps it"
    )
    ended: Ending | None = Field(
        None,
        description="only where an Idempotency-Key is repeated after its claim has ended: how. All"
        " but `claim_id`, `granted` and `expires_at` is as it would be decided now",
    )


class ReleaseRequest(BaseModel):
    """A cart was given up: its claim ends."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"user_id": "u-20481", "claim_id": _ID}]},
    )

    user_id: Identifier = Field(description="the account whose claim it is")
    claim_id: ClaimId


class Release(BaseModel):
    """What became of a claim. Either way it reserves nothing any more."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"claim_id": _ID, "released": True}]}
    )

    claim_id: ClaimId
    released: bool = Field(
        description="false: there was nothing to end; it had expired, was released before, or is"
        " no claim of this account"
    )
