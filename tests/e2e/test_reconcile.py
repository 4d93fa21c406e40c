"""What no event told is found, mended, and holds afterwards; what is on its way is left alone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from connectors.debezium.slot import SLOT
from connectors.load import load
from connectors.settings import Settings, required
from connectors.topics import Topic
from infra.native import stack as native
from infra.native.layout import layout_of
from ml.parity.__main__ import parity
from stream_processors.reconcile.__main__ import reconcile
from stream_processors.reconcile.comparison import Kind
from stream_processors.reconcile.reconciliation import Found
from stream_processors.reconcile.rows import Store
from tests.conftest import running_stack, stack_settings
from tests.e2e.pipeline import Pipeline
from tests.reading import eventually
from tests.source_faults import superuser_of
from tests.traffic import write_traffic
from tests.truth import assert_exact

C, R = Store.CLICKHOUSE, Store.REDIS
USERS, CODES, USAGES = Topic.USERS, Topic.PROMO_CODES, Topic.PROMO_USAGES
MISSING, LEFT_OVER, DIFFERENT = Kind.MISSING, Kind.LEFT_OVER, Kind.DIFFERENT


class Shop(Pipeline):
    """A running stack, and its database's owner."""

    def own(self, *statements: str) -> None:
        """As a superuser."""
        with superuser_of(self.settings) as owner:
            for statement in statements:
                owner.execute(statement.encode())

    def delete_in_clickhouse(self, table: str, where: str) -> None:
        """Rows that only the warehouse has lost."""
        from warehouse.client import writer

        client = writer(self.settings)
        client.command(f"ALTER TABLE {table} DELETE WHERE {where}")
        client.close()
        self.count_when(0, f"SELECT count() FROM {table} WHERE {where}")

    def mended(self, *expected: tuple[Topic, Store, Kind], others: bool = False) -> Found:
        """Find exactly these kinds of differences, mend them; then nothing differs any more."""
        self.drained_of_shop()
        found = reconcile(self.settings, mends=False)
        if not others:
            assert set(found.counts) == set(expected)
        assert set(expected) <= set(found.counts)
        after = reconcile(self.settings, mends=True)
        assert (after.differences, after.changing) == (0, 0)
        self.drained()
        return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A stack of this module's own, with some traffic in it."""
    settings = stack_settings(tmp_path_factory.mktemp("reconcile"))
    with running_stack(settings) as ready:
        load(ready, write_traffic(tmp_path_factory.mktemp("csv"), accounts=300, seed=5))
        yield Shop(ready)


def holds(settings: Settings) -> None:
    """All places are exactly what PostgreSQL's rows make of them, and parity holds."""
    assert_exact(settings)
    found = parity(settings)
    assert found.holds, found


def test_a_stack_that_works_has_no_differences_while_the_shop_writes(
    shop: Shop, tmp_path: Path
) -> None:
    folder = write_traffic(tmp_path, accounts=400, seed=6, prefix="w")
    loading = Thread(target=load, args=(shop.settings, folder))
    loading.start()
    looked = 0
    while loading.is_alive() or not looked:
        assert reconcile(shop.settings, mends=False).differences == 0
        looked += 1
    loading.join()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET user_id = 'new id' WHERE user_id = 'old id'",
        "UPDATE promo_codes SET promo_code = 'NEW' WHERE promo_code = 'OLD'",
        "UPDATE promo_usages SET usage_id = DEFAULT WHERE user_id = 'old id'",
        "UPDATE promo_usages SET promo_code = 'OTHER' WHERE user_id = 'old id'",
        "UPDATE promo_usages SET user_id = 'swapped' WHERE user_id = 'old id'",
        # Two accounts change their ids with one another.
        "WITH away AS (UPDATE users SET user_id = 'parked' WHERE user_id = 'old id')"
        " UPDATE users SET user_id = 'moved' WHERE user_id = 'swapped'",
    ],
)
def test_a_changed_key_leaves_everywhere_what_postgresql_has(shop: Shop, statement: str) -> None:
    for user in ("old id", "swapped"):
        shop.run("DELETE FROM users WHERE user_id = %s", user)
        shop.sign_up(user, device_id=f"of {user}")
        shop.redeem(user, "OLD")
    shop.run("INSERT INTO promo_codes VALUES ('OLD', 'fixed', 5, 0) ON CONFLICT DO NOTHING")
    shop.drained_of_shop()

    shop.own(statement)
    shop.drained_of_shop()

    assert reconcile(shop.settings, mends=False).differences == 0
    holds(shop.settings)
    shop.run(
        "INSERT INTO users (user_id, created_at) VALUES ('old id', now()) ON CONFLICT DO NOTHING"
    )
    shop.drained_of_shop()
    assert reconcile(shop.settings, mends=False).differences == 0
    holds(shop.settings)


def test_ids_that_are_swapped_in_one_transaction_stay_apart(shop: Shop) -> None:
    for user in ("a", "b"):
        shop.sign_up(user, device_id=f"device {user}")
        shop.redeem(user, f"CODE {user}")
    with psycopg.connect(**_as_shop(shop.settings)) as transaction:
        for before, after in (("a", "t"), ("b", "a"), ("t", "b")):
            transaction.execute("UPDATE users SET user_id = %s WHERE user_id = %s", (after, before))
    shop.drained_of_shop()
    assert reconcile(shop.settings, mends=False).differences == 0
    holds(shop.settings)


def test_an_erasure_still_takes_an_accounts_redemptions_along(shop: Shop) -> None:
    shop.sign_up("leaves for good")
    shop.redeem("leaves for good", "LEFT")
    shop.drained_of_shop()
    shop.own(f"SELECT erase_account('leaves for good', 'test', '{uuid4()}')")
    shop.drained_of_shop()
    shop.count_when(
        0, "SELECT count() FROM promo_usages WHERE user_id = 'leaves for good'"
    )  # not even in rows that stand no more
    assert reconcile(shop.settings, mends=False).differences == 0
    holds(shop.settings)


def test_a_truncated_table_is_emptied_everywhere(shop: Shop) -> None:
    shop.own("ALTER TABLE promo_usages DISABLE TRIGGER no_truncate")
    shop.own("TRUNCATE promo_usages")
    shop.own("ALTER TABLE promo_usages ENABLE ALWAYS TRIGGER no_truncate")
    shop.sign_up("after the truncation")
    shop.redeem("after the truncation", "STAYS")
    shop.mended((USAGES, C, LEFT_OVER), (USAGES, R, LEFT_OVER))
    holds(shop.settings)


def test_what_came_while_a_table_was_out_of_the_publication_comes(shop: Shop) -> None:
    shop.sign_up("out")
    shop.redeem("out", "BEFORE")
    shop.drained_of_shop()
    shop.own("ALTER PUBLICATION promo DROP TABLE promo_usages, promo_codes")
    shop.redeem("out", "UNHEARD")
    shop.run("UPDATE promo_usages SET used_promo = false WHERE promo_code = 'BEFORE'")
    shop.run("INSERT INTO promo_codes VALUES ('UNHEARD', 'percentage', 12.5, null)")
    shop.own("ALTER PUBLICATION promo ADD TABLE promo_usages, promo_codes")
    shop.mended(
        (USAGES, C, MISSING), (USAGES, R, MISSING), (USAGES, C, DIFFERENT), (USAGES, R, LEFT_OVER),
        (CODES, C, MISSING), (CODES, R, MISSING),
    )  # fmt: skip
    holds(shop.settings)


def test_what_was_deleted_while_deletions_were_not_published_goes(shop: Shop) -> None:
    for user in ("deleted", "erased"):
        shop.sign_up(user, device_id="of both")
        shop.redeem(user, "GOES")
    shop.drained_of_shop()
    shop.own("ALTER PUBLICATION promo SET (publish = 'insert, update')")
    shop.run("DELETE FROM users WHERE user_id = 'deleted'")
    shop.own(f"SELECT erase_account('erased', 'test', '{uuid4()}')")
    shop.own("ALTER PUBLICATION promo SET (publish = 'insert, update, delete, truncate')")
    shop.mended(
        (USERS, C, LEFT_OVER), (USERS, R, LEFT_OVER), (USAGES, C, LEFT_OVER), (USAGES, R, LEFT_OVER)
    )
    assert shop.risk("erased") is None
    for table in ("promo_usages", "risk_scores"):  # no row of it is left, standing or not
        shop.count_when(0, f"SELECT count() FROM {table} WHERE user_id IN ('deleted', 'erased')")
    holds(shop.settings)


def test_rows_that_changed_without_their_old_values_are_put_right(shop: Shop) -> None:
    large = "".join(map(chr, range(0x4E00, 0x9000)))
    for user in ("without 1", "without 2"):
        shop.sign_up(user, user_agent=user + large)
        shop.redeem(user, f"CODE {user}")
    shop.redeem("without 1", "MOVES")
    shop.drained_of_shop()
    tables = ("users", "promo_usages")
    shop.own(*(f"ALTER TABLE {table} REPLICA IDENTITY DEFAULT" for table in tables))
    shop.run("UPDATE users SET city = 'Brno' WHERE user_id LIKE 'without %%'")
    shop.run("DELETE FROM promo_usages WHERE promo_code = 'CODE without 1'")
    shop.run("UPDATE promo_usages SET user_id = 'without 2' WHERE promo_code = 'MOVES'")
    shop.drained_of_shop()
    shop.own(*(f"ALTER TABLE {table} REPLICA IDENTITY FULL" for table in tables))
    shop.mended((USAGES, R, LEFT_OVER), others=True)
    holds(shop.settings)


def test_what_another_reader_of_the_slot_confirmed_comes_all_the_same(shop: Shop) -> None:
    shop.sign_up("read by another", device_id="before")
    shop.redeem("read by another", "BEFORE")
    shop.drained_of_shop()
    native.stop_part(shop.settings, "connect")
    shop.run("UPDATE users SET device_id = 'after' WHERE user_id = 'read by another'")
    shop.run("DELETE FROM promo_usages WHERE promo_code = 'BEFORE'")
    shop.sign_up("never heard of")
    eventually(lambda: _skip_log(shop), "the slot is free")
    native.start_part(shop.settings, "connect")
    shop.mended(
        (USERS, C, DIFFERENT), (USERS, R, DIFFERENT), (USERS, C, MISSING), (USERS, R, MISSING),
        (USAGES, C, LEFT_OVER), (USAGES, R, LEFT_OVER),
    )  # fmt: skip
    holds(shop.settings)


def test_rows_that_one_store_alone_has_lost_come_back_to_it(shop: Shop) -> None:
    for user in ("lost a", "lost z", "lost k", "lost in clickhouse"):
        shop.sign_up(user, device_id="shared by the lost", phone="15557654321")
        shop.redeem(user, "LOST")
    shop.run("INSERT INTO promo_codes VALUES ('LOST', 'fixed', 3, 0)")
    shop.drained_of_shop()
    shop.delete_in_clickhouse("users", "user_id = 'lost in clickhouse'")
    shop.delete_in_clickhouse("promo_usages", "promo_code = 'LOST'")
    shop.delete_in_clickhouse("promo_codes", "promo_code = 'LOST'")
    with shop.redis() as redis:
        redis.delete("a:lost a", "z:lost a", "z:lost z", "c:LOST")
        device = shop.hashed("device", "shared by the lost")
        redis.zrem(f"k:device:{device}", "lost k")
    shop.mended(
        (USERS, C, MISSING), (USAGES, C, MISSING), (CODES, C, MISSING),
        (USERS, R, MISSING), (USERS, R, DIFFERENT), (USAGES, R, MISSING), (CODES, R, MISSING),
    )  # fmt: skip
    holds(shop.settings)


def test_values_that_were_altered_on_their_way_are_put_right(shop: Shop) -> None:
    """As an older connector did, which put a column's default where a row has NULL."""
    shop.sign_up("altered")
    shop.redeem("altered", "ALTERED")
    shop.drained_of_shop()
    for topic, key in ((USERS, b"altered"), (USAGES, None)):
        message = [m for m in shop.messages(topic, key) if b"altered" in (m.value() or b"")][-1]
        value = (message.value() or b"").replace(b'"is_abuser":null', b'"is_abuser":false')
        value = value.replace(b'"device_id":null', b'"device_id":"none"')
        value = value.replace(b'"used_promo":true', b'"used_promo":false')
        shop.produce(topic, message.key(), value)
    shop.drained()
    shop.mended(
        (USERS, C, DIFFERENT), (USERS, R, DIFFERENT), (USAGES, C, DIFFERENT), (USAGES, R, MISSING)
    )
    holds(shop.settings)


def test_a_transaction_that_is_open_while_its_row_is_mended_wins(shop: Shop) -> None:
    """Its change has an earlier position than the mend, and is committed after it was asked for."""
    shop.sign_up("open", device_id="first")
    shop.drained_of_shop()
    shop.delete_in_clickhouse("users", "user_id = 'open'")
    mending = Thread(target=reconcile, args=(shop.settings,), kwargs={"mends": True})
    with psycopg.connect(**_as_shop(shop.settings)) as transaction:
        transaction.execute("UPDATE users SET device_id = 'second' WHERE user_id = 'open'")
        mending.start()
        mending.join(timeout=3)
        assert mending.is_alive()  # it waits for the transaction's end
    mending.join()
    shop.drained_of_shop()
    assert reconcile(shop.settings, mends=False).differences == 0
    second = shop.hashed("device", "second")
    assert shop.rows("SELECT device FROM users FINAL WHERE user_id = 'open'") == [(second,)]


def test_the_command_says_what_it_finds_by_its_exit_code_and_nothing_personal(shop: Shop) -> None:
    shop.sign_up("said", email="said@secret.example", phone="15550001111")
    shop.drained_of_shop()
    assert _command(shop.settings).returncode == 0
    shop.delete_in_clickhouse("users", "user_id = 'said'")
    found = _command(shop.settings)
    assert found.returncode == 1
    assert "users clickhouse: 1 missing ('said')" in found.stdout
    mended = _command(shop.settings, "--apply")
    assert (mended.returncode, "secret" in found.stdout + mended.stdout) == (0, False)
    native.stop_part(shop.settings, "redis")
    down = _command(shop.settings)
    native.start_part(shop.settings, "redis")
    assert (down.returncode, down.stderr.startswith("reconcile: Redis")) == (2, True)


def _command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    layout = layout_of(settings)
    environment = {
        f"PROMO_{name.upper()}": value.get_secret_value()
        if hasattr(value, "get_secret_value")
        else str(value)
        for name, value in settings
        if value is not None
    }
    return subprocess.run(
        [sys.executable, "-m", "stream_processors.reconcile", *arguments],
        env={**environment, "PROMO_STACK": str(layout.state), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _skip_log(shop: Shop) -> bool:
    try:
        shop.own(f"SELECT pg_replication_slot_advance('{SLOT}', pg_current_wal_lsn())")
    except psycopg.errors.ObjectInUse:
        return False
    return True


def _as_shop(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.postgres_host,
        "port": settings.postgres_port,
        "dbname": settings.postgres_database,
        "user": settings.postgres_user,
        "password": required(settings.postgres_password, "postgres_password"),
    }
