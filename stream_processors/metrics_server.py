"""``GET /metrics`` of a worker, in a thread: whoever reaches the port cannot slow the worker.

The text is a second old at most, and all who ask together have a limit. The client library's own
server has neither, and starts a thread for every connection, for as long as that is open.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from connectors.bounded_http import BoundedProtocol
from connectors.cached import Cached
from connectors.http_limits import HttpLimits
from connectors.strangers import Strangers

KEPT_ALIVE_S = 75
"""Longer than from one round of the monitor, or one scrape, to the next: who comes back on a
connection just as it is closed gets no answer."""

_PATHS = ("/", "/metrics")

Pages = Mapping[str, Callable[[], bytes]]
"""JSON that is served beside the metrics, by path."""


class MetricsProtocol(BoundedProtocol):
    """Connections of scrapers: there are few."""

    limits = HttpLimits(head_bytes=16 * 1024, pipelined=8, connections=50)


class MetricsApp:
    """The ASGI application."""

    def __init__(self, registry: CollectorRegistry, pages: Pages) -> None:
        self._pages = {path: Cached(page) for path, page in pages.items()}
        self._text = Cached(lambda: generate_latest(registry))
        self._strangers = Strangers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer: Response
        path, is_read = scope["path"], scope["method"] in ("GET", "HEAD")
        if not is_read or path not in (*_PATHS, *self._pages):
            answer = PlainTextResponse("See /metrics.\n", 404)
        elif path in self._pages:
            await self._strangers.admit()
            answer = Response(self._pages[path].get(), media_type="application/json")
        else:
            # A flood is held back; a scraper that comes meanwhile waits for a moment, too.
            await self._strangers.admit()
            answer = PlainTextResponse(self._text.get(), media_type=CONTENT_TYPE_LATEST)
        await answer(scope, receive, send)


def serve_metrics(
    registry: CollectorRegistry, host: str, port: int, pages: Pages | None = None
) -> None:
    """Serve until the process ends, with pages of one's own if there are any.

    Raises:
        OSError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    config = uvicorn.Config(
        MetricsApp(registry, pages or {}),
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
