"""The three CSV files and what each of their columns holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from connectors.loading.values import boolean, day, identifier, number, timestamp

Parse = Callable[[str], object]


class Table(IntEnum):
    """The source tables, in the order in which rows of the same instant are loaded."""

    PROMO_CODES = 0
    USERS = 1
    PROMO_USAGES = 2

    @property
    def file(self) -> str:
        """The CSV file's name."""
        return f"{self.name.lower()}.csv"


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table's columns hold.

    Attributes:
        parsers: by column, in the table's order; None is text, stored as it came.
        required: columns that may not be null.
        time: the column of the event's time; None for what is valid from the beginning.
    """

    parsers: Mapping[str, Parse | None]
    required: frozenset[str]
    time: str | None


COLUMNS: Mapping[Table, Columns] = MappingProxyType(
    {
        Table.PROMO_CODES: Columns(
            {
                "promo_code": identifier,
                "discount_type": None,
                "discount_value": number,
                "min_purchase_amount": number,
            },
            required=frozenset({"promo_code"}),
            time=None,
        ),
        Table.USERS: Columns(
            {
                "user_id": identifier,
                "created_at": timestamp,
                "email": None,
                "is_email_verified": boolean,
                "phone": None,
                "is_phone_verified": boolean,
                "first_name": None,
                "last_name": None,
                "ip_address": None,
                "device_id": None,
                "user_agent": None,
                "city": None,
                "gender": None,
                "dob": day,
                "timezone": None,
                "is_abuser": boolean,
            },
            required=frozenset({"user_id", "created_at"}),
            time="created_at",
        ),
        Table.PROMO_USAGES: Columns(
            {
                "user_id": identifier,
                "promo_code": identifier,
                "used_at": timestamp,
                "used_promo": boolean,
            },
            required=frozenset({"user_id", "promo_code", "used_at"}),
            time="used_at",
        ),
    }
)
