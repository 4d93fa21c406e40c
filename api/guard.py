"""Who may ask, and how much: ``/v1`` needs the key, and nobody sends more than a row's worth.

Both are refused before a body is read; of one that does not tell its length, no more is.
"""

import hmac

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Trouble, problem_response
from api.schemas.problem import Kind
from connectors.errors import SettingsError
from connectors.settings import Settings

HEADER = "X-API-Key"
PROTECTED = "/v1"
SHORTEST_KEY = 16
LONGEST_BODY = 64 * 1024


def api_key(settings: Settings) -> str:
    """The key that callers must send.

    Raises:
        SettingsError: there is none, or it can be guessed; the message says where to set it.
    """
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    if not key and settings.api_key_file.exists():
        key = settings.api_key_file.read_text().strip()
    if len(key) < SHORTEST_KEY:
        raise SettingsError(
            f"PROMO_API_KEY is not set or has fewer than {SHORTEST_KEY} characters: set it"
            f" (`make up` makes one in {settings.api_key_file})"
        )
    return key


_UNKNOWN = Trouble(
    Kind.UNAUTHORIZED, f"Send the key in the header {HEADER}.", {"WWW-Authenticate": "APIKey"}
)
_TOO_LARGE = Trouble(Kind.BODY_TOO_LARGE, f"A body may have {LONGEST_BODY // 1024} KiB.")


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _protected(scope["path"]) and not self._knows(scope):
            await _refuse(scope, receive, send, _UNKNOWN)
        elif _told_length(scope) > LONGEST_BODY:
            await _refuse(scope, receive, send, _TOO_LARGE)
        else:
            await self._app(scope, _limited(receive), send)

    def _knows(self, scope: Scope) -> bool:
        given = Headers(scope=scope).get(HEADER, "").encode()
        return hmac.compare_digest(given, self._key)


def _protected(path: str) -> bool:
    return path == PROTECTED or path.startswith(f"{PROTECTED}/")


def _told_length(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "0")
    return int(told) if told.isdecimal() else 0


def _limited(receive: Receive) -> Receive:
    """A receive that stops a body which grows too long on its way."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > LONGEST_BODY:
            raise HTTPException(413, _TOO_LARGE.detail)
        return message

    return limited


async def _refuse(scope: Scope, receive: Receive, send: Send, trouble: Trouble) -> None:
    scope["problem"] = trouble.kind
    await problem_response(trouble, scope["state"]["request_id"])(scope, receive, send)
