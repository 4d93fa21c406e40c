"""The application: routes, and what stands round them."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from api import problems
from api.access.guard import HEADER, Guard
from api.access.key_file import Keys
from api.access.limits import Limits
from api.access.scoped import SECURITY_SCHEMES
from api.access.session import Sessions
from api.access.watch import KeyWatch
from api.dashboards import Dashboards
from api.deps import Services
from api.observe import DOCS, DOCS_FILES, OPENAPI, Observe
from api.routes import (
    alert_stream,
    alerts,
    analytics,
    claims,
    dashboard_sessions,
    dashboards,
    decisions,
    erasures,
    links,
    operations,
    risks,
    scores,
)
from api.schemas.problem import Problem
from api.shutdown import told_to_end
from connectors.settings import Settings, required
from connectors.strangers import Strangers

_log = logging.getLogger(__name__)
_ABOUT = (
    "Risk of promo-code abuse, account by account. Errors are `application/problem+json`"
    " (RFC 9457). Everything under `/v1` needs a key in `X-API-Key`: `make api-key` makes one. Keys"
    " with a limit get `RateLimit-Limit`, `-Remaining` and `-Reset` with every answer."
)
_TAGS = [
    {"name": "risk", "description": "What is believed of an account, and why."},
    {"name": "redemptions", "description": "One redemption per person, decided at the checkout."},
    {"name": "alerts", "description": "Who was flagged, page by page or live."},
    {"name": "decisions", "description": "What analysts know better."},
    {"name": "analytics", "description": "Who and what stands out, and when."},
    {"name": "erasure", "description": "Accounts that are to be forgotten."},
    {"name": "operations", "description": "For those who run it. No key."},
]


def create_app(settings: Settings) -> FastAPI:
    """The API on the configured dependencies; none of them need be there yet.

    Raises:
        SettingsError: a secret is not set, a claim's limit is malformed, or strangers could
            reach an API without keys.
        DashboardError: a dashboard cannot be shown.
        KeyFileError: the key file cannot be read.
    """
    services, keys = Services.of(settings), Keys.of(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.warm()
        # What is there by now stays: the collector need not look at it again and again.
        gc.freeze()
        watching = asyncio.create_task(KeyWatch(keys, services.delivery).run())
        _log.info("serving", extra={"host": settings.api_host, "port": settings.api_port})
        with told_to_end(services.alert_streams.end):
            yield
        watching.cancel()
        await services.close()
        _log.info("stopped")

    app = FastAPIOffline(  # its pages load nothing from elsewhere
        title="Promo Sentinel",
        version="1",
        description=_ABOUT,
        openapi_tags=_TAGS,
        docs_url=DOCS,
        static_url=DOCS_FILES,
        openapi_url=OPENAPI,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host a request names
        lifespan=lifespan,
    )
    app.state.services = services
    for resource in (
        risks,
        links,
        scores,
        claims,
        alerts,
        alert_stream,
        analytics,
        decisions,
        erasures,
        operations,
    ):
        app.include_router(resource.router)
    limits = Limits(services.store)
    sessions = Sessions(keys, required(settings.hash_key, "hash_key"))
    if settings.dashboards:
        app.state.dashboards = Dashboards.of(settings, sessions, limits, services.warehouse)
        app.include_router(dashboard_sessions.router)
        app.include_router(dashboards.router)
    problems.install(app)
    app.add_middleware(
        Guard, keys=keys, limits=limits, strangers=Strangers(), has_session=sessions.is_in
    )
    _open_to(app, settings.cors_origins)
    app.add_middleware(Observe, metrics=services.metrics)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _open_to(app: FastAPI, origins: Sequence[str]) -> None:
    """Let pages of these origins ask from a browser; none is the default."""
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=[HEADER, "Content-Type", "Idempotency-Key", "Last-Event-ID"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document and the problem that all routes refer to."""
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=_TAGS,
        )
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = schema.pop("$defs")
        components = app.openapi_schema["components"]
        components["schemas"] |= {**parts, "Problem": schema}
        components["securitySchemes"] = SECURITY_SCHEMES
    return app.openapi_schema
