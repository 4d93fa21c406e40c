"""What happens in the simulated shop: sign-ups, redemptions, and analysts' labels."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A row of ``users`` before its moment and label are known; columns as in the table.

    Make variations (the same device, an alias of the mailbox) with ``dataclasses.replace``.
    """

    user_id: str
    email: str
    is_email_verified: bool
    phone: str
    is_phone_verified: bool
    first_name: str
    last_name: str
    ip_address: str
    device_id: str
    user_agent: str
    city: str
    gender: str
    dob: date
    timezone: str


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A registration.

    Attributes:
        at: when the row is played.
        created_at: when the person signed up; before ``at`` for those who come with a past.
        is_abuser: the label that the row comes with: False where the shop vouches, or unknown.
    """

    at: datetime
    person: Person
    created_at: datetime
    is_abuser: bool | None = None

    @property
    def user_id(self) -> str:
        """Whose event it is."""
        return self.person.user_id


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A redemption; ``used`` False is an attempt. An account redeems a code once at most."""

    at: datetime
    user_id: str
    promo_code: str
    used: bool = True


@dataclass(frozen=True, slots=True)
class Labelled:
    """An analyst has found out an abuser."""

    at: datetime
    user_id: str


Event = SignedUp | Redeemed | Labelled
