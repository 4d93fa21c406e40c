"""``GET /metrics`` of a worker, in a thread: whoever reaches the port cannot slow the worker.

The text is a second old at most, and all who ask together have a limit. The client library's own
server has neither, and starts a thread for every connection, for as long as that is open.
"""

import asyncio
import socket
import threading

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from connectors.bounded_http import BoundedProtocol
from connectors.cached import Cached
from connectors.http_limits import HttpLimits
from connectors.strangers import Strangers

KEPT_ALIVE_S = 75
"""Longer than from one round of the monitor, or one scrape, to the next: who comes back on a
connection just as it is closed gets no answer."""

_PATHS = ("/", "/metrics")


class MetricsProtocol(BoundedProtocol):
    """Connections of scrapers: there are few."""

    limits = HttpLimits(head_bytes=16 * 1024, pipelined=8, connections=50)


class MetricsApp:
    """The ASGI application."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._text = Cached(lambda: generate_latest(registry))
        self._strangers = Strangers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] not in _PATHS or scope["method"] not in ("GET", "HEAD"):
            answer = PlainTextResponse("See /metrics.\n", 404)
        else:
            # A flood is held back; a scraper that comes meanwhile waits for a moment, too.
            await self._strangers.admit()
            answer = PlainTextResponse(self._text.get(), media_type=CONTENT_TYPE_LATEST)
        await answer(scope, receive, send)


def serve_metrics(registry: CollectorRegistry, host: str, port: int) -> None:
    """Serve until the process ends.

    Raises:
        OSError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    config = uvicorn.Config(
        MetricsApp(registry),
        http=MetricsProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEPT_ALIVE_S,
    )
    server = uvicorn.Server(config)

    def run() -> None:
        # A loop of this thread's own: the worker's may be busy when somebody asks.
        asyncio.run(server.serve(sockets=[listener]))

    threading.Thread(target=run, name="metrics", daemon=True).start()
