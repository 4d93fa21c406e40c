"""What analysts decide about accounts and links, and what stands afterwards."""

from typing import Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
)

from api.schemas.identifier import STANDING_EXAMPLE, Placeholder, SharedIdentifier
from api.schemas.note import LONGEST_NOTE, Note
from api.schemas.registration import Identifier
from ml.store import Link

_NOTE: Any = Field("", description=f"why, for other people; {LONGEST_NOTE} characters at most")
_THROUGH = "the kind of identifier; null is all of them"

LabelName = Literal["abuser", "honest"]


def label_name(label: bool | None) -> LabelName | None:
    """A label as callers say it."""
    return None if label is None else "abuser" if label else "honest"


class LabelRequest(BaseModel):
    """An analyst's word on an account; it stands above the shop's own ``is_abuser``."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"label": "abuser", "note": "confirmed by chargeback 5513"}]
        },
    )

    label: LabelName | None = Field(description="null takes back what was said before")
    note: Note = _NOTE


class LabelDecision(BaseModel):
    """A label as it was published on ``promo.labels``."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-20481",
                    "label": "abuser",
                    "decided_by": "fraud-desk",
                    "note": "confirmed by chargeback 5513",
                    "decided_at": "2026-11-23T08:21:07.104000Z",
                }
            ]
        },
    )

    user_id: str
    label: LabelName | None
    decided_by: str = Field(description="the client whose key was used")
    note: str
    decided_at: AwareDatetime


class LinkRequest(BaseModel):
    """Declare two accounts falsely linked, or take that back; it works both ways."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-20481",
                    "other_user_id": "u-20477",
                    "through": "device",
                    "ignore": True,
                    "note": "a family's tablet",
                }
            ]
        },
    )

    user_id: Identifier
    other_user_id: Identifier
    through: Link | None = Field(None, description=_THROUGH)
    ignore: StrictBool = Field(
        True, description="false takes back: of this kind, or of every kind where none is named"
    )
    note: Note = _NOTE


class FalseLink(BaseModel):
    """A link that was declared false."""

    model_config = ConfigDict(extra="forbid")

    user_id: str = Field(description="the account in whose list it stands")
    other_user_id: str
    through: Link | None = Field(description=_THROUGH)
    decided_by: str
    note: str
    decided_at: AwareDatetime


_FALSE_LINK: Any = {
    "user_id": "u-20481",
    "other_user_id": "u-20477",
    "through": "device",
    "decided_by": "fraud-desk",
    "note": "a family's tablet",
    "decided_at": "2026-11-23T08:21:07.104000Z",
}


class LinkDecision(BaseModel):
    """What stands between two accounts after a decision."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"user_id": "u-20481", "other_user_id": "u-20477", "ignored": [_FALSE_LINK]}
            ]
        },
    )

    user_id: str
    other_user_id: str
    ignored: list[FalseLink] = Field(description="empty: both count as linked again")


class LinkedAccount(BaseModel):
    """An account that shares an identifier."""

    model_config = ConfigDict(extra="forbid")

    user_id: str
    through: list[Link] = Field(description="kinds of identifier that both share")
    since: AwareDatetime = Field(description="since when both exist")
    label: LabelName | None = Field(description="what is known of it; null is nothing")
    redemptions: int = Field(description="how many codes it redeemed, 50 at most")


class Links(BaseModel):
    """The accounts around one: 25 before and 25 after it for each kind of identifier."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-20481",
                    "linked": [
                        {
                            "user_id": "u-20466",
                            "through": ["device", "ip"],
                            "since": "2026-11-23T08:15:00Z",
                            "label": "abuser",
                            "redemptions": 1,
                        }
                    ],
                    "ignored": [_FALSE_LINK],
                    "identifiers": [STANDING_EXAMPLE],
                    "placeholders": [{"kind": "phone", "form": "one character repeated"}],
                }
            ]
        },
    )

    user_id: str
    linked: list[LinkedAccount] = Field(description="in order of sign-up")
    ignored: list[FalseLink] = Field(description="declared false; they count for nothing")
    identifiers: list[SharedIdentifier] = Field(
        description="its identifiers of which it was said whether they identify anybody"
    )
    placeholders: list[Placeholder] = Field(
        description="what it has in place of identifiers, such as the word `unknown`"
    )
