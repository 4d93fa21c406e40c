"""The least that FastAPI can do for a look-up: one route, one read of one Redis key.

No key, no limits, no metrics, no logs, no headers: what those cost is the difference.
"""

import sys

import uvicorn
from fastapi import FastAPI
from redis.asyncio import Redis
from starlette.responses import Response

from connectors.settings import Settings, load_settings, required


def minimal_app(settings: Settings) -> FastAPI:
    """The route ``/users/{user_id}/risk``."""
    redis = Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        password=required(settings.redis_password, "redis_password"),
    )
    app = FastAPI()

    @app.get("/users/{user_id}/risk")
    async def risk(user_id: str) -> Response:
        document = await redis.hget(f"risk:{user_id}", "document")
        return Response(document, media_type="application/json")

    return app


def main() -> None:
    """Serve on the port that is named."""
    uvicorn.run(
        minimal_app(load_settings()),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
    )


if __name__ == "__main__":
    main()
