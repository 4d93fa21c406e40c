"""The one place that makes clients of ClickHouse, real or the native stack's gateway.

Clients come without sessions, so one may be used by several threads, and without
compression: both ends are usually one machine or one network. Times come back in UTC, aware.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver import AsyncClient, Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError
from pydantic import SecretStr

from connectors.refusals import NO_SPACE, clickhouse_down
from connectors.settings import Settings, required
from warehouse.proven import proven_async_client, proven_pools


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client waits for a connection and for an answer, in seconds."""

    connect_s: float
    answer_s: float


OF_A_WORKER = Patience(connect_s=5, answer_s=120)

# Codes by which a server says "not now": the time that a question may take is over, too many
# queries, parts or mutations, no memory, no disk, a network or thread it lacks, a request that was
# cut off; and a password or a right that somebody has yet to give us. No message is to blame.
_NOT_NOW = frozenset(
    {159, 202, 209, 210, 236, 241, 242, 243, 252, 439, 692} | {192, 193, 194, 497, 516}
)


def writer(settings: Settings) -> Client:
    """A client that may read and write the warehouse.

    Raises:
        DependencyDown: ClickHouse does not answer.
        SettingsError: the password is not set.
    """
    with clickhouse_answers():
        return _client(settings, _writer(settings))


def make_database(settings: Settings) -> None:
    """Make the warehouse's database if there is none; idempotent; raises as :func:`writer`."""
    options = _writer(settings)
    name = options.pop("database")  # a client of a database that is not there is refused
    with clickhouse_answers():
        client = _client(settings, options)
        try:
            client.command("CREATE DATABASE IF NOT EXISTS {name:Identifier}", {"name": name})
        finally:
            client.close()


def reader(settings: Settings) -> Client:
    """A client that may only read, for our own parts; raises as :func:`writer`."""
    with clickhouse_answers():
        return _client(settings, _reader(settings))


def grafanas_reader(settings: Settings) -> Client:
    """A client with what Grafana and analysts may take; raises as :func:`writer`."""
    user, password = settings.clickhouse_reader_user, settings.clickhouse_reader_password
    options = _options(settings, user, password, "clickhouse_reader_password")
    with clickhouse_answers():
        return _client(settings, options)


async def async_writer(settings: Settings) -> AsyncClient:
    """As :func:`writer`, for an event loop."""
    with clickhouse_answers():
        return await proven_async_client(settings.owners, _writer(settings))


async def async_reader(settings: Settings, patience: Patience = OF_A_WORKER) -> AsyncClient:
    """As :func:`reader`, for an event loop."""
    with clickhouse_answers():
        return await proven_async_client(settings.owners, _reader(settings, patience))


@contextmanager
def clickhouse_answers() -> Iterator[None]:
    """Turn "it is not there" and "not now" into :class:`DependencyDown`.

    Put it round every use of a client that is to wait and retry; what ClickHouse refuses for
    good (a syntax error, a value that does not fit) passes through as it came.
    """
    try:
        yield
    except DatabaseError as error:
        unreachable = isinstance(error, OperationalError) and error.code is None
        if unreachable or error.code in _NOT_NOW or NO_SPACE in str(error):
            raise clickhouse_down(error, error.code) from error
        raise


def _client(settings: Settings, options: Mapping[str, Any]) -> Client:
    return clickhouse_connect.get_client(**options, pool_mgr=proven_pools(settings.owners))


def _writer(settings: Settings) -> dict[str, Any]:
    user, password = settings.clickhouse_user, settings.clickhouse_password
    return _options(settings, user, password, "clickhouse_password")


def _reader(settings: Settings, patience: Patience = OF_A_WORKER) -> dict[str, Any]:
    user, password = settings.clickhouse_api_user, settings.clickhouse_api_password
    return _options(settings, user, password, "clickhouse_api_password", patience)


def _options(
    settings: Settings,
    user: str,
    secret: SecretStr | None,
    name: str,
    patience: Patience = OF_A_WORKER,
) -> dict[str, Any]:
    return {
        "host": settings.clickhouse_host,
        "port": settings.clickhouse_port,
        "username": user,
        "password": required(secret, name),
        "database": settings.clickhouse_database,
        "compress": False,
        "connect_timeout": patience.connect_s,
        "send_receive_timeout": patience.answer_s,
        "autogenerate_session_id": False,
        # What was removed is gone from every answer, though its part is still to be rewritten.
        "settings": {"apply_mutations_on_fly": 1},
        # By default the driver hands out UTC times without an offset.
        "tz_mode": "aware",
    }
