"""Routes that only some keys open; asked before a body is read, and told in the document."""

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from api.access.guard import HEADER
from api.access.keys import Caller, Scope
from api.problems import Refused, Trouble, documented
from api.schemas.problem import Kind

SECURITY_SCHEME = "ApiKey"
SECURITY_SCHEMES = {SECURITY_SCHEME: {"type": "apiKey", "in": "header", "name": HEADER}}
"""For the OpenAPI document; a dependency would say the same and be solved at every request."""

_ALWAYS = (
    Kind.UNAUTHORIZED,
    Kind.FORBIDDEN,
    Kind.INVALID,
    Kind.TOO_MANY_REQUESTS,
    Kind.DEPENDENCY_DOWN,
    Kind.DEPENDENCY_REFUSES,
)


class ScopedRoute(APIRoute):
    """A route that needs :attr:`scope`."""

    scope: ClassVar[Scope]

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        told: dict[str, Any] = {"x-scope": self.scope.value, "security": [{SECURITY_SCHEME: []}]}
        more["openapi_extra"] = {**(more.get("openapi_extra") or {}), **told}
        super().__init__(path, endpoint, **more)
        self.description += f"\n\nNeeds a key with the scope `{self.scope}`."

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind the question whether the key may."""
        handle = super().get_route_handler()

        async def asked(request: Request) -> Response:
            caller: Caller = request.state.caller
            if self.scope not in caller.scopes:
                detail = f"This key lacks the scope `{self.scope}`."
                raise Refused(Trouble(Kind.FORBIDDEN, detail))
            return await handle(request)

        return asked


def scoped_router(tag: str, scope: Scope) -> APIRouter:
    """A router whose routes all need one scope."""
    kind = type(f"{scope.title()}Route", (ScopedRoute,), {"scope": scope})
    return APIRouter(
        tags=[tag],
        route_class=kind,
        responses=documented(*_ALWAYS),
    )
