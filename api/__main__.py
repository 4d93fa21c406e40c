"""``python -m api``: the REST interface on ``PROMO_API_HOST:PROMO_API_PORT``."""

import logging
import sys

import prometheus_client
import uvicorn

from api.main import create_app
from connectors.errors import SettingsError
from connectors.settings import load_settings
from stream_processors import logs

GRACE_S = 5


def main() -> int:
    """Serve until terminated; requests under way get :data:`GRACE_S` to end."""
    try:
        settings = load_settings()
        logs.configure(settings.log_level)
        for name in ("httpx", "uvicorn"):
            logging.getLogger(name).setLevel(logging.WARNING)
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        app = create_app(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    uvicorn.run(
        app,
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=GRACE_S,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
