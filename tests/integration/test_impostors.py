"""Who takes the port of a part that is down is told no password."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from uuid import uuid4

import pytest

from api.deps import Services
from connectors.debezium.watch import ConnectorWatch
from connectors.errors import DependencyDown
from connectors.settings import Settings, load_settings, required
from connectors.source.erasing import Eraser
from connectors.source.session import SourceRole, open_session
from infra.native.layout import layout_of
from infra.native.readiness import clickhouse_answers, redis_answers
from stream_processors.feature_store.redis_store import connect
from stream_processors.monitor.probes import clickhouse_probe, page, redis_probe
from stream_processors.monitor.samples import Sample
from tests.conftest import running_stack, stack_settings
from tests.impostor import impostor, without
from tests.reading import eventually
from warehouse import client

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become another user")
PARTS = ("redis", "clickhouse", "connector")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A stack whose parts are stopped one by one."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("impostors")), *PARTS) as settings:
        yield settings


def _refused(ask: Callable[[], object], match: str = "held by user nobody") -> None:
    with pytest.raises(DependencyDown, match=match):
        ask()


@pytest.mark.parametrize("kind", ["redis", "unaccepted"])
def test_an_impostor_of_redis_is_told_nothing(running: Settings, kind: str) -> None:
    async def asynchronously() -> None:
        store = connect(running, timeout_s=2)
        try:
            await store.ping()
        finally:
            await store.close()

    with without(running, "redis"), impostor(running.redis_port, kind) as heard:
        _refused(lambda: redis_answers(running))
        _refused(redis_probe(running))
        _refused(lambda: asyncio.run(asynchronously()))
        words = heard.words
    assert set(words.splitlines()) <= {"connected"}


@pytest.mark.parametrize("kind", ["http", "unaccepted"])
def test_an_impostor_of_clickhouse_is_told_nothing(running: Settings, kind: str) -> None:
    async def api_asks() -> str:
        services = Services.of(running)
        try:
            return (await services.watch.states())["clickhouse"].detail
        finally:
            await services.close()

    with without(running, "clickhouse"), impostor(running.clickhouse_port, kind) as heard:
        _refused(lambda: clickhouse_answers(running))
        _refused(clickhouse_probe(running))
        _refused(_page_of(running))
        _refused(lambda: client.writer(running))
        _refused(lambda: client.reader(running))
        _refused(lambda: asyncio.run(client.async_writer(running)))
        _refused(lambda: asyncio.run(client.async_reader(running)))
        assert "held by user nobody" in asyncio.run(api_asks())
        words = heard.words
    assert set(words.splitlines()) <= {"connected"}


def test_clients_that_were_connected_before_tell_the_impostor_nothing_either(
    running: Settings,
) -> None:
    async def ask_before_and_after() -> str:
        store = connect(running, timeout_s=2)
        warehouse = await client.async_reader(running)
        await store.ping()
        assert await warehouse.ping()
        with without(running, "redis"), without(running, "clickhouse"):
            redis, http = running.redis_port, running.clickhouse_port
            with impostor(redis, "redis") as first, impostor(http, "http") as second:
                with pytest.raises(DependencyDown):
                    await store.ping()
                with pytest.raises(DependencyDown), client.clickhouse_answers():
                    await warehouse.query("SELECT 1")
                words = first.words + second.words
        await store.ping()
        assert (await warehouse.query("SELECT 1")).result_rows == [(1,)]
        await store.close()
        await warehouse.close()
        return words

    assert set(asyncio.run(ask_before_and_after()).splitlines()) <= {"connected"}


def _page_of(running: Settings) -> Callable[[], list[Sample]]:
    url = f"http://127.0.0.1:{running.clickhouse_port}/"
    return page(url, ("a", "b"), verify=False, owners=running.owners)


@pytest.mark.parametrize("kind", ["cleartext", "md5", "nothing"])
def test_an_impostor_of_postgresql_is_told_no_password(running: Settings, kind: str) -> None:
    async def receipt() -> None:
        await Eraser(running).receipt(uuid4())

    with without(running, "postgres"), impostor(running.postgres_port, kind) as heard:
        for role in SourceRole:
            _refused(partial(open_session, running, "test", role), "require_auth|authentication")
        _refused(lambda: asyncio.run(receipt()), "require_auth|authentication")
        words = heard.words
    assert "connected" in words
    for secret in ("postgres_password", "postgres_cdc_password", "postgres_eraser_password"):
        assert required(getattr(running, secret), secret) not in words


def test_an_impostor_of_postgresql_is_told_no_password_by_debezium(running: Settings) -> None:
    watch = ConnectorWatch.of(running)
    port = running.postgres_port

    def came_again() -> bool:
        """So what it had to say to the first answer is said."""
        watch.check()  # restarts a task that has given up, as the monitor does
        return heard.words.count("promo_cdc") > 1

    with without(running, "postgres"), impostor(port, "cleartext") as heard:
        eventually(came_again, "Debezium connects twice", timeout_s=60)
        words = heard.words
    assert required(running.postgres_cdc_password, "postgres_cdc_password") not in words
    eventually(lambda: watch.check().healthy, "the connector's task runs again", timeout_s=60)


def test_who_knows_no_owner_of_a_port_tells_whoever_answers(running: Settings) -> None:
    """So the impostor of these tests would have heard what it was not told."""
    ignorant = running.model_copy(update={"port_owners": ""})
    password = required(running.redis_password, "redis_password")
    with without(running, "redis"), impostor(running.redis_port, "redis") as heard:
        with suppress(DependencyDown):  # its answers are no Redis's
            redis_answers(ignorant)
        assert password in heard.words


def test_commands_are_told_by_a_file_whose_each_port_is(
    running: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = layout_of(running).state / "port-owners"
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("PROMO_STATE_DIR", str(running.state_dir))
    monkeypatch.delenv("PROMO_PORT_OWNERS", raising=False)
    assert load_settings().owners == running.owners
    assert {running.redis_port, running.clickhouse_port} <= set(running.owners)
