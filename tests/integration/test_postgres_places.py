"""PostgreSQL while somebody without a password takes its places, and who notices."""

import socket
from collections.abc import Callable
from contextlib import ExitStack

import psycopg
import pytest

from connectors.errors import DependencyDown
from connectors.settings import Settings
from connectors.source.session import SourceRole, open_session
from infra.native.layout import layout_of
from infra.native.postgres import PostgresServer
from infra.native.tools import find_tools
from stream_processors.monitor.probes import PostgresProbe
from tests.reading import eventually

IDLE = 400


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    """PostgreSQL with the roles."""
    return partial_stack("schema")


def _superuser(settings: Settings) -> psycopg.Connection[tuple[object, ...]]:
    server = PostgresServer(find_tools().postgres, layout_of(settings), settings)
    return psycopg.connect(server.superuser_dsn(settings.postgres_database), autocommit=True)


def _is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_others_get_in_while_hundreds_of_connections_say_nothing(settings: Settings) -> None:
    place = (settings.postgres_host, settings.postgres_port)
    with ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(place)) for _ in range(IDLE)]
        for role in SourceRole:
            open_session(settings, "tests", role).close()
        PostgresProbe(settings).look()
        eventually(lambda: all(map(_is_closed, idle)), "silent connections stay open")


def test_the_monitor_notices_that_nobody_new_gets_in(settings: Settings) -> None:
    probe = PostgresProbe(settings, new_session_every_s=0)
    probe.look()
    user = settings.postgres_monitor_user
    with _superuser(settings) as superuser:
        superuser.execute(f"ALTER ROLE {user} NOLOGIN")
        try:
            with pytest.raises(DependencyDown, match="PostgreSQL"):
                probe.look()
        finally:
            superuser.execute(f"ALTER ROLE {user} LOGIN")
    probe.look()
