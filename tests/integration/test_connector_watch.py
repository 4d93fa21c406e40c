"""A connector whose task has failed is started again by the watch, and only by it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from connectors.debezium.register import register
from connectors.debezium.rest import ConnectRest
from connectors.debezium.watch import ConnectorWatch
from connectors.errors import SettingsError, StackError
from connectors.settings import Settings
from connectors.source.apply import apply_schema
from infra.native import stack as native
from infra.native.layout import layout_of
from infra.native.postgres import PostgresServer
from infra.native.tools import find_tools
from tests.conftest import running_stack, stack_settings
from tests.reading import eventually


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """PostgreSQL, Kafka and Connect, of which this module breaks the connector."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("watch")), "connector") as settings:
        yield settings


@pytest.fixture
def locked_out(settings: Settings) -> Iterator[ConnectRest]:
    """Connect, after Debezium's role has lost its connections and the right to log in."""
    with _superuser(settings) as connection:
        connection.execute("ALTER ROLE promo_cdc NOLOGIN")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'promo_cdc'"
        )
    rest = ConnectRest(settings)
    eventually(lambda: rest.health().failed, "the task fails", timeout_s=30)
    yield rest
    _let_in(settings)


def _superuser(settings: Settings) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(_server(settings).superuser_dsn("promo"), autocommit=True)


def _server(settings: Settings) -> PostgresServer:
    return PostgresServer(find_tools().postgres, layout_of(settings), settings)


def _let_in(settings: Settings) -> None:
    apply_schema(_server(settings).superuser_dsn("promo"), settings)


def test_a_failed_task_is_started_again(settings: Settings, locked_out: ConnectRest) -> None:
    watch = ConnectorWatch(locked_out)
    _let_in(settings)

    restarted = watch.check()

    assert restarted.restarted
    assert "not permitted to log in" in restarted.trace
    eventually(lambda: watch.check().healthy, "the task runs again", timeout_s=30)


def test_restarts_keep_a_distance(settings: Settings, locked_out: ConnectRest) -> None:
    now = [100.0]
    watch = ConnectorWatch(locked_out, clock=lambda: now[0])
    assert watch.check().restarted

    eventually(lambda: locked_out.health().failed, "it fails again", timeout_s=30)
    assert not watch.check().restarted

    now[0] += 60.0
    eventually(lambda: watch.check().restarted, "it is started again", timeout_s=30)
    _let_in(settings)
    eventually(lambda: ConnectorWatch.of(settings).check().healthy, "it runs", timeout_s=30)


def test_register_says_why_the_task_does_not_run(
    settings: Settings, locked_out: ConnectRest
) -> None:
    with pytest.raises(StackError, match="not permitted to log in"):
        register(settings, timeout_s=1.0)


def test_register_says_what_connect_refuses(settings: Settings) -> None:
    eventually(lambda: ConnectorWatch.of(settings).check().healthy, "it runs", timeout_s=30)
    elsewhere = settings.model_copy(update={"postgres_database": "nowhere"})
    with pytest.raises(SettingsError, match="nowhere"):
        register(elsewhere, timeout_s=10)


def test_a_worker_that_is_away_is_unreachable_not_an_error(settings: Settings) -> None:
    native.stop_part(settings, "connect")
    assert ConnectorWatch.of(settings).check().connector == "UNREACHABLE"
    with pytest.raises(StackError, match="UNREACHABLE"):
        register(settings, timeout_s=0.5)
