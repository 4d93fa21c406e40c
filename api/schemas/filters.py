"""Query parameters that several routes share."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from api.schemas.registration import Instant
from connectors.columns import microseconds
from ml.policy import Level

Levels = Annotated[
    Annotated[list[Level], Field(max_length=len(Level))] | SkipJsonSchema[None],
    Query(
        alias="level",
        description="exactly this one, or these: it may be repeated; without it all are meant",
        examples=[["high", "critical"]],
    ),
]
Since = Annotated[
    Instant | SkipJsonSchema[None],
    Query(
        description="from then on, ISO 8601 with an offset (a plus sign is %2B)",
        examples=["2026-11-23T00:00:00Z"],
    ),
]
Until = Annotated[
    Instant | SkipJsonSchema[None],
    Query(
        description="before then, ISO 8601 with an offset (a plus sign is %2B)",
        examples=["2026-11-30T00:00:00Z"],
    ),
]


def since_us(moment: datetime | None) -> int:
    """A moment in microseconds since 1970, or 1970 where it is earlier or not given."""
    return 0 if moment is None else max(0, microseconds(moment))
