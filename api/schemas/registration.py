"""What a caller tells of a registration: the columns of ``users`` and ``promo_usages``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from connectors.columns import LONGEST_IDENTIFIER

MOST_IN_A_BATCH = 1_000
_MOST_NAMED = 20

_EPOCH = date(1970, 1, 1)
_FIELDS: Any = {
    "created_at": "2026-11-23T08:15:00Z",
    "email": "ada.k@example.com",
    "is_email_verified": False,
    "phone": "14155550123",
    "is_phone_verified": False,
    "first_name": "Ada",
    "last_name": "King",
    "ip_address": "203.0.113.7",
    "device_id": "d-7f3a",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "city": "Austin",
    "gender": "female",
    "dob": "1991-12-10",
    "timezone": "America/Chicago",
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _iso_text(value: object) -> object:
    """Only what begins with a day: pydantic alone would read a number as seconds since 1970."""
    if not isinstance(value, str) or not _DAY.match(value):
        raise ValueError("must be ISO 8601 text")
    return value


def _storable(text: str) -> str:
    """What PostgreSQL can hold: valid UTF-8 (that it is without NUL, the pattern says)."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must be valid Unicode")
    return text


def _within_calendar(moment: datetime) -> datetime:
    """What is in years 1 to 9999 of UTC, too: next to their ends an offset leads out of them."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be in years 1 to 9999 of UTC") from None
    return moment


Text = Annotated[str, Field(pattern=r"^[^\u0000]*$"), AfterValidator(_storable)]
Identifier = Annotated[Text, Field(max_length=LONGEST_IDENTIFIER)]
"""A user id or promo code that a store may hold."""

Instant = Annotated[AwareDatetime, BeforeValidator(_iso_text), AfterValidator(_within_calendar)]
Day = Annotated[date, BeforeValidator(_iso_text)]


class RegistrationFields(BaseModel):
    """What a person told when it signed up."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [_FIELDS]},
    )

    created_at: Instant = Field(description="sign-up, ISO 8601 with an offset")
    email: Text | None = None
    is_email_verified: StrictBool | None = None
    phone: Text | None = None
    is_phone_verified: StrictBool | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    ip_address: Text | None = None
    device_id: Text | None = None
    user_agent: Text | None = None
    city: Text | None = None
    gender: Text | None = None
    dob: Day | None = Field(None, description="date of birth, ISO 8601")
    timezone: Text | None = Field(None, description="IANA name")

    def of(self, user_id: str) -> "Registration":
        """The registration of an account; its fields have been looked at already."""
        return Registration.model_construct(user_id=user_id, **dict(self))


class Registration(RegistrationFields):
    """A row of ``users`` without its label, which never decides about its own account."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"user_id": "u-20481", **_FIELDS}]})

    user_id: Identifier = Field(description="the account's identity; it need not exist")

    def row(self) -> dict[str, object]:
        """The row as Debezium would write it: ISO text, and days since 1970."""
        born = None if self.dob is None else (self.dob - _EPOCH).days
        return self.model_dump() | {"created_at": self.created_at.isoformat(), "dob": born}


class FirstRedemption(BaseModel):
    """A row of ``promo_usages`` of the same account."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"promo_code": "WELCOME10", "used_at": "2026-11-23T08:19:30Z"}]
        },
    )

    promo_code: Identifier
    used_at: Instant = Field(description="ISO 8601 with an offset")
    used_promo: StrictBool | None = Field(
        None, description="false: an attempt, which does not count"
    )

    @property
    def counted(self) -> bool:
        """Whether the code was used, not only tried."""
        return self.used_promo is not False


class ScoreRequest(BaseModel):
    """A registration to judge, and perhaps what it wants to redeem at once."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "registration": {"user_id": "u-20481", **_FIELDS},
                    "redemption": {"promo_code": "WELCOME10", "used_at": "2026-11-23T08:19:30Z"},
                }
            ]
        },
    )

    registration: Registration
    redemption: FirstRedemption | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A request of a batch that does not fit its schema: what pydantic says of it."""

    errors: Sequence[Mapping[str, Any]]


def _apart(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """The request, or what is wrong with it: the others of its batch can be answered."""
    try:
        return read(value)
    except ValidationError as error:
        if error.error_count() <= _MOST_NAMED:
            return Unreadable(error.errors(include_url=False, include_input=False))
        many = {"type": "many", "loc": (), "msg": f"{error.error_count()} things are wrong"}
        return Unreadable([many])


class BatchRequest(BaseModel):
    """Registrations to judge, each as if it alone were added."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "requests": [
                        {
                            "registration": {
                                "user_id": "u-20481",
                                "created_at": "2026-11-23T08:15:00Z",
                                "device_id": "d-7f3a",
                            },
                            "redemption": {
                                "promo_code": "WELCOME10",
                                "used_at": "2026-11-23T08:19:30Z",
                            },
                        },
                        {
                            "registration": {
                                "user_id": "u-20482",
                                "created_at": "2026-11-23T08:16:00Z",
                                "device_id": "d-7f3a",
                            }
                        },
                    ]
                }
            ]
        },
    )

    requests: list[Annotated[ScoreRequest, WrapValidator(_apart)]] = Field(
        min_length=1, max_length=MOST_IN_A_BATCH
    )

    @property
    def entries(self) -> Sequence[ScoreRequest | Unreadable]:
        """The requests in order, those too that cannot be read."""
        return self.requests
