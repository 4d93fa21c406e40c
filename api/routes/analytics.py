"""What the promo team asks: who redeems most, which codes, and how it goes over time."""

from collections.abc import Mapping
from typing import Annotated

import orjson
from fastapi import Query
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.buckets import CHOSEN, MOST, Bucket, TooMany, filled
from api.deps import WarehouseDep
from api.problems import Refused, Trouble, documented
from api.schemas.analytics import Redemptions, Registrations, TopCodes, TopUsers
from api.schemas.filters import Since, Until
from api.schemas.problem import FieldError, Kind
from api.warehouse_reader import Row, WarehouseReader
from warehouse.period import period

router = scoped_router("analytics", Scope.READ)

_INVALID = documented(Kind.INVALID)

Limit = Annotated[int, Query(ge=1, le=100, description="how many at most")]
BucketLength = Annotated[
    Bucket | SkipJsonSchema[None],
    Query(
        description="how long a bucket is, in UTC; without it a day, or where that would be more"
        f" than {MOST:,} buckets, the first of week, month and year that is not",
        examples=["week"],
    ),
]


@router.get("/v1/analytics/top-users", response_model=TopUsers, responses=_INVALID)
async def top_users(
    warehouse: WarehouseDep, limit: Limit = 10, since: Since = None, until: Until = None
) -> Response:
    """Who redeems most within a period, what it gave away, and what is believed of them now."""
    found = await warehouse.rows("top_users", limit=limit, **period(since, until))
    users = [row["user_id"] for row in found]
    levels = await warehouse.rows("latest_levels", users=users) if users else []
    believed = {row["user_id"]: row for row in levels}
    unknown: Row = {"level": None, "score": None}
    return _json({"users": [row | believed.get(row["user_id"], unknown) for row in found]})


@router.get("/v1/analytics/top-codes", response_model=TopCodes, responses=_INVALID)
async def top_codes(
    warehouse: WarehouseDep, limit: Limit = 10, since: Since = None, until: Until = None
) -> Response:
    """Which codes are redeemed most within a period, by whom, and what it gave away."""
    found = await warehouse.rows("top_codes", limit=limit, **period(since, until))
    return _json({"codes": found})


@router.get("/v1/analytics/redemptions", response_model=Redemptions, responses=_INVALID)
async def redemptions(
    warehouse: WarehouseDep,
    bucket: BucketLength = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """Redemptions and attempts over time, from the first bucket with any to the last."""
    return await _over_time(warehouse, "redemptions_over_time", bucket, period(since, until))


@router.get("/v1/analytics/registrations", response_model=Registrations, responses=_INVALID)
async def registrations(
    warehouse: WarehouseDep,
    bucket: BucketLength = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """Registrations over time, from the first bucket with any to the last."""
    return await _over_time(warehouse, "registrations_over_time", bucket, period(since, until))


async def _over_time(
    warehouse: WarehouseReader, question: str, bucket: Bucket | None, asked: Mapping[str, int]
) -> Response:
    for length in CHOSEN if bucket is None else (bucket,):
        found = await warehouse.rows(question, bucket=length.value, limit=MOST + 1, **asked)
        try:
            return _json({"bucket": length, "buckets": filled(found, length)})
        except TooMany:
            continue
    detail = (
        f"is too short: more than {MOST} would be needed; take a longer one or a period, or leave"
        " it out"
    )
    wrong = [FieldError(pointer="bucket", detail=detail)]
    raise Refused(Trouble(Kind.INVALID, "Too many buckets.", errors=wrong))


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
