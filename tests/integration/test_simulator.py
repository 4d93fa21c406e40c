"""Plays into a real PostgreSQL: what is there is what was told, however often it is played."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.errors import SimulationError
from connectors.settings import Settings, required
from connectors.source.session import Connection, open_session
from simulator.__main__ import main
from simulator.events import Moved, Redeemed
from simulator.gate.cast import packs_named, tales
from simulator.plan import history, live
from simulator.play import play
from simulator.shop import PROMO_CODES
from simulator.truth import read_truth
from simulator.write import connect, write

TABLES = ("users", "promo_codes", "promo_usages")


@pytest.fixture
def source(partial_stack: Callable[..., Settings], tmp_path: Path) -> Iterator[Settings]:
    """An empty source database, and a state folder of the test's own."""
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
    with open_session(source, "tests") as session:
        yield session


def only(session: Connection, query: str) -> object:
    row = session.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def rows(session: Connection) -> list[object]:
    return [only(session, f"SELECT count(*) FROM {table}") for table in TABLES]


def test_a_history_is_written_once_however_often_it_is_played(
    source: Settings, session: Connection
) -> None:
    before = datetime.now(UTC)
    first = play(source, history("mixed", 1, 30))
    state = rows(session)
    second = play(source, history("mixed", 1, 30))

    assert first.new_rows == first.events
    assert state == [sum(first.accounts.values()), len(PROMO_CODES), first.redemptions]
    assert second.new_rows == 0
    assert rows(session) == state
    assert first.seconds < 30
    newest = only(session, "SELECT max(used_at) FROM promo_usages")
    assert isinstance(newest, datetime)
    assert before - timedelta(days=2) < newest < datetime.now(UTC)


def test_labels_come_later_and_hit_attackers_only(source: Settings, session: Connection) -> None:
    played = play(source, history("mixed", 2, 30, 2_000))

    truth = read_truth(played.truth)
    found = {row[0] for row in session.execute(b"SELECT user_id FROM users WHERE is_abuser")}
    assert len(found) == played.labelled
    assert all(truth[user] != "honest" for user in found)
    assert truth.keys() == {row[0] for row in session.execute(b"SELECT user_id FROM users")}
    assert played.attackers * 0.4 < played.labelled < played.attackers * 0.8


def test_two_seeds_stand_side_by_side(source: Settings, session: Connection) -> None:
    plays = [play(source, history("mixed", seed, 30, 500)) for seed in (1, 2)]

    assert all(played.new_rows == played.events for played in plays)
    assert only(session, "SELECT count(*) FROM users") == sum(
        sum(played.accounts.values()) for played in plays
    )


def test_a_live_play_takes_its_time_and_dates_events_as_they_come(
    source: Settings, session: Connection
) -> None:
    started, before = time.monotonic(), datetime.now(UTC)
    played = play(source, live("mixed", 1, 60, 3))

    assert 2.5 < time.monotonic() - started < 8
    assert 180 <= played.events <= 220
    # Whoever has redeemed earlier is told with a past, in which he signed up, too.
    strangers = (
        "SELECT count(*) FROM promo_usages AS r JOIN users AS u USING (user_id)"
        f" WHERE r.used_at <= '{before}' AND u.created_at > '{before}'"
    )
    assert only(session, strangers) == 0
    now = f"SELECT count(*) FROM promo_usages WHERE used_at > '{before}'"
    assert only(session, now) > 10  # type: ignore[operator]
    # A transaction writes what has come due, at once: no event waits for later ones.
    assert only(session, "SELECT count(DISTINCT xmin::text) FROM users") > 25  # type: ignore[operator]


def test_what_an_analyst_has_decided_stays(source: Settings, session: Connection) -> None:
    played = play(source, history("ip_ring", 1, 30, 500, labelled=0))
    session.execute(b"UPDATE users SET is_abuser = false")

    again = play(source, history("ip_ring", 1, 30, 500, labelled=1))

    assert played.labelled == 0
    assert again.labelled == played.attackers > 0
    assert only(session, "SELECT count(*) FROM users WHERE is_abuser") == 0


def test_a_traveller_is_kept_with_the_last_address_and_a_past_with_its_own_dates(
    source: Settings, session: Connection
) -> None:
    stories = [*tales(packs_named("travellers"), [1]), *tales(packs_named("resold_devices"), [1])]
    events = [event for story in stories for event in story.events]
    with connect(source, 1) as connection:
        first, again = write(connection, events), write(connection, events)

    assert all(first)
    assert not any(again)
    last = {e.user_id: e.ip_address for e in events if isinstance(e, Moved)}
    stored = session.execute(b"SELECT user_id, ip_address FROM users").fetchall()
    assert last.items() <= {(user, address) for user, address in stored}
    redeemed = [event for event in events if isinstance(event, Redeemed)]
    oldest = only(session, "SELECT min(used_at) FROM promo_usages")
    assert oldest == min(event.happened_at for event in redeemed) < min(e.at for e in redeemed)


def test_the_log_position_covers_the_play(source: Settings, session: Connection) -> None:
    before = only(session, "SELECT pg_current_wal_lsn()::text")
    played = play(source, history("mixed", 1, 30, 100))

    assert only(
        session,
        f"SELECT '{before}'::pg_lsn < '{played.lsn}'::pg_lsn"
        f" AND '{played.lsn}'::pg_lsn <= pg_current_wal_lsn()",
    )


def test_a_seed_is_not_played_twice_at_the_same_time(source: Settings) -> None:
    with connect(source, 1), pytest.raises(SimulationError, match="seed 1 is being played"):
        play(source, live("mixed", 1, 50, 1))


def test_the_command_says_what_was_played(
    source: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROMO_STATE_DIR", str(source.state_dir))
    monkeypatch.setenv("PROMO_POSTGRES_PORT", str(source.postgres_port))
    password = required(source.postgres_password, "postgres_password")
    monkeypatch.setenv("PROMO_POSTGRES_PASSWORD", password)

    assert main(["--history", "30", "--events", "500", "--seed", "9"]) == 0
    assert main(["--pack", "ip_ring", "--rate", "0"]) == 1

    said = capsys.readouterr()
    assert "played mixed, seed 9, history of 30 days" in said.out
    assert "device_farm:" in said.out
    assert "9.csv" in said.out
    assert "simulator: a play has one event" in said.err
