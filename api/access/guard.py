"""Who may ask, how often, and how much: ``/v1`` needs a key, and no body grows without bounds.

All of it is refused before a body is read; of one that does not tell its length, no more is.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.key_file import Keys
from api.access.keys import Caller
from api.access.limits import Allowance, Limits
from api.problems import RETRY_AFTER_S, Trouble, problem_response, trouble_of
from api.schemas.problem import Kind
from connectors.errors import DependencyDown
from connectors.strangers import Strangers

HEADER = "X-API-Key"
PROTECTED = "/v1"
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
LONGEST_BODY = 64 * 1024
LONGER_BODIES: Mapping[str, int] = MappingProxyType({"/v1/score/batch": 4 * 1024 * 1024})
"""Paths whose bodies hold more than one row."""

_UNKNOWN = Trouble(
    Kind.UNAUTHORIZED,
    f"Send a live key in the header {HEADER}; this one is none.",
    {"WWW-Authenticate": "APIKey"},
)
_GARBLED = Trouble(Kind.BAD_REQUEST, "The path is not UTF-8.")
_REPLACEMENT = "\ufffd"
_TOO_MANY_STRANGERS = Trouble(
    Kind.TOO_MANY_REQUESTS,
    "Too many ask without a live key.",
    {"Retry-After": str(RETRY_AFTER_S), "Connection": "close"},
)


class Guard:
    """ASGI middleware; puts the caller, and whether it still is one, into the request's state."""

    def __init__(
        self,
        app: ASGIApp,
        keys: Keys,
        limits: Limits,
        strangers: Strangers,
        has_session: Callable[[Scope], bool],
    ) -> None:
        self._app, self._keys, self._limits = app, keys, limits
        self._strangers, self._has_session = strangers, has_session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _is_garbled(scope):
            await _refuse(scope, receive, send, _GARBLED)
        elif _protected(scope["path"]):
            await self._of_a_caller(scope, receive, send)
        elif await self._is_welcome(scope):
            await self._of_bounded_size(scope, receive, send)
        else:
            await _refuse(scope, receive, send, _TOO_MANY_STRANGERS)

    async def _is_welcome(self, scope: Scope) -> bool:
        """Whether a request that needs no key is answered; probes and scrapers always are."""
        if self._caller(scope) is not None or self._has_session(scope):
            return True
        return await self._strangers.admit() or scope["path"] in PROBES

    async def _of_a_caller(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = self._caller(scope)
        if caller is None:
            admitted = await self._strangers.admit()
            await _refuse(scope, receive, send, _UNKNOWN if admitted else _TOO_MANY_STRANGERS)
            return
        scope["state"]["caller"] = caller
        # Asked again by answers that take long: a key may be revoked meanwhile.
        scope["state"]["is_admitted"] = lambda: self._caller(scope) is not None
        try:
            allowance = await self._limits.admit(caller)
        except DependencyDown as error:
            await _refuse(scope, receive, send, trouble_of(error))
            return
        if allowance is None:
            await self._of_bounded_size(scope, receive, send)
        elif allowance.admitted:
            await self._of_bounded_size(scope, receive, _telling(allowance, send))
        else:
            detail = f"This key may ask {allowance.limit} times a minute."
            trouble = Trouble(Kind.TOO_MANY_REQUESTS, detail, allowance.headers)
            await _refuse(scope, receive, send, trouble)

    async def _of_bounded_size(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = LONGER_BODIES.get(scope["path"], LONGEST_BODY)
        if _told_length(scope) > most:
            await _refuse(scope, receive, send, _too_large(most))
        else:
            await self._app(scope, _limited(receive, most), send)

    def _caller(self, scope: Scope) -> Caller | None:
        given = Headers(scope=scope).getlist(HEADER)
        if len(given) != 1:  # of two, a proxy might look at the other one
            return None
        return self._keys.ring.caller(given[0].encode("latin-1"), datetime.now(UTC))


def _is_garbled(scope: Scope) -> bool:
    """Whether a path is no UTF-8: it would be read as another account's."""
    if _REPLACEMENT not in scope["path"]:
        return False
    try:
        unquote_to_bytes(scope.get("raw_path", b"")).decode()
    except UnicodeDecodeError:
        return True
    return False


def _protected(path: str) -> bool:
    return path == PROTECTED or path.startswith(f"{PROTECTED}/")


def _told_length(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "0")
    return int(told) if told.isdecimal() else 0


def _too_large(most: int) -> Trouble:
    return Trouble(Kind.BODY_TOO_LARGE, f"A body may have {most // 1024} KiB here.")


def _limited(receive: Receive, most: int) -> Receive:
    """A receive that stops a body which grows too long on its way."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise HTTPException(413, _too_large(most).detail)
        return message

    return limited


def _telling(allowance: Allowance, send: Send) -> Send:
    """A send that adds what the caller has left."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(allowance.headers)
        await send(message)

    return telling


async def _refuse(scope: Scope, receive: Receive, send: Send, trouble: Trouble) -> None:
    scope["problem"] = trouble.kind
    await problem_response(trouble, scope["state"]["request_id"])(scope, receive, send)
