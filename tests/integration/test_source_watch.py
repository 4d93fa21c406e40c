"""What is said of a source that is not as the pipeline needs it, and that each remedy mends it.

The remedies are run as they are written: whoever copies one out of ``make status`` may rely on it.
"""

from collections.abc import Iterator

import psycopg
import pytest

from connectors.pipeline_health import Problem
from connectors.settings import Settings
from connectors.source.contract import TABLES
from connectors.source.gaps import accept_slot, close_gaps
from connectors.source.session import SourceRole, open_session
from infra.native.apart import running_stack, stack_settings
from stream_processors.monitor.source_watch import SourceWatch
from tests.source_faults import FAULTS, Fault, Superuser, follow, superuser_of

NOT_HERE = "slot"
"""PostgreSQL runs alone: nobody reads the slot."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """PostgreSQL with the source tables and without a connector, to be damaged."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("source")), "schema") as started:
        yield started


@pytest.fixture(scope="module")
def superuser(settings: Settings) -> Iterator[Superuser]:
    with superuser_of(settings) as made:
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


def test_nothing_is_said_of_a_source_as_it_must_be(watch: SourceWatch) -> None:
    assert said(watch) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_differs_is_named_with_the_command_that_mends_it(
    watch: SourceWatch, superuser: Superuser, fault: Fault
) -> None:
    superuser.execute(fault.statement.encode())

    (found,) = [problem for problem in said(watch) if problem.is_present]

    assert found.what.startswith(fault.what)
    follow(found.remedy, superuser)
    assert [problem for problem in said(watch) if problem.is_present] == []


@pytest.mark.parametrize("fault", FAULTS[:4], ids=lambda fault: fault.name)
def test_rows_that_may_have_changed_meanwhile_are_to_be_compared(
    watch: SourceWatch, superuser: Superuser, settings: Settings, fault: Fault
) -> None:
    superuser.execute(fault.statement.encode())
    (found,) = [problem for problem in said(watch) if problem.is_present]
    follow(found.remedy, superuser)

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
    follow(named["publication"].remedy, superuser)
    assert "publication" not in {problem.name for problem in watch.look()}
    superuser.execute("SELECT pg_create_logical_replication_slot('promo', 'pgoutput')")


NEW_SLOT = (
    "SELECT pg_drop_replication_slot('promo')",
    "SELECT pg_create_logical_replication_slot('promo', 'pgoutput')",
)


@pytest.fixture
def marking(watch: SourceWatch, settings: Settings) -> SourceWatch:
    """A watch that knows the slot."""
    for _ in range(2):  # what was not marked is, and is remembered
        watch.look()
    forget_gaps(settings)
    return watch


def test_a_slot_that_was_made_again_between_two_looks_is_to_be_compared(
    marking: SourceWatch, superuser: Superuser
) -> None:
    """Debezium makes it again by itself, and says nothing of what is lost."""
    assert said(marking) == []
    for statement in NEW_SLOT:
        superuser.execute(statement.encode())

    (found,) = past(marking)

    assert "slot promo was dropped and made again" in found.what
    assert [problem.name for problem in past(marking)] == [found.name]  # once


def test_a_slot_that_a_new_snapshot_made_is_right(
    marking: SourceWatch, superuser: Superuser, settings: Settings
) -> None:
    for statement in NEW_SLOT:
        superuser.execute(statement.encode())
    assert past(marking)

    with open_session(settings, "tests") as shop:
        accept_slot(shop)

    for _ in range(3):
        assert past(marking) == []


def test_statistics_that_a_crash_took_say_nothing_of_the_slot(
    marking: SourceWatch, superuser: Superuser
) -> None:
    superuser.execute("SELECT pg_stat_reset_shared('bgwriter')")
    for statement in NEW_SLOT:  # as a crash would, this resets what is known of it
        superuser.execute(statement.encode())

    assert past(marking) == []


def test_a_standby_that_was_promoted_is_to_be_compared(
    marking: SourceWatch, superuser: Superuser
) -> None:
    superuser.execute(
        "UPDATE source_marks SET seen = regexp_replace(seen, '[^|]*$', '00000000')"
        " WHERE mark = 'replication slot'"
    )

    (found,) = past(marking)

    assert "another server was promoted" in found.what


def test_what_cannot_be_compared_is_said_and_hides_nothing(
    watch: SourceWatch, superuser: Superuser
) -> None:
    superuser.execute("ALTER FUNCTION mark_slot() RENAME TO not_there")
    superuser.execute("DELETE FROM source_marks WHERE mark = 'replication slot'")
    for statement in NEW_SLOT:
        superuser.execute(statement.encode())
    superuser.execute("ALTER PUBLICATION promo DROP TABLE promo_usages")

    named = {problem.name for problem in watch.look()}

    superuser.execute("ALTER PUBLICATION promo ADD TABLE promo_usages")
    superuser.execute("ALTER FUNCTION not_there() RENAME TO mark_slot")
    assert {"source not compared", "publication without promo_usages"} <= named


def test_who_may_not_see_a_row_does_not_take_it_for_gone(
    superuser: Superuser, settings: Settings
) -> None:
    superuser.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    try:
        with (
            open_session(settings, "tests", SourceRole.RECONCILER) as session,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"),
        ):
            session.execute("SELECT count(*) FROM users")
    finally:
        superuser.execute("ALTER TABLE users DISABLE ROW LEVEL SECURITY")


def past(watch: SourceWatch) -> list[Problem]:
    return [problem for problem in watch.look() if not problem.is_present]


def test_a_column_of_which_nothing_is_made_is_named_and_loses_nothing(
    watch: SourceWatch, superuser: Superuser
) -> None:
    superuser.execute("ALTER TABLE users RENAME COLUMN city TO town")

    (found,) = said(watch)

    assert found.what == "table users has no column city, of which nothing is made"
    superuser.execute("ALTER TABLE users RENAME COLUMN town TO city")
    assert said(watch) == []
