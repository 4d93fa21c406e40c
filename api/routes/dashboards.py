"""The built-in page of the dashboards: documents, files, answers. Not in the OpenAPI document:
it is a page, and its addresses are nobody's interface."""

import asyncio
from collections.abc import Mapping
from html import escape
from typing import Annotated
from urllib.parse import parse_qsl, quote, urlsplit

import orjson
from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.access.guard import HEADER
from api.access.keys import Caller, Scope
from api.access.session import COOKIE, LASTS_S
from api.dashboards import Asked, Dashboards
from api.observe import DASHBOARDS
from api.problems import Refused, Trouble
from api.schemas.problem import Kind
from grafana.viewer.board import Board

router = APIRouter(prefix=DASHBOARDS, include_in_schema=False)

_LOGIN = f"{DASHBOARDS}/login"
_LONGEST = 2_000
_FOREVER = "public, max-age=31536000, immutable"
_WRONG = "This key opens nothing: it is mistyped, revoked or expired."
_NOT_READING = "This key lacks the scope “read”."
_ELSEWHERE = "The form was sent from another page. Log in here."


async def _dashboards(request: Request) -> Dashboards:
    found: Dashboards = request.app.state.dashboards
    return found


DashboardsDep = Annotated[Dashboards, Depends(_dashboards)]


async def _reader(request: Request, dashboards: DashboardsDep) -> Caller:
    """Who asks for data: a session, or a program with a key of its own and its limit.

    A session's questions do not count against the key's limit per minute: an open page asks a
    dozen in a second, paces itself, and all pages together have few places.
    """
    presented = request.headers.get(HEADER)
    if presented is None:
        caller = dashboards.sessions.caller(request.cookies.get(COOKIE, ""))
        if caller is None:
            detail = f"Log in at {_LOGIN}, or send a live key in the header {HEADER}."
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


@router.get("/login")
async def login_page(dashboards: DashboardsDep, next: str = "") -> Response:
    """The form."""
    return _form(dashboards, next)


@router.post("/login")
async def login(request: Request, dashboards: DashboardsDep) -> Response:
    """Begin a session. Attempts are not counted: a key is 256 random bits."""
    form = dict(parse_qsl((await request.body()).decode("latin-1")))
    key, wanted = form.get("key", "").strip(), form.get("next", "")
    if not _from_here(request):
        return _form(dashboards, wanted, _ELSEWHERE, 403)
    caller = dashboards.sessions.presented(key.encode())
    if caller is None:
        return _form(dashboards, wanted, _WRONG, 401)
    if Scope.READ not in caller.scopes:
        return _form(dashboards, wanted, _NOT_READING, 403)
    answer = RedirectResponse(_within_the_page(wanted), 303)
    answer.set_cookie(
        COOKIE,
        dashboards.sessions.begin(caller),
        max_age=LASTS_S,
        path=DASHBOARDS,
        secure=dashboards.is_tls,
        httponly=True,
        # Not strict: a link in a chat leads to the page, and no GET changes anything.
        samesite="lax",
    )
    return answer


@router.post("/logout")
async def logout(dashboards: DashboardsDep) -> Response:
    """End the session in this browser; a cookie from elsewhere is not sent with a POST."""
    answer = RedirectResponse(_LOGIN, 303)
    answer.delete_cookie(
        COOKIE, path=DASHBOARDS, secure=dashboards.is_tls, httponly=True, samesite="lax"
    )
    return answer


@router.get("/{uid}")
async def page(request: Request, uid: str, dashboards: DashboardsDep) -> Response:
    """A dashboard, or the form for who is not logged in."""
    if dashboards.sessions.caller(request.cookies.get(COOKIE, "")) is None:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{_LOGIN}?next={quote(path, safe='')}", 303)
    board = await _board(uid, dashboards)
    return _document(dashboards, "index.html", {"title": board.title})


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


def _form(
    dashboards: Dashboards, wanted: str, message: str = "", status: int = 200
) -> HTMLResponse:
    told = {"next": _within_the_page(wanted), "message": message}
    return _document(dashboards, "login.html", told, status)


def _document(
    dashboards: Dashboards, name: str, told: Mapping[str, str], status: int = 200
) -> HTMLResponse:
    text = dashboards.files.documents[name]
    text = text.replace("{{static}}", f"{DASHBOARDS}/static/{dashboards.files.version}")
    for placeholder, value in told.items():
        text = text.replace(f"{{{{{placeholder}}}}}", escape(value))
    return HTMLResponse(text, status)


def _within_the_page(wanted: str) -> str:
    """An address of the page, whatever was asked for: nobody is sent elsewhere."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return DASHBOARDS
    inside = parts.path.startswith(f"{DASHBOARDS}/") and not (parts.scheme or parts.netloc)
    harmless = wanted.isprintable() and "\\" not in wanted and len(wanted) <= _LONGEST
    return wanted if inside and harmless and parts.path != _LOGIN else DASHBOARDS


def _from_here(request: Request) -> bool:
    """Whether a browser sent the form from our own page, as far as it says."""
    return request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
