"""Whether a value that accounts share identifies anybody."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool

from api.schemas.note import Note
from api.schemas.registration import Identifier
from connectors.events import Authority
from ml.store import Link

StrongLink = Literal[Link.DEVICE, Link.PHONE, Link.EMAIL]
_KIND: Any = Field(description="the kind of identifier; email is the mailbox")
STANDING_EXAMPLE: Any = {
    "kind": "device",
    "shared_by": 600,
    "counted": False,
    "description": "shared by 600 accounts, not counted",
    "authority": "analyst",
    "decided_by": "fraud-desk",
    "why": "our app's name, sent for a device",
    "decided_at": "2026-11-23T08:21:07.104000Z",
}


class IdentifierRequest(BaseModel):
    """Say of one of an account's identifiers that it links nobody, or that it does."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-20481",
                    "kind": "device",
                    "ignore": True,
                    "note": "our app's name, sent for a device",
                }
            ]
        },
    )

    user_id: Identifier = Field(description="any account that has the value")
    kind: StrongLink = _KIND
    ignore: StrictBool | None = Field(
        True,
        description="true: it identifies nobody, for everybody who has it; false: it does,"
        " whatever is measured; null takes back what analysts said",
    )
    note: Note = Field("", description="why, for other people; 500 characters at most")


class SharedIdentifier(BaseModel):
    """An identifier of which it was said whether it identifies anybody."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [STANDING_EXAMPLE]})

    kind: StrongLink = _KIND
    shared_by: int = Field(description="accounts that have it now")
    counted: bool = Field(description="whether it links accounts")
    description: str = Field(description="the same in words")
    authority: Authority = Field(description="whose word stands: an analyst's above a measurement")
    decided_by: str = Field(description="the client whose key was used, or `measurement`")
    why: str = Field(description="an analyst's note, or what was measured")
    decided_at: AwareDatetime


class Placeholder(BaseModel):
    """What an account has in place of an identifier; it links nobody."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "device", "form": "unknown"}]}
    )

    kind: Literal["email", "phone", "device", "address"]
    form: str = Field(description="a listed word, or what form it has: docs/identifiers.md")


class IdentifierDecision(BaseModel):
    """What stands of an identifier after a decision."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-20481",
                    "kind": "device",
                    "counted": False,
                    "stands": STANDING_EXAMPLE,
                }
            ]
        },
    )

    user_id: str
    kind: StrongLink = _KIND
    counted: bool = Field(description="whether it links accounts")
    stands: SharedIdentifier | None = Field(description="the word that counts; null: nobody says")
