"""CSV files into a real PostgreSQL: counts that add up, repetition, interruption, rejections."""

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from connectors.columns import LONGEST_IDENTIFIER
from connectors.errors import LoadError
from connectors.load import load
from connectors.loading import write
from connectors.loading.summary import LoadSummary
from connectors.loading.tables import Table
from connectors.loading.values import Reason
from connectors.settings import Settings, required
from connectors.source.session import Connection, open_session
from infra.native.layout import REPOSITORY
from tests.reading import eventually

TABLES = ("users", "promo_codes", "promo_usages")
NOAAT = REPOSITORY / Settings(_env_file=None).noaat_dir
needs_noaat = pytest.mark.skipif(
    not NOAAT.is_dir(), reason=f"the Noaat files are not in {NOAAT} (PROMO_NOAAT_DIR)"
)


@pytest.fixture
def source(partial_stack: Callable[..., Settings], tmp_path: Path) -> Iterator[Settings]:
    """An empty source database, and a state folder of the test's own for rejected lines."""
    settings = partial_stack("postgres", "schema")
    _empty(settings)
    yield settings.model_copy(update={"state_dir": tmp_path / "state"})
    _empty(settings)


def _empty(settings: Settings) -> None:
    with open_session(settings, "tests") as session:
        for table in TABLES:
            session.execute(f"DELETE FROM {table}".encode())


@pytest.fixture
def session(source: Settings) -> Iterator[Connection]:
    """A session of the test's own with the source database."""
    with open_session(source, "tests") as session:
        yield session


def folder_of(tmp_path: Path, **files: str | bytes) -> Path:
    """A folder of CSV files."""
    folder = tmp_path / "csv"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def rows_in(session: Connection, table: str) -> int:
    row = session.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def counts(summary: LoadSummary) -> dict[str, tuple[int, int, int]]:
    """Accepted, duplicates and rejected by file."""
    return {
        file.table.name.lower(): (file.accepted, file.duplicates, sum(file.rejected.values()))
        for file in summary.files
    }


NOAAT_ACCEPTED = {"users": 8_998, "promo_codes": 947, "promo_usages": 8_990}


@needs_noaat
def test_the_noaat_files_load_once_however_often_they_are_loaded(
    source: Settings, session: Connection
) -> None:
    first = load(source, NOAAT)
    second = load(source, NOAAT)

    assert counts(first) == {
        "users": (8_998, 0, 0),
        "promo_codes": (947, 0, 53),
        "promo_usages": (8_990, 0, 0),
    }
    assert counts(second) == {
        "users": (0, 8_998, 0),
        "promo_codes": (0, 947, 53),
        "promo_usages": (0, 8_990, 0),
    }
    assert {table: rows_in(session, table) for table in TABLES} == NOAAT_ACCEPTED
    assert first.rows_per_s > 2_000


@needs_noaat
def test_registrations_and_redemptions_are_interleaved_in_event_time_order(
    source: Settings, session: Connection
) -> None:
    load(source, NOAAT)

    # A row's xmin is its transaction: later events are never in an earlier one.
    row = session.execute(
        b"WITH events AS ("
        b" SELECT created_at AS at, xmin::text::bigint AS tx FROM users"
        b" UNION ALL SELECT used_at, xmin::text::bigint FROM promo_usages),"
        b" ranked AS (SELECT tx, max(tx) OVER (ORDER BY at) AS latest FROM events)"
        b" SELECT count(*) FILTER (WHERE tx < latest), count(DISTINCT tx) FROM ranked"
    ).fetchone()
    assert row is not None
    early, transactions = row
    assert early == 0
    assert transactions > 20


@needs_noaat
def other_sessions(session: Connection) -> int:
    """How many other clients the database has."""
    found = session.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    ).fetchone()
    assert found is not None
    return int(found[0])


def test_a_load_that_is_killed_completes_when_it_is_repeated(
    source: Settings, session: Connection
) -> None:
    environment = {
        **os.environ,
        "PROMO_STATE_DIR": str(source.state_dir),
        "PROMO_POSTGRES_PORT": str(source.postgres_port),
        "PROMO_POSTGRES_PASSWORD": required(source.postgres_password, "postgres_password"),
    }
    command = [sys.executable, "-m", "connectors.load", str(NOAAT), "--no-wait", "--rate", "4000"]
    loader = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: rows_in(session, "promo_usages") > 500, "the load is in its middle")
    finally:
        loader.send_signal(signal.SIGKILL)
        loader.wait()
    # PostgreSQL may be committing the last transaction still.
    eventually(lambda: not other_sessions(session), "the loader's session has ended")
    before = sum(rows_in(session, table) for table in TABLES)

    summary = load(source, NOAAT)

    assert before < sum(NOAAT_ACCEPTED.values())
    assert sum(file.duplicates for file in summary.files) == before
    assert {table: rows_in(session, table) for table in TABLES} == NOAAT_ACCEPTED


class _Interrupted(Exception):
    pass


@pytest.mark.parametrize("after", [1, 100, 999])
def test_an_interrupted_load_completes_with_the_same_result(
    source: Settings, session: Connection, tmp_path: Path, after: int
) -> None:
    lines = [f"user-{n % 700},X,2023-01-01 {n % 24}:00:00,True" for n in range(1_000)]
    folder = folder_of(
        tmp_path, promo_usages="\n".join(["user_id,promo_code,used_at,used_promo", *lines])
    )

    def interrupt(step: str, done: int, total: int) -> None:
        if step == "rows" and done >= after:
            raise _Interrupted

    with pytest.raises(_Interrupted):
        load(source, folder, rate=20_000, on_progress=interrupt)
    load(source, folder)

    assert rows_in(session, "promo_usages") == len(set(lines))


USERS = """\
user_id,created_at,email,is_email_verified,dob,is_abuser
anna,2023-01-01 9:00:00,anna@example.org,TRUE,1990-01-31,False
bert,2023-01-02 09:00:00,,maybe,,
carl,2023-01-03,"two
lines",t,1990-02-30,
,2023-01-04,x@example.org,,,
dora,someday,,,,
anna,2023-01-01T09:00:00Z,anna@example.org,true,1990-01-31,FALSE
anna,2023-01-05 9:00:00,anna@example.org,TRUE,1990-01-31,False
emil,2023-01-06,,,,
fred,2023-01-07,
"""
CODES = """\
promo_code,discount_type,discount_value,min_purchase_amount
A,percentage,10,50
A,percentage,10.0,50
A,fixed_amount,10,50
B,some new type,,
C,percentage,ten,
"""
REDEMPTIONS = b"""\
user_id,promo_code,used_at,used_promo
nobody,A,2023-01-01 10:00:00,True
anna,A,2023-01-01 10:00:00,
anna,A,2023-01-01 10:00:00+00,
anna,A,2023-01-01 10:00:00,False
\xff,A,2023-01-01 10:00:00,True
an\0na,A,2023-01-01 10:00:00,True
anna,B,2022-12-31 23:59:59.5,True"""


def test_bad_lines_are_rejected_with_their_reasons_and_the_counts_add_up(
    source: Settings, session: Connection, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path, users=USERS, promo_codes=CODES, promo_usages=REDEMPTIONS)

    summary = load(source, folder)

    assert {
        file.table: (file.records, file.accepted, file.duplicates) for file in summary.files
    } == {
        Table.USERS: (9, 2, 1),
        Table.PROMO_CODES: (5, 2, 1),
        Table.PROMO_USAGES: (7, 3, 1),
    }
    assert {file.table: file.rejected for file in summary.files} == {
        Table.USERS: {
            Reason.BOOLEAN: 1,
            Reason.DATE: 1,
            Reason.MISSING: 1,
            Reason.TIMESTAMP: 1,
            Reason.CONFLICT: 1,
            Reason.FIELD_COUNT: 1,
        },
        Table.PROMO_CODES: {Reason.CONFLICT: 1, Reason.NUMBER: 1},
        Table.PROMO_USAGES: {Reason.CONFLICT: 1, Reason.UTF8: 1, Reason.NUL: 1},
    }
    assert [rows_in(session, table) for table in TABLES] == [2, 2, 3]
    assert _rejected_lines(summary) == {
        ("users.csv", "3"), ("users.csv", "4"), ("users.csv", "6"), ("users.csv", "7"),
        ("users.csv", "9"), ("users.csv", "11"), ("promo_codes.csv", "4"),
        ("promo_codes.csv", "6"), ("promo_usages.csv", "5"), ("promo_usages.csv", "6"),
        ("promo_usages.csv", "7"),
    }  # fmt: skip


def _rejected_lines(summary: LoadSummary) -> set[tuple[str, str]]:
    assert summary.rejects is not None
    with summary.rejects.open(errors="surrogateescape", newline="") as file:
        return {(row["file"], row["line"]) for row in csv.DictReader(file)}


def test_what_is_in_the_database_wins_over_the_files(
    source: Settings, session: Connection, tmp_path: Path
) -> None:
    session.execute("INSERT INTO users VALUES ('anna', '2023-01-01', 'other@example.org')")
    session.execute("INSERT INTO users VALUES ('emil', 'infinity')")
    folder = folder_of(tmp_path, users="user_id,created_at\nanna,2023-01-01\nemil,2023-01-01\n")

    (file,) = load(source, folder).files

    assert file.rejected == {Reason.CONFLICT: 2}


def test_a_row_that_postgresql_refuses_is_rejected_alone(
    source: Settings, session: Connection, tmp_path: Path
) -> None:
    # A primary key's index takes texts of a third of a page, after compression: not a thousand
    # characters of four bytes that repeat nothing.
    long = "".join(chr(0x10000 + n * 104_729 % 0x100000) for n in range(LONGEST_IDENTIFIER))
    folder = folder_of(
        tmp_path,
        users=f"user_id,created_at\na,2023-01-01\n{long},2023-01-02\nb,2023-01-03\na,2023-01-01\n",
        promo_usages=f"user_id,promo_code,used_at\n{long},{long},2023-01-01\n",
    )

    users, usages = load(source, folder).files

    assert (users.accepted, users.duplicates, users.rejected) == (2, 1, {Reason.REFUSED: 1})
    assert usages.accepted == 1
    assert rows_in(session, "users") == 2


def test_a_null_filled_row_and_a_five_megabyte_field_are_loaded(
    source: Settings, session: Connection, tmp_path: Path
) -> None:
    text = f"user_id,created_at,user_agent\nanna,2023-01-01,\nbert,2023-01-01,{'x' * 5_000_000}"

    load(source, folder_of(tmp_path, users=text))

    row = session.execute(
        "SELECT email, length(user_agent) FROM users WHERE user_id = 'bert'"
    ).fetchone()
    assert row == (None, 5_000_000)


def test_two_loaders_do_not_interleave(
    source: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path, users="user_id,created_at\nanna,2023-01-01\n")
    monkeypatch.setattr(write, "LOCK_WAIT_S", 1)
    inside, go_on = Event(), Event()

    def hold(step: str, done: int, total: int) -> None:
        inside.set()
        go_on.wait(30)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(load, source, folder, on_progress=hold)
        inside.wait(30)
        with pytest.raises(LoadError, match="another loader"):
            load(source, folder)
        go_on.set()
        assert first.result().accepted == 1


@pytest.mark.parametrize("name", ["there", "missing"])
def test_a_folder_without_any_of_the_files_is_named(
    source: Settings, tmp_path: Path, name: str
) -> None:
    (tmp_path / "there").mkdir()

    with pytest.raises(LoadError, match=f"{name} has none of"):
        load(source, tmp_path / name)


def test_the_summary_says_where_the_log_ends(
    source: Settings, session: Connection, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path, users="user_id,created_at\nanna,2023-01-01\n")

    summary = load(source, folder)

    row = session.execute("SELECT pg_current_wal_lsn() >= $1::pg_lsn", (summary.lsn,)).fetchone()
    assert row == (True,)
