"""Erasing an account in PostgreSQL: the role that can do nothing else, and its receipts."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from connectors.errors import DependencyDown
from connectors.settings import Settings, required
from connectors.source.apply import apply_schema
from connectors.source.erasing import Eraser, Receipt
from infra.native.layout import layout_of
from infra.native.postgres import PostgresServer
from infra.native.tools import find_tools
from tests.conftest import free_ports
from tests.reading import eventually

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    """PostgreSQL with the source tables."""
    return partial_stack("schema")


def connected(settings: Settings, user: str, password: str) -> Connection:
    return psycopg.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        dbname=settings.postgres_database,
        user=user,
        password=password,
        autocommit=True,
    )


@pytest.fixture(scope="module")
def shop(settings: Settings) -> Iterator[Connection]:
    """The shop's own connection to its tables."""
    password = required(settings.postgres_password, "postgres_password")
    with connected(settings, settings.postgres_user, password) as connection:
        yield connection


@pytest.fixture(scope="module")
def eraser_session(settings: Settings) -> Iterator[Connection]:
    """A session of the eraser's role, for what it must not be able to do."""
    password = required(settings.postgres_eraser_password, "postgres_eraser_password")
    with connected(settings, settings.postgres_eraser_user, password) as connection:
        yield connection


@pytest.fixture
def eraser(settings: Settings) -> Eraser:
    return Eraser(settings)


async def nothing(_: Receipt) -> None:
    """Records an erasure nowhere."""


def sign_up(shop: Connection, user_id: str, redemptions: int = 2) -> None:
    shop.execute("INSERT INTO users (user_id, created_at) VALUES (%s, now())", (user_id,))
    for _ in range(redemptions):
        redeem(shop, user_id)


def redeem(shop: Connection, user_id: str) -> None:
    shop.execute(
        "INSERT INTO promo_usages (user_id, promo_code, used_at) VALUES (%s, 'C', now())",
        (user_id,),
    )


def rows_of(shop: Connection, user_id: str) -> tuple[int, int]:
    """How many rows an account has in users, and in promo_usages."""
    found = shop.execute(
        "SELECT (SELECT count(*) FROM users WHERE user_id = %(user)s),"
        " (SELECT count(*) FROM promo_usages WHERE user_id = %(user)s)",
        {"user": user_id},
    ).fetchone()
    assert found is not None
    return found[0], found[1]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM users",
        "SELECT * FROM promo_usages",
        "SELECT * FROM promo_codes",
        "SELECT * FROM erasures",
        "DELETE FROM users",
        "DELETE FROM promo_usages",
        "DELETE FROM erasures",
        "UPDATE users SET email = 'x'",
        "INSERT INTO users (user_id, created_at) VALUES ('x', now())",
        "INSERT INTO erasures VALUES (gen_random_uuid(), 'x', 'x', now(), 1, true)",
        "TRUNCATE users",
        "ALTER TABLE users DISABLE TRIGGER ALL",
        "CREATE TABLE public.mine (a int)",
        "CREATE OR REPLACE FUNCTION erase_account(account text, asked_by text, receipt uuid)"
        " RETURNS SETOF erasures LANGUAGE sql AS 'SELECT * FROM erasures'",
        "SET ROLE promo_owner",
        "SET ROLE promo_app",
    ],
)
def test_the_eraser_can_do_nothing_but_erase(
    eraser_session: Connection, statement: LiteralString
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        eraser_session.execute(statement)


def session_of(settings: Settings, role: str) -> Connection:
    password = required(getattr(settings, f"{role}_password"), role)
    return connected(settings, getattr(settings, f"{role}_user"), password)


def test_the_monitor_sees_no_table(settings: Settings) -> None:
    """Of the shop's, nor any other object; the slots it does see, and what it writes itself."""
    with session_of(settings, "postgres_monitor") as session:
        rights = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"
        ours = session.execute(
            "SELECT relname,"
            " has_table_privilege(oid, %s) OR has_any_column_privilege(oid, 'SELECT')"
            " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')",
            (rights,),
        ).fetchall()
        assert {"users", "promo_codes", "promo_usages", "erasures"} <= {name for name, _ in ours}
        own = {"heartbeats", "source_gaps", "source_marks"}
        assert {name for name, allowed in ours if allowed} == own
        functions = session.execute(
            "SELECT proname FROM pg_proc WHERE prosecdef AND has_function_privilege(oid, 'EXECUTE')"
        ).fetchall()
        may_call = {"read_unread_log", "skip_unread_log", "mark_slot"}
        assert {name for (name,) in functions} == may_call
        assert not session.execute(
            "SELECT roleid::regrole FROM pg_auth_members WHERE member = current_user::regrole"
        ).fetchall()
        for table in ("users", "promo_codes", "promo_usages", "erasures"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
        session.execute("SELECT confirmed_flush_lsn FROM pg_replication_slots")
        session.execute("SELECT pg_current_wal_lsn()")


def test_the_reconciler_reads_and_changes_nothing(settings: Settings) -> None:
    with session_of(settings, "postgres_reconciler") as session:
        rights = "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"
        for table in ("users", "promo_codes", "promo_usages"):
            row = session.execute(
                "SELECT has_table_privilege(%s, 'SELECT'), has_table_privilege(%s, %s),"
                " has_any_column_privilege(%s, 'INSERT, UPDATE, REFERENCES')",
                (table, table, rights, table),
            ).fetchone()
            assert row == (True, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("SELECT FROM erasures")
        assert not session.execute(
            "SELECT proname FROM pg_proc WHERE prosecdef AND has_function_privilege(oid, 'EXECUTE')"
        ).fetchall()
        assert not session.execute(
            "SELECT roleid::regrole FROM pg_auth_members WHERE member = current_user::regrole"
        ).fetchall()


@pytest.mark.parametrize(
    "role",
    ["postgres", "postgres_cdc", "postgres_monitor", "postgres_eraser", "postgres_reconciler"],
)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMPORARY TABLE mine (n int)",
        "CREATE TABLE mine (n int)",
        "CREATE SCHEMA mine",
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'much')",
        "SELECT lo_put(1, 0, 'much')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT pg_logical_emit_message(true, 'much', 'more'::bytea)",
        "SELECT pg_advisory_lock(n, n) FROM generate_series(1, 2) AS n",
        "SELECT pg_advisory_xact_lock_shared(n) FROM generate_series(1, 2) AS n",
        "SET temp_file_limit = -1",
    ],
)
def test_no_role_keeps_anything_of_its_own(
    settings: Settings, role: str, statement: LiteralString
) -> None:
    with (
        session_of(settings, role) as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        session.execute(statement)


@pytest.mark.parametrize("role", ["postgres_monitor", "postgres_eraser", "postgres_reconciler"])
def test_who_has_no_need_writes_no_message_into_the_log(settings: Settings, role: str) -> None:
    with (
        session_of(settings, role) as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        session.execute("SELECT pg_logical_emit_message(false, 'much', 'more')")


@pytest.mark.parametrize(
    "secret", ["postgres", "postgres_cdc", "postgres_monitor", "postgres_reconciler"]
)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM erasures",
        "SELECT erase_account('nobody', 'me', gen_random_uuid())",
        "SELECT erasure_receipt(gen_random_uuid())",
    ],
)
def test_nobody_else_can_erase_or_read_receipts(
    settings: Settings, secret: str, statement: LiteralString
) -> None:
    user, password = f"{secret}_user", required(getattr(settings, f"{secret}_password"), secret)
    with (
        connected(settings, getattr(settings, user), password) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


async def test_an_erasure_deletes_the_accounts_rows_and_leaves_a_receipt(
    shop: Connection, eraser: Eraser
) -> None:
    sign_up(shop, "er-anna")
    sign_up(shop, "er-ben")

    receipt = await eraser.erase("er-anna", "privacy-desk", nothing)

    assert receipt is not None
    assert (receipt.user_id, receipt.requested_by) == ("er-anna", "privacy-desk")
    assert receipt.registered
    assert await eraser.receipt(receipt.receipt_id) == receipt
    assert rows_of(shop, "er-anna") == (0, 0)
    assert rows_of(shop, "er-ben") == (1, 2)


async def test_erasing_twice_answers_the_same_receipt_and_a_return_begins_a_new_one(
    shop: Connection, eraser: Eraser
) -> None:
    sign_up(shop, "er-cleo")
    first = await eraser.erase("er-cleo", "desk", nothing)
    assert await eraser.erase("er-cleo", "somebody else", nothing) == first

    sign_up(shop, "er-cleo")
    second = await eraser.erase("er-cleo", "desk", nothing)
    assert first is not None
    assert second is not None
    assert second.receipt_id != first.receipt_id
    assert second.version > first.version
    assert await eraser.erase("er-cleo", "desk", nothing) == second


async def test_redemptions_without_a_registration_are_erased_too(
    shop: Connection, eraser: Eraser
) -> None:
    redeem(shop, "er-dora")
    receipt = await eraser.erase("er-dora", "desk", nothing)
    assert receipt is not None
    assert not receipt.registered
    assert rows_of(shop, "er-dora") == (0, 0)


async def test_of_an_unknown_account_or_receipt_there_is_none(eraser: Eraser) -> None:
    assert await eraser.erase("er-nobody", "desk", nothing) is None
    assert await eraser.receipt(uuid.uuid4()) is None


async def test_an_erasure_that_cannot_be_recorded_deletes_nothing(
    shop: Connection, eraser: Eraser
) -> None:
    seen: list[Receipt] = []

    async def refuse(receipt: Receipt) -> None:
        seen.append(receipt)
        raise DependencyDown("Kafka: away")

    sign_up(shop, "er-eve")
    with pytest.raises(DependencyDown, match="Kafka"):
        await eraser.erase("er-eve", "desk", refuse)
    assert rows_of(shop, "er-eve") == (1, 2)
    assert await eraser.receipt(seen[0].receipt_id) is None


def test_an_account_that_the_shop_deletes_takes_its_redemptions_along(shop: Connection) -> None:
    sign_up(shop, "er-fay")
    shop.execute("DELETE FROM users WHERE user_id = 'er-fay'")
    assert rows_of(shop, "er-fay") == (0, 0)


async def test_rows_that_somebody_holds_are_waited_for_for_seconds(
    settings: Settings, shop: Connection, eraser: Eraser
) -> None:
    sign_up(shop, "er-gus")
    password = required(settings.postgres_password, "postgres_password")
    with (
        connected(settings, settings.postgres_user, password) as holder,
        holder.transaction(),
    ):
        holder.execute("UPDATE users SET email = 'x' WHERE user_id = 'er-gus'")
        with pytest.raises(DependencyDown, match="PostgreSQL"):
            await eraser.erase("er-gus", "desk", nothing)
    assert await eraser.erase("er-gus", "desk", nothing) is not None


async def test_postgresql_that_is_away_is_a_dependency_that_is_down(settings: Settings) -> None:
    away = settings.model_copy(update={"postgres_port": free_ports(1)[0]})
    with pytest.raises(DependencyDown, match="PostgreSQL"):
        await Eraser(away).receipt(uuid.uuid4())


def test_applying_the_schema_again_changes_nothing(
    settings: Settings, eraser_session: Connection
) -> None:
    server = PostgresServer(find_tools().postgres, layout_of(settings), settings)
    apply_schema(server.superuser_dsn(settings.postgres_database), settings)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        eraser_session.execute("SELECT * FROM users")
    eraser_session.execute("SELECT * FROM erasure_receipt(gen_random_uuid())")


def test_receipts_are_not_published(settings: Settings) -> None:
    server = PostgresServer(find_tools().postgres, layout_of(settings), settings)
    with psycopg.connect(server.superuser_dsn(settings.postgres_database)) as superuser:
        found = superuser.execute("SELECT tablename FROM pg_publication_tables").fetchall()
    assert {row[0] for row in found} == {"users", "promo_codes", "promo_usages", "heartbeats"}


def test_a_statement_that_fails_leaves_no_value_in_the_log(
    settings: Settings, shop: Connection
) -> None:
    sign_up(shop, "er-secret-hal")
    with pytest.raises(psycopg.errors.UniqueViolation):
        sign_up(shop, "er-secret-hal")
    with pytest.raises(psycopg.errors.NotNullViolation):
        shop.execute("INSERT INTO users (user_id, email) VALUES ('er-secret-ida', 'er-secret@x')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        shop.execute("INSERT INTO users (user_id, created_at) VALUES ('er-secret-hal', now())")

    log = layout_of(settings).log_of("postgres")
    eventually(lambda: log.read_text().count("duplicate key value") >= 2, "both are in the log")
    assert "er-secret" not in log.read_text()
