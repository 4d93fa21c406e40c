"""``python -m api``: the REST interface on ``PROMO_API_HOST:PROMO_API_PORT``."""

import logging
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from connectors.bounded_http import BoundedProtocol
from connectors.errors import PromoError
from connectors.settings import Settings, load_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

GRACE_S = 5
KEPT_ALIVE_S = 65
"""Longer than the minute for which clients and balancers usually keep an idle connection."""
_LOOK_EVERY_S = 0.5
_SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"


def main() -> int:
    """Serve until terminated; requests under way get :data:`GRACE_S` to end."""
    try:
        settings = load_settings()
        if settings.api_workers > 1:
            _share_metrics(settings)
        # Made once here too, so that what is wrong is said once, and not by every worker.
        app = application()
    except PromoError as error:
        print(error, file=sys.stderr)
        return 1
    uvicorn.run(
        app if settings.api_workers == 1 else "api.__main__:worker",
        factory=settings.api_workers > 1,
        workers=settings.api_workers,
        host=settings.api_host,
        port=settings.api_port,
        ssl_certfile=settings.api_tls_certificate,
        ssl_keyfile=settings.api_tls_key,
        http=BoundedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=KEPT_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    return 0


def worker() -> "FastAPI":
    """The application in one of several processes, which ends with the one that started it."""
    threading.Thread(target=_follow, args=(os.getppid(),), name="follow", daemon=True).start()
    return application()


def _follow(parent: int) -> None:
    """A worker that outlived a killed parent would go on to answer on the port."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)


def application() -> "FastAPI":
    """What is served.

    Raises:
        PromoError: a setting, a secret or the key file is not as it must be.
    """
    # Late: prometheus_client looks at the environment when it is imported.
    import prometheus_client

    from api.main import create_app
    from stream_processors import logs

    settings = load_settings()
    logs.configure(settings.log_level)
    for name in ("httpx", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
    return create_app(settings)


def _share_metrics(settings: Settings) -> None:
    """Let workers count into files of one folder, so that each can tell what all have done."""
    folder = Path(settings.state_dir).absolute() / "run" / "api" / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[_SHARED_METRICS] = str(folder)


if __name__ == "__main__":
    sys.exit(main())
