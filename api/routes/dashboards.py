"""The built-in page of the dashboards: documents, files, answers. Not in the OpenAPI document:
it is a page, and its addresses are nobody's interface."""

import asyncio
from typing import Annotated
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.access.guard import HEADER
from api.access.keys import Caller, Scope
from api.access.session import COOKIE
from api.dashboards import Asked, DashboardsDep
from api.observe import DASHBOARDS
from api.problems import Refused, Trouble
from api.routes.dashboard_sessions import LOGIN
from api.schemas.problem import Kind
from grafana.viewer.board import Board

router = APIRouter(prefix=DASHBOARDS, include_in_schema=False)

_FOREVER = "public, max-age=31536000, immutable"


async def _reader(request: Request, dashboards: DashboardsDep) -> Caller:
    """Who asks for data: a session, or a program with a key of its own and its limit.

    A session's questions do not count against the key's limit per minute: an open page asks a
    dozen in a second, paces itself, and all pages together have few places.
    """
    presented = request.headers.get(HEADER)
    if presented is None:
        caller = dashboards.sessions.caller(request.cookies.get(COOKIE, ""))
        if caller is None:
            detail = f"Log in at {LOGIN}, or send a live key in the header {HEADER}."
            raise Refused(Trouble(Kind.UNAUTHORIZED, detail, {"WWW-Authenticate": "APIKey"}))
        return caller
    caller = dashboards.sessions.presented(presented.encode("latin-1"))
    if caller is None:
        detail = f"Send a live key in the header {HEADER}; this one is none."
        raise Refused(Trouble(Kind.UNAUTHORIZED, detail, {"WWW-Authenticate": "APIKey"}))
    if Scope.READ not in caller.scopes:
        raise Refused(Trouble(Kind.FORBIDDEN, f"This key lacks the scope `{Scope.READ}`."))
    allowance = await dashboards.limits.admit(caller)
    if allowance is not None and not allowance.admitted:
        detail = f"This key may ask {allowance.limit} times a minute."
        raise Refused(Trouble(Kind.TOO_MANY_REQUESTS, detail, allowance.headers))
    return caller


async def _board(uid: str, dashboards: DashboardsDep) -> Board:
    if uid not in dashboards.boards:
        raise Refused(Trouble(Kind.ROUTE_UNKNOWN, "There is no such dashboard."))
    return dashboards.boards[uid]


async def _asked(
    request: Request,
    begin: Annotated[str, Query(alias="from", max_length=40)],
    end: Annotated[str, Query(alias="to", max_length=40)] = "now",
) -> Asked:
    return Asked(begin, end, request.query_params.multi_items())


ReaderDep = Annotated[Caller, Depends(_reader)]
BoardDep = Annotated[Board, Depends(_board)]
AskedDep = Annotated[Asked, Depends(_asked)]


@router.get("")
@router.get("/")
async def index(dashboards: DashboardsDep) -> Response:
    """The first dashboard."""
    return RedirectResponse(f"{DASHBOARDS}/{next(iter(dashboards.boards))}", 303)


@router.get("/static/{version}/{name}")
async def static_file(
    request: Request, dashboards: DashboardsDep, version: str, name: str
) -> Response:
    """A script or style; the address tells the version, so a browser keeps it."""
    file = dashboards.files.files.get(name)
    if file is None or version != dashboards.files.version:
        raise Refused(Trouble(Kind.ROUTE_UNKNOWN, "There is no such file."))
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        compressed = await asyncio.to_thread(lambda: file.compressed)
        return Response(compressed, 200, headers, file.media_type)
    return Response(file.content, 200, headers, file.media_type)


@router.get("/{uid}")
async def page(request: Request, uid: str, dashboards: DashboardsDep) -> Response:
    """A dashboard, or the form for who is not logged in."""
    if dashboards.sessions.caller(request.cookies.get(COOKIE, "")) is None:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{LOGIN}?next={quote(path, safe='')}", 303)
    board = await _board(uid, dashboards)
    return HTMLResponse(dashboards.files.document("index.html", title=board.title))


@router.get("/{uid}/board")
async def board(dashboards: DashboardsDep, _: ReaderDep, found: BoardDep) -> Response:
    """What the page needs of a dashboard."""
    return _json(dashboards.shown(found))


@router.get("/{uid}/panels/{panel_id}")
async def panel(
    dashboards: DashboardsDep,
    _: ReaderDep,
    found: BoardDep,
    asked: AskedDep,
    panel_id: Annotated[int, Path(ge=0)],
) -> Response:
    """A panel's columns and rows: ``?from=now-90d&to=now&var-code=a&var-code=b``."""
    shown = found.panel(panel_id)
    if shown is None or shown.target is None:
        raise Refused(Trouble(Kind.ROUTE_UNKNOWN, "There is no such panel with data."))
    return _json(await dashboards.answer(found, shown, asked))


@router.get("/{uid}/variables/{name}")
async def variable(
    dashboards: DashboardsDep, _: ReaderDep, found: BoardDep, asked: AskedDep, name: str
) -> Response:
    """The values that may be chosen."""
    listed = found.variable(name)
    if listed is None:
        raise Refused(Trouble(Kind.ROUTE_UNKNOWN, "There is no such variable."))
    return _json(await dashboards.options(found, listed, asked))


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
