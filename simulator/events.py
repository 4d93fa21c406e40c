"""What happens in the simulated shop: sign-ups, redemptions, changes of address, and labels."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A row of ``users`` before its moment and label are known; columns as in the table.

    None is what a shop does not ask for. Make variations (the same device, an alias of the
    mailbox) with ``dataclasses.replace``.
    """

    user_id: str
    email: str | None
    is_email_verified: bool | None
    phone: str | None
    is_phone_verified: bool | None
    first_name: str | None
    last_name: str | None
    ip_address: str
    device_id: str
    user_agent: str
    city: str | None
    gender: str
    dob: date
    timezone: str | None


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A registration.

    Attributes:
        at: when the row is played.
        created_at: when the person signed up; before ``at`` for those who come with a past.
        is_abuser: the label that the row comes with: False where the shop vouches, or unknown.
        is_counted: whether it is one of those whom its pack is about.
    """

    at: datetime
    person: Person
    created_at: datetime
    is_abuser: bool | None = None
    is_counted: bool = True

    @property
    def user_id(self) -> str:
        """Whose event it is."""
        return self.person.user_id

    @property
    def happened_at(self) -> datetime:
        """Event time."""
        return self.created_at


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A redemption; an account redeems a code once at most.

    Attributes:
        at: when the row is played.
        user_id, promo_code: who and what.
        used: False is an attempt that the shop did not honour.
        used_at: when it was; before ``at`` for those who come with a past, None for ``at``.
    """

    at: datetime
    user_id: str
    promo_code: str
    used: bool = True
    used_at: datetime | None = None

    @property
    def happened_at(self) -> datetime:
        """Event time."""
        return self.used_at or self.at


@dataclass(frozen=True, slots=True)
class Moved:
    """The shop keeps the address that an account was seen at last, and it is another now.

    Attributes:
        at: when.
        user_id: whose.
        left: the address before; where another is kept, the move has been played already.
        ip_address: the address now.
    """

    at: datetime
    user_id: str
    left: str
    ip_address: str

    @property
    def happened_at(self) -> datetime:
        """Event time."""
        return self.at


@dataclass(frozen=True, slots=True)
class Labelled:
    """An analyst has found out an abuser."""

    at: datetime
    user_id: str

    @property
    def happened_at(self) -> datetime:
        """Event time."""
        return self.at


Event = SignedUp | Redeemed | Moved | Labelled
