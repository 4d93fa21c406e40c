"""The routes of ClickHouse's HTTP interface."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from warehouse.gateway.access import Users
from warehouse.gateway.engine import Engine, Summary
from warehouse.gateway.errors import GatewayError
from warehouse.gateway.outbox import Message
from warehouse.gateway.request import QueryRequest, body_of, credentials, parse
from warehouse.gateway.responses import complete, failed, streamed
from warehouse.gateway.runner import Job, Runner

_CLIENT_CLOSED_REQUEST = 499
_LARGE_BODY_BYTES = 65_536
# Up to here an answer is sent as a whole, with a summary and, if it fails, an HTTP status.
_BUFFERED_BYTES = 262_144


def build_app(engine: Engine, users: Users) -> Starlette:
    """The application; it owns threads, not the engine."""
    runner, version = Runner(engine), engine.version()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await runner.close()

    async def answer(request: Request) -> Response:
        query_id = request.query_params.get("query_id") or str(uuid.uuid4())
        try:
            user = users.authenticate(*credentials(request, request.query_params))
            query = await _parsed(request, engine.database)
            query_id = query.query_id
            if not query.text:
                return PlainTextResponse("Ok.\n")
            return await _executed(request, query, await runner.start(user, query), runner)
        except GatewayError as error:
            return failed(error, query_id, version)

    return Starlette(
        routes=[
            Route("/", answer, methods=["GET", "POST"]),
            Route("/ping", _ok, methods=["GET"]),
            Route("/replicas_status", _ok, methods=["GET"]),
        ],
        lifespan=lifespan,
    )


async def _ok(_: Request) -> Response:
    return PlainTextResponse("Ok.\n")


async def _parsed(request: Request, database: str) -> QueryRequest:
    body = await body_of(request)
    if len(body) < _LARGE_BODY_BYTES:
        return parse(request, body, database)
    return await asyncio.to_thread(parse, request, body, database)


async def _executed(request: Request, query: QueryRequest, job: Job, runner: Runner) -> Response:
    """Wait for a small result's end, a large one's beginning, or the client's leaving."""

    async def gone() -> None:
        await runner.cancel(job)

    watcher = asyncio.ensure_future(_disconnected(request))
    try:
        head: list[bytes] = []
        while sum(map(len, head)) < _BUFFERED_BYTES:
            match await _next(job, watcher):
                case None:
                    await gone()
                    return Response(status_code=_CLIENT_CLOSED_REQUEST)
                case bytes(chunk):
                    head.append(chunk)
                case Summary() as summary:
                    body = b"".join(head)
                    return complete(body, summary, query.query_id, job.fmt, query.gzip)
                case GatewayError() as error:
                    raise error
        return streamed(head, job.outbox, query.query_id, job.fmt, query.gzip, gone)
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher


async def _next(job: Job, watcher: "asyncio.Future[None]") -> Message | None:
    """The job's next message, or None if the client left before it."""
    message = asyncio.ensure_future(job.outbox.get())
    waited: set[asyncio.Future[Any]] = {message, watcher}
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if message.done():
        return message.result()
    message.cancel()
    return None


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
