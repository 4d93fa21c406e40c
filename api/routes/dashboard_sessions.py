"""Logging in to the dashboards' page, and out. Not in the OpenAPI document, as the page."""

from urllib.parse import parse_qsl, unquote, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.access.keys import Scope
from api.access.session import COOKIE, LASTS_S
from api.dashboards import Dashboards, DashboardsDep
from api.observe import DASHBOARDS

router = APIRouter(prefix=DASHBOARDS, include_in_schema=False)

LOGIN = f"{DASHBOARDS}/login"
_LONGEST = 2_000
_FORMS = ("login", "logout")
_NO_STEPS = ("", ".", "..")
_WRONG = "This key opens nothing: it is mistyped, revoked or expired."
_NOT_READING = "This key lacks the scope “read”."
_ELSEWHERE = "The form was sent from another page. Send it from here."


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
async def logout(request: Request, dashboards: DashboardsDep) -> Response:
    """End the session in this browser."""
    if not _from_here(request):
        return _form(dashboards, "", _ELSEWHERE, 403)
    answer = RedirectResponse(LOGIN, 303)
    answer.delete_cookie(
        COOKIE, path=DASHBOARDS, secure=dashboards.is_tls, httponly=True, samesite="lax"
    )
    return answer


def _form(
    dashboards: Dashboards, wanted: str, message: str = "", status: int = 200
) -> HTMLResponse:
    text = dashboards.files.document("login.html", next=_within_the_page(wanted), message=message)
    return HTMLResponse(text, status)


def _within_the_page(wanted: str) -> str:
    """An address of the page, whatever was asked for: nobody is sent elsewhere."""
    if not wanted.isprintable() or len(wanted) > _LONGEST:
        return DASHBOARDS
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return DASHBOARDS
    segments = _unquoted(parts.path).split("/")
    inside = segments[:2] == DASHBOARDS.split("/") and not (parts.scheme or parts.netloc)
    # Browsers take a backslash for a slash, and go up at two dots, encoded or not.
    steps = segments[2:]
    harmless = not any(step in _NO_STEPS or "\\" in step for step in steps)
    return wanted if inside and steps and harmless and steps[0] not in _FORMS else DASHBOARDS


def _unquoted(path: str) -> str:
    """A path without any encoding, however often it was encoded."""
    while (plain := unquote(path)) != path:
        path = plain
    return path


def _from_here(request: Request) -> bool:
    """Whether a browser sent the form from our own page, as far as it says.

    Browsers that say nothing of sites (old ones, and all where the page has no TLS) name the
    origin; programs say nothing at all.
    """
    site = request.headers.get("sec-fetch-site", "none")
    if site != "none":
        return site == "same-origin"
    sender = request.headers.get("origin") or request.headers.get("referer")
    return sender is None or _host_of(sender) == request.headers.get("host", "").lower()


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None
