"""The application: routes, and what stands round them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import problems
from api.access.guard import Guard
from api.access.key_file import Keys
from api.access.limits import Limits
from api.access.watch import KeyWatch
from api.deps import Services
from api.observe import DOCS, OPENAPI, Observe
from api.routes import decisions, erasures, links, operations, risks, scores
from api.schemas.problem import Problem
from connectors.settings import Settings

_log = logging.getLogger(__name__)
_ABOUT = (
    "Risk of promo-code abuse, account by account. Errors are `application/problem+json`"
    " (RFC 9457). Everything under `/v1` needs the key in `X-API-Key`."
)


def create_app(settings: Settings) -> FastAPI:
    """The API on the configured dependencies; none of them need be there yet.

    Raises:
        SettingsError: a secret is not set, or strangers could reach an API without keys.
        KeyFileError: the key file cannot be read.
    """
    services, keys = Services.of(settings), Keys.of(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.warm()
        watching = asyncio.create_task(KeyWatch(keys, services.delivery).run())
        _log.info("serving", extra={"host": settings.api_host, "port": settings.api_port})
        yield
        watching.cancel()
        await services.close()
        _log.info("stopped")

    app = FastAPI(
        title="Promo Sentinel",
        version="1",
        description=_ABOUT,
        docs_url=DOCS,
        openapi_url=OPENAPI,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    for resource in (risks, links, scores, decisions, erasures, operations):
        app.include_router(resource.router)
    problems.install(app)
    app.add_middleware(Guard, keys=keys, limits=Limits(services.store))
    app.add_middleware(Observe, metrics=services.metrics)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document and the problem that all routes refer to."""
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = schema.pop("$defs")
        app.openapi_schema["components"]["schemas"] |= {**parts, "Problem": schema}
    return app.openapi_schema
