"""The gateway's server: the engine, the application, and the socket that they answer at."""

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping

import uvicorn

from connectors.bounded_http import BoundedProtocol
from connectors.settings import Settings, required
from warehouse.gateway.access import Users
from warehouse.gateway.app import build_app
from warehouse.gateway.ceiling import watch_memory
from warehouse.gateway.engine import Engine
from warehouse.gateway.guard import Guard
from warehouse.gateway.limits import PROCESS_MEMORY_BYTES
from warehouse.gateway.runner import Runner

SHUTDOWN_TIMEOUT_S = 5
IDLE_CONNECTION_S = 60
_FIRST_INHERITED = 3


def serve(
    settings: Settings,
    users: Users,
    guard: Guard | None = None,
    memory_bytes: int = PROCESS_MEMORY_BYTES,
) -> None:
    """Open the warehouse and serve it; returns after SIGTERM or SIGINT.

    Args:
        settings: the folder and the address.
        users: who may connect.
        guard: judges statements; by default one that knows the engine's words.
        memory_bytes: which the process may take; it ends beyond that.

    Raises:
        StackError: the data folder is in use or cannot be opened.
    """
    # uvicorn ends by raising the signal again: without a handler that would skip what follows.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    started = time.monotonic()
    engine = Engine(settings.state_dir / "clickhouse", settings.clickhouse_database)
    watch_memory(memory_bytes)
    print(f"gateway: warehouse open after {time.monotonic() - started:.1f} s", flush=True)
    app = build_app(engine, users, guard)
    try:
        config = uvicorn.Config(
            app,
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
        _Server(config, app.state.runner).run([inherited] if inherited else None)
    finally:
        if app.state.runner.is_stuck:
            # Nothing is written any more, and the engine would wait for what still reads.
            print("gateway: a statement did not stop: ended without it", flush=True)
            os._exit(0)
        engine.close()


class _Server(uvicorn.Server):
    """Stops reads before it waits for answers under way: its port is free until it is back."""

    def __init__(self, config: uvicorn.Config, runner: Runner) -> None:
        super().__init__(config)
        self._runner = runner

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._runner.stop_reads()
        await super().shutdown(sockets)


def users_of(settings: Settings) -> Users:
    """Who may connect.

    Raises:
        SettingsError: a password is not set.
    """
    s = settings
    return Users.of(
        (s.clickhouse_user, required(s.clickhouse_password, "clickhouse_password")),
        (s.clickhouse_api_user, required(s.clickhouse_api_password, "clickhouse_api_password")),
        (
            s.clickhouse_reader_user,
            required(s.clickhouse_reader_password, "clickhouse_reader_password"),
        ),
    )


def inherited_socket(environment: Mapping[str, str]) -> socket.socket | None:
    """The listening socket that whoever started us has opened, as systemd hands them on.

    In a network namespace of its own a process could open none that others reach.
    """
    if environment.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_FIRST_INHERITED)
