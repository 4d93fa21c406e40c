"""Alerts as they come."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import StringConstraints
from pydantic.json_schema import SkipJsonSchema

from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.alert_stream.position import (
    LONGEST,
    PATTERN,
    Now,
    Resumed,
    Start,
    UnusablePosition,
)
from api.alert_stream.position import Since as PublishedSince
from api.alert_stream.streams import AlertStream, Listener
from api.deps import AdmittedDep, AlertStreamsDep, CallerDep
from api.problems import Refused, Trouble, documented
from api.schemas.alert import EXAMPLE_EVENT
from api.schemas.filters import Levels, Since, since_us
from api.schemas.problem import Kind
from connectors.bounded_http import abort_connection
from ml.policy import Level

router = scoped_router("alerts", Scope.READ)

LONGEST_S = 3_600
_RESUME = "Last-Event-ID"

LastEventId = Annotated[
    Annotated[str, StringConstraints(pattern=PATTERN, max_length=LONGEST)] | SkipJsonSchema[None],
    Header(
        alias=_RESUME,
        description="the id of the last event seen: the stream goes on right after it",
        examples=["12.5.0.33"],
    ),
]
ForSeconds = Annotated[
    int,
    Query(ge=1, le=LONGEST_S, description="seconds after which the stream ends by itself"),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """An open stream, and what of it is asked for."""

    stream: AlertStream
    levels: Sequence[Level]
    for_s: int


async def _opened(
    request: Request,
    streams: AlertStreamsDep,
    caller: CallerDep,
    admitted: AdmittedDep,
    levels: Levels = None,
    since: Since = None,
    for_s: ForSeconds = LONGEST_S,
    last_event_id: LastEventId = None,
) -> AsyncIterator[Asked]:
    """All that can be wrong is told here, before the answer begins."""
    start: Start = Now()
    if since is not None:
        start = PublishedSince(since_us(since) // 1_000)
    if last_event_id is not None:
        start = Resumed(last_event_id)
    drop = partial(abort_connection, request.scope)
    listener = Listener(caller.key_id, for_s, admitted, drop)
    try:
        async with streams.opened(start, listener) as stream:
            yield Asked(stream, levels or tuple(Level), for_s)
    except UnusablePosition as error:
        detail = f"The position in {_RESUME} {error}: begin without the header."
        raise Refused(Trouble(Kind.CONFLICT, detail)) from None


@router.get(
    "/v1/alerts/stream",
    response_class=EventSourceResponse,
    response_description="Server-Sent Events, each `alert` one as it was published",
    responses={
        200: {"content": {"text/event-stream": {"example": EXAMPLE_EVENT}}},
        **documented(Kind.INVALID, Kind.CONFLICT, Kind.BUSY),
    },
)
async def alert_stream(asked: Annotated[Asked, Depends(_opened)]) -> AsyncIterable[ServerSentEvent]:
    """Every revision of every alert as it is published: opened, escalated, changed, cleared.

    An event's `data` is the alert as `/v1/alerts` has it, its `id` the position after it in every
    partition. Who comes back with the newest id as `Last-Event-ID`, as browsers' EventSource does
    by itself, misses nothing and sees nothing twice; it outweighs `since`. Kept are 14 days: an
    older position, or an older `since`, begins with the earliest there is. With neither, the
    stream begins now. Published twice by a crash, a revision comes twice, with one `revision`.

    A level is meant exactly. A cleared alert has the level that its account fell to: who leaves
    out `low` and `medium` is not told of that.

    The stream ends by itself after `for_s` seconds, when the API stops, or when its key ends:
    come back. Who does not read is dropped: within 10 seconds once much waits for it, or when it
    does not read the end. Something is sent every 10 seconds at least. While Kafka is away it stays
    open and goes on where it was. Each process serves so many streams at once
    (PROMO_API_STREAMS), of them so many for a key (PROMO_API_STREAMS_PER_KEY); more are a 503 or
    a 429 that says when to try again.
    """
    async for event in asked.stream.events(asked.levels, asked.for_s):
        yield event
