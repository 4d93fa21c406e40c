"""Round every request: an id, security headers, a log line, metrics; and the last resort.

Neither bodies nor paths are logged: a route's template says enough, and a path may carry
what a caller put into it.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import UNMATCHED, ApiMetrics
from api.problems import log_defect, problem_response, trouble_of

DOCS, DOCS_FILES, OPENAPI = "/docs", "/docs-files", "/openapi.json"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
DASHBOARDS = "/dashboards"
_QUIET = frozenset({"/healthz", "/readyz", "/metrics", f"{DASHBOARDS}/{{uid}}/panels/{{panel_id}}"})
"""Asked every second or so, for as long as somebody looks."""
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NO_STORE = (b"cache-control", b"no-store")
_CSP = b"content-security-policy"
_NOTHING_ELSE = b"default-src 'none'; frame-ancestors 'none'"
# Swagger UI's page: its script and style come from here, started by an inline script.
_SWAGGER_UI = (
    _NOTHING_ELSE + b"; connect-src 'self'; img-src 'self' data:;"
    b" script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
)
# The dashboards' page: all of it comes from here, no script or style stands in a document. Of the
# charts' library two styles are let through by their hashes: "cursor:pointer" at labels that are
# links, and that of its maps, which it adds whether or not there is one.
_PAGE = (
    _NOTHING_ELSE + b"; base-uri 'none'; form-action 'self'; connect-src 'self';"
    b" img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-hashes'"
    b" 'sha256-lGP/R5jOMXytzwBHVEM5Nv4XbT9fuH6V2dET/0dje2s='"
    b" 'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"
)
_log = logging.getLogger("api.access")


class Observe:
    """ASGI middleware, outermost."""

    def __init__(
        self, app: ASGIApp, metrics: ApiMetrics, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and look at what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, started, status = _request_id(scope), self._clock(), 0
        scope.setdefault("state", {})["request_id"] = request_id

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    *_added(request_id, scope["path"], message),
                ]
            await send(message)

        try:
            await self._app(scope, receive, observed)
        except Exception as error:  # the process's edge: the caller gets a problem, we the trace
            log_defect(error, request_id)
            trouble = trouble_of(error)
            scope["problem"] = trouble.kind
            if not status:
                await problem_response(trouble, request_id)(scope, receive, observed)
        finally:
            self._note(scope, request_id, status, self._clock() - started)

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = _route(scope)
        self._metrics.answered(route, scope["method"], status, scope.get("problem"), seconds)
        level = logging.DEBUG if route in _QUIET else logging.INFO
        if _log.isEnabledFor(level):
            found = {"request_id": request_id, "method": scope["method"], "route": route,
                     "status": status, "duration_ms": round(seconds * 1000, 3)}  # fmt: skip
            _log.log(level, "answered", extra=found)


def _request_id(scope: Scope) -> str:
    """The caller's own id where it is a harmless word, else a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _route(scope: Scope) -> str:
    """The template of the route that answered, as the OpenAPI document writes it."""
    if scope["path"] in (DOCS, OPENAPI):
        return str(scope["path"])
    if scope["path"].startswith(DOCS_FILES):
        return DOCS_FILES
    return str(getattr(scope.get("route"), "path_format", UNMATCHED))


def _added(request_id: str, path: str, message: Message) -> Iterator[tuple[bytes, bytes]]:
    yield from _HEADERS
    if not any(name == _NO_STORE[0] for name, _ in message["headers"]):
        yield _NO_STORE
    of_the_page = path == DASHBOARDS or path.startswith(f"{DASHBOARDS}/")
    # Without a referrer a browser would not tell our own forms' origin either.
    yield b"referrer-policy", b"same-origin" if of_the_page else b"no-referrer"
    yield _CSP, _PAGE if of_the_page else _SWAGGER_UI if path == DOCS else _NOTHING_ELSE
    yield b"x-request-id", request_id.encode()
