"""The routes of ClickHouse's HTTP interface."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from warehouse.gateway.access import User, Users
from warehouse.gateway.body import LARGE_BYTES, received
from warehouse.gateway.engine import Engine, Summary
from warehouse.gateway.errors import GatewayError
from warehouse.gateway.guard import Guard, Words
from warehouse.gateway.request import QueryRequest, credentials, parse, query_id_of
from warehouse.gateway.responses import complete, failed, streamed
from warehouse.gateway.runner import Runner

_CLIENT_CLOSED_REQUEST = 499
_LARGE_BODIES = 4
"""Of a user's, at once; others wait before they are read."""
# Up to here an answer is sent as a whole, with a summary and, if it fails, an HTTP status.
_BUFFERED_BYTES = 262_144

T = TypeVar("T")


def build_app(engine: Engine, users: Users, guard: Guard | None = None) -> Starlette:
    """The application; it owns threads, not the engine."""
    guard = guard or Guard(Words.of(engine.functions(), engine.table_functions()))
    runner, version = Runner(engine, users, guard), engine.version()
    room = {user.name: asyncio.Semaphore(_LARGE_BODIES) for user in users.everyone}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await runner.close()

    async def answer(request: Request) -> Response:
        query_id = ""
        try:
            query_id = query_id_of(request)
            user = users.authenticate(*credentials(request, request.query_params))
            async with received(request, user.limits, room[user.name]) as body:
                query = await _parsed(request, body, engine.database)
                if not query.text:
                    return PlainTextResponse("Ok.\n")
                return await _executed(request, replace(query, query_id=query_id), user, runner)
        except GatewayError as error:
            return failed(error, query_id, version)

    app = Starlette(
        routes=[
            Route("/", answer, methods=["GET", "POST"]),
            Route("/ping", _ok, methods=["GET"]),
            Route("/replicas_status", _ok, methods=["GET"]),
        ],
        lifespan=lifespan,
    )
    app.state.runner = runner
    return app


async def _ok(_: Request) -> Response:
    return PlainTextResponse("Ok.\n")


async def _parsed(request: Request, body: bytes, database: str) -> QueryRequest:
    if len(body) < LARGE_BYTES:
        return parse(request, body, database)
    return await asyncio.to_thread(parse, request, body, database)


async def _executed(request: Request, query: QueryRequest, user: User, runner: Runner) -> Response:
    """Wait for a small result's end, a large one's beginning, or the client's leaving."""
    watcher = asyncio.ensure_future(_disconnected(request))
    try:
        job = await _unless(watcher, runner.start(user, query))
        if job is None:
            return Response(status_code=_CLIENT_CLOSED_REQUEST)
        gone = partial(runner.cancel, job)
        head: list[bytes] = []
        while sum(map(len, head)) < _BUFFERED_BYTES:
            match await _unless(watcher, job.outbox.get()):
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


async def _unless(watcher: "asyncio.Future[None]", wanted: Coroutine[Any, Any, T]) -> T | None:
    """What is waited for, or None if the client left before it."""
    waiting = asyncio.ensure_future(wanted)
    waited: set[asyncio.Future[Any]] = {waiting, watcher}
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    with suppress(asyncio.CancelledError, GatewayError):
        await waiting
    return None


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
