"""What the pipeline needs to find at the source: tables, columns, operations. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

PUBLICATION = "promo"
HEARTBEATS = "heartbeats"
OPERATIONS = ("insert", "update", "delete")
"""What the publication must publish. A TRUNCATE is refused by the tables themselves."""


class ColumnType(StrEnum):
    """What may be in a column, by how Debezium writes it."""

    TEXT = "text"
    FLAG = "boolean"
    MOMENT = "timestamptz"
    DAY = "date"
    AMOUNT = "numeric"
    NUMBER = "bigint"


TYPES: Mapping[ColumnType, frozenset[str]] = MappingProxyType(
    {
        ColumnType.TEXT: frozenset({"text", "varchar", "bpchar", "citext", "uuid", "inet", "cidr"}),
        ColumnType.FLAG: frozenset({"bool"}),
        ColumnType.MOMENT: frozenset({"timestamptz"}),
        ColumnType.DAY: frozenset({"date"}),
        ColumnType.AMOUNT: frozenset({"numeric", "int2", "int4", "int8", "float4", "float8"}),
        ColumnType.NUMBER: frozenset({"int2", "int4", "int8"}),
    }
)
"""PostgreSQL's types that the decoder reads as each kind; a type of the shop's own that is an
enumeration is text, too."""


@dataclass(frozen=True, slots=True)
class TableContract:
    """One table: the columns that every event has, and the primary key."""

    key: str
    columns: Mapping[str, ColumnType]


_T, _F, _A = ColumnType.TEXT, ColumnType.FLAG, ColumnType.AMOUNT

TABLES: Mapping[str, TableContract] = MappingProxyType(
    {
        "users": TableContract(
            "user_id",
            MappingProxyType(
                {
                    "user_id": _T,
                    "created_at": ColumnType.MOMENT,
                    "email": _T,
                    "is_email_verified": _F,
                    "phone": _T,
                    "is_phone_verified": _F,
                    "first_name": _T,
                    "last_name": _T,
                    "ip_address": _T,
                    "device_id": _T,
                    "user_agent": _T,
                    "city": _T,
                    "gender": _T,
                    "dob": ColumnType.DAY,
                    "timezone": _T,
                    "is_abuser": _F,
                }
            ),
        ),
        "promo_codes": TableContract(
            "promo_code",
            MappingProxyType(
                {
                    "promo_code": _T,
                    "discount_type": _T,
                    "discount_value": _A,
                    "min_purchase_amount": _A,
                }
            ),
        ),
        "promo_usages": TableContract(
            "usage_id",
            MappingProxyType(
                {
                    "usage_id": ColumnType.NUMBER,
                    "user_id": _T,
                    "promo_code": _T,
                    "used_at": ColumnType.MOMENT,
                    "used_promo": _F,
                }
            ),
        ),
    }
)
"""The shop's tables. A column added later may be absent from older events: not here, then."""

UNUSED = frozenset({"city", "gender"})
"""Columns of which nothing is made: an event without them is as good as one with them."""
