"""What is said of a source that is not as the pipeline needs it, and that each remedy mends it.

The remedies are run as they are written: whoever copies one out of ``make status`` may rely on it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from connectors.pipeline_health import Problem
from connectors.settings import Settings
from connectors.source.contract import TABLES
from connectors.source.gaps import close_gaps
from connectors.source.session import open_session
from infra.native.apart import running_stack, stack_settings
from infra.native.layout import layout_of
from infra.native.postgres import PostgresServer
from infra.native.tools import find_tools
from stream_processors.monitor.source_watch import SourceWatch

Superuser = psycopg.Connection[tuple[Any, ...]]
STATEMENTS = re.compile(r"as the tables' owner: (.+?;)(?: [a-z]|$)")
NOT_HERE = "slot"
"""PostgreSQL runs alone: nobody reads the slot."""

ACTS: Sequence[tuple[str, str, str]] = (
    ("a table is taken out", "ALTER PUBLICATION promo DROP TABLE promo_usages",
     "publication promo has not got table promo_usages"),
    ("heartbeats are taken out", "ALTER PUBLICATION promo DROP TABLE heartbeats",
     "publication promo has not got table heartbeats"),
    ("rows are filtered", "ALTER PUBLICATION promo SET TABLE users WHERE (user_id > 'm'),"
     " promo_codes, promo_usages, heartbeats",
     "publication promo has a row filter for table users"),
    ("no deletions are published", "ALTER PUBLICATION promo SET (publish = 'insert, update')",
     "publication promo does not publish delete"),
    ("nothing is published", "ALTER PUBLICATION promo SET (publish = '')",
     "publication promo does not publish insert, update, delete"),
    ("the publication is dropped", "DROP PUBLICATION promo", "publication promo does not exist"),
    ("old rows are not sent", "ALTER TABLE promo_usages REPLICA IDENTITY DEFAULT",
     "table promo_usages has no REPLICA IDENTITY FULL"),
    ("nothing of old rows is sent", "ALTER TABLE users REPLICA IDENTITY NOTHING",
     "table users has no REPLICA IDENTITY FULL"),
    ("a column is renamed", "ALTER TABLE users RENAME COLUMN device_id TO device",
     "table users has no column device_id: its rows are set aside"),
    ("a column is dropped", "ALTER TABLE promo_codes DROP COLUMN discount_type",
     "table promo_codes has no column discount_type"),
    ("a column is generated", "ALTER TABLE users DROP COLUMN is_email_verified;"
     " ALTER TABLE users ADD COLUMN is_email_verified boolean"
     " GENERATED ALWAYS AS (email IS NOT NULL) STORED",
     "column users.is_email_verified is generated"),
    ("a column of another type", "ALTER TABLE users ALTER COLUMN dob TYPE timestamptz USING NULL",
     "column users.dob is timestamptz, not date"),
    ("TRUNCATE is let in", "ALTER TABLE promo_codes DISABLE TRIGGER no_truncate",
     "table promo_codes does not refuse TRUNCATE"),
    ("Debezium may not read", "REVOKE SELECT ON users FROM promo_cdc",
     "role promo_cdc may not read table users"),
)  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """PostgreSQL with the source tables and without a connector, to be damaged."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("source")), "schema") as started:
        yield started


@pytest.fixture(scope="module")
def superuser(settings: Settings) -> Iterator[Superuser]:
    server = PostgresServer(find_tools().postgres, layout_of(settings), settings)
    with psycopg.connect(server.superuser_dsn(settings.postgres_database), autocommit=True) as made:
        made.execute("SELECT pg_create_logical_replication_slot('promo', 'pgoutput')")
        yield made


@pytest.fixture
def watch(settings: Settings, superuser: Superuser) -> Iterator[SourceWatch]:
    """A watch that has seen the source well, with nothing left to compare."""
    made = SourceWatch(settings)
    made.look()
    forget_gaps(settings)
    yield made
    forget_gaps(settings)


def forget_gaps(settings: Settings) -> None:
    with open_session(settings, "tests") as shop:
        row = shop.execute("SELECT now()").fetchone()
        assert row is not None
        close_gaps(shop, row[0])


def said(watch: SourceWatch) -> list[Problem]:
    return [problem for problem in watch.look() if not problem.name.startswith(NOT_HERE)]


@contextmanager
def as_owner(superuser: Superuser) -> Iterator[None]:
    superuser.execute("SET ROLE promo_owner")
    try:
        yield
    finally:
        superuser.execute("RESET ROLE")


def test_nothing_is_said_of_a_source_as_it_must_be(watch: SourceWatch) -> None:
    assert said(watch) == []


@pytest.mark.parametrize(("act", "expected"), [act[1:] for act in ACTS], ids=[a[0] for a in ACTS])
def test_what_differs_is_named_with_the_command_that_mends_it(
    watch: SourceWatch, superuser: Superuser, settings: Settings, act: str, expected: str
) -> None:
    superuser.execute(act.encode())

    (found,) = [problem for problem in said(watch) if problem.is_present]

    assert found.what.startswith(expected)
    (statements,) = STATEMENTS.findall(found.remedy)
    with as_owner(superuser):
        superuser.execute(statements.encode())
    assert [problem for problem in said(watch) if problem.is_present] == []


@pytest.mark.parametrize(
    "act", [act[1] for act in ACTS if "not" in act[2] or "filter" in act[2]][:3]
)
def test_rows_that_may_have_changed_meanwhile_are_to_be_compared(
    watch: SourceWatch, superuser: Superuser, settings: Settings, act: str
) -> None:
    superuser.execute(act.encode())
    (found,) = [problem for problem in said(watch) if problem.is_present]
    (statements,) = STATEMENTS.findall(found.remedy)
    with as_owner(superuser):
        superuser.execute(statements.encode())

    past = said(watch)

    assert past
    assert not any(problem.is_present for problem in past)
    assert all("make reconcile" in problem.remedy for problem in past)
    forget_gaps(settings)
    assert said(watch) == []


def test_a_publication_that_was_changed_between_two_looks_is_to_be_compared(
    watch: SourceWatch, superuser: Superuser
) -> None:
    superuser.execute("ALTER PUBLICATION promo DROP TABLE promo_usages")
    with as_owner(superuser):
        superuser.execute("ALTER PUBLICATION promo ADD TABLE promo_usages")

    (found,) = said(watch)

    assert "the publication was changed" in found.what
    assert not found.is_present


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("who", ["the owner", "a superuser"])
def test_a_truncate_is_refused(superuser: Superuser, table: str, who: str) -> None:
    superuser.execute("SET ROLE promo_owner" if who == "the owner" else "RESET ROLE")
    try:
        with pytest.raises(psycopg.errors.RaiseException, match=f"TRUNCATE of (public.)?{table}"):
            superuser.execute(f"TRUNCATE {table}".encode())
    finally:
        superuser.execute("RESET ROLE")


def test_a_truncate_that_went_around_the_guard_is_to_be_compared(
    watch: SourceWatch, superuser: Superuser
) -> None:
    superuser.execute("ALTER TABLE promo_codes DISABLE TRIGGER no_truncate")
    superuser.execute("TRUNCATE promo_codes")
    superuser.execute("ALTER TABLE promo_codes ENABLE ALWAYS TRIGGER no_truncate")

    (found,) = said(watch)

    assert "table promo_codes was truncated" in found.what


def test_a_source_without_slot_and_publication_names_both(
    watch: SourceWatch, superuser: Superuser
) -> None:
    superuser.execute("DROP PUBLICATION promo")
    superuser.execute("SELECT pg_drop_replication_slot('promo')")
    watch.look()  # what may be over in a moment is said the second time

    named = {problem.name: problem for problem in watch.look()}

    assert {"publication", "slot"} <= named.keys()
    (statements,) = STATEMENTS.findall(named["publication"].remedy)
    with as_owner(superuser):
        superuser.execute(statements.encode())
    assert "publication" not in {problem.name for problem in watch.look()}
    superuser.execute("SELECT pg_create_logical_replication_slot('promo', 'pgoutput')")


def test_a_column_of_which_nothing_is_made_is_named_and_loses_nothing(
    watch: SourceWatch, superuser: Superuser
) -> None:
    superuser.execute("ALTER TABLE users RENAME COLUMN city TO town")

    (found,) = said(watch)

    assert found.what == "table users has no column city, of which nothing is made"
    with as_owner(superuser):
        superuser.execute("ALTER TABLE users RENAME COLUMN town TO city")
    assert said(watch) == []
