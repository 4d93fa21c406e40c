"""Who may ask: everything under ``/v1`` needs the key, and is refused before its body is read."""

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import Trouble, problem_response
from api.schemas.problem import Kind
from connectors.errors import SettingsError
from connectors.settings import Settings

HEADER = "X-API-Key"
PROTECTED = "/v1"
SHORTEST_KEY = 16


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


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or not _protected(scope["path"]) or self._knows(scope):
            await self._app(scope, receive, send)
            return
        scope["problem"] = Kind.UNAUTHORIZED
        detail = f"Send the key in the header {HEADER}."
        trouble = Trouble(Kind.UNAUTHORIZED, detail, {"WWW-Authenticate": "APIKey"})
        await problem_response(trouble, scope["state"]["request_id"])(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        given = Headers(scope=scope).get(HEADER, "").encode()
        return hmac.compare_digest(given, self._key)


def _protected(path: str) -> bool:
    return path == PROTECTED or path.startswith(f"{PROTECTED}/")
