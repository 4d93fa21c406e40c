"""Alerts as they stand, page by page."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

from api import alert_cursor
from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.alert_cursor import TOP, Place
from api.deps import WarehouseDep
from api.problems import documented
from api.schemas.alert import Alerts
from api.schemas.filters import Levels, Since, since_us
from api.schemas.problem import Kind
from api.warehouse_reader import Row
from ml.policy import Level
from stream_processors.scoring.documents import Status

router = scoped_router("alerts", Scope.READ)

_STANDING = (Status.OPEN, Status.ESCALATED)


Statuses = Annotated[
    Annotated[list[Status], Field(max_length=len(Status))] | SkipJsonSchema[None],
    Query(
        alias="status",
        description="this one, or these: it may be repeated; without it those that stand are"
        " meant, `open` and `escalated`",
        examples=[["cleared"]],
    ),
]
Limit = Annotated[int, Query(ge=1, le=500, description="how many alerts a page has at most")]
Cursor = Annotated[
    Annotated[str, StringConstraints(pattern=alert_cursor.PATTERN)] | SkipJsonSchema[None],
    Query(
        description="`next_cursor` of the page before, with the same filters",
        examples=["1795421700021000-5b0f3c1e8a435d0e9f0a6a54a2a1f7b3"],
    ),
]


@router.get("/v1/alerts", response_model=Alerts, responses=documented(Kind.INVALID))
async def alerts(
    warehouse: WarehouseDep,
    levels: Levels = None,
    statuses: Statuses = None,
    since: Since = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Each account's alert once, by its newest revision, the newest first.

    A level is meant exactly, as a cleared alert has the level that its account fell to: "at
    least high" could not ask for those. `since` is about the revision, not about the event.

    Whoever follows `next_cursor` to its end sees no alert twice, and none is left out that stays
    as it is meanwhile. One that is revised meanwhile moves to the top: ask again from there, or
    listen to `/v1/alerts/stream`. Revisions are here about a second after they were published.
    """
    after = TOP if cursor is None else alert_cursor.decode(cursor)
    found = await warehouse.rows(
        "newest_alerts",
        levels=list(levels or Level),
        statuses=list(statuses or _STANDING),
        since_us=since_us(since),
        revision=after.revision,
        after=str(after.alert_id),
        limit=limit + 1,
    )
    return Response(orjson.dumps(_page(found, limit)), media_type="application/json")


def _page(found: Sequence[Row], limit: int) -> dict[str, object]:
    """A page of the rows found; one more than it holds tells that there is a next one."""
    shown = found[:limit]
    more = len(found) > limit
    last = Place(shown[-1]["revision"], UUID(shown[-1]["alert_id"])) if more else None
    return {
        "alerts": [_alert(row) for row in shown],
        "next_cursor": None if last is None else alert_cursor.encode(last),
    }


def _alert(row: Row) -> Row:
    """A row as it was published; its columns of JSON are JSON again."""
    return row | {name: orjson.Fragment(row[name]) for name in ("reasons", "evidence")}
