"""``python -m warehouse.gateway``: serve the warehouse until SIGTERM."""

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping

# Before chdb is imported: the engine takes its time zone from the process.
os.environ["TZ"] = "UTC"
time.tzset()

import uvicorn  # noqa: E402

from connectors.bounded_http import BoundedProtocol  # noqa: E402
from connectors.errors import PromoError  # noqa: E402
from connectors.settings import Settings, load_settings, required  # noqa: E402
from warehouse.gateway.access import Users  # noqa: E402
from warehouse.gateway.app import build_app  # noqa: E402
from warehouse.gateway.engine import Engine  # noqa: E402

SHUTDOWN_TIMEOUT_S = 5
IDLE_CONNECTION_S = 60
_FIRST_INHERITED = 3


def serve(settings: Settings) -> None:
    """Open the warehouse and serve it; returns after SIGTERM or SIGINT.

    Raises:
        SettingsError: a password is not set.
        StackError: the data folder is in use or cannot be opened.
    """
    users = Users.of(
        (settings.clickhouse_user, required(settings.clickhouse_password, "clickhouse_password")),
        (
            settings.clickhouse_api_user,
            required(settings.clickhouse_api_password, "clickhouse_api_password"),
        ),
        (
            settings.clickhouse_reader_user,
            required(settings.clickhouse_reader_password, "clickhouse_reader_password"),
        ),
    )
    # uvicorn ends by raising the signal again: without a handler that would skip what follows.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    started = time.monotonic()
    engine = Engine(settings.state_dir / "clickhouse", settings.clickhouse_database)
    print(f"gateway: warehouse open after {time.monotonic() - started:.1f} s", flush=True)
    try:
        config = uvicorn.Config(
            build_app(engine, users),
            host=settings.clickhouse_host,
            port=settings.clickhouse_port,
            http=BoundedProtocol,
            log_level=settings.log_level.lower(),
            access_log=False,
            server_header=False,
            timeout_keep_alive=IDLE_CONNECTION_S,
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
        )
        inherited = inherited_socket(os.environ)
        uvicorn.Server(config).run([inherited] if inherited else None)
    finally:
        engine.close()


def inherited_socket(environment: Mapping[str, str]) -> socket.socket | None:
    """The listening socket that whoever started us has opened, as systemd hands them on.

    In a network namespace of its own a process could open none that others reach.
    """
    if environment.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_FIRST_INHERITED)


def main() -> None:
    """Serve with the settings of the environment; one line and status 1 on a known error."""
    try:
        serve(load_settings())
    except PromoError as error:
        sys.exit(f"gateway: {error}")


if __name__ == "__main__":
    main()
