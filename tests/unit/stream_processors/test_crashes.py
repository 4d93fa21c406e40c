"""Crashes are counted by the message that caused them, over the deaths of the process."""

from pathlib import Path

from stream_processors.crashes import COMMITTED_WITHIN_S, MOST, Crashes
from tests.unit.stream_processors.messages import garbage


def test_crashes_are_counted_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "new" / "crashes.json"
    assert [Crashes(path).count(garbage(offset=1)) for _ in range(MOST)] == [1, 2, 3]


def test_each_message_has_a_count_of_its_own(tmp_path: Path) -> None:
    crashes = Crashes(tmp_path / "crashes.json")
    crashes.count(garbage(offset=1))
    assert crashes.count(garbage(offset=2)) == 1
    assert crashes.count(garbage(offset=1)) == 2


def test_what_was_set_aside_is_forgotten(tmp_path: Path) -> None:
    crashes = Crashes(tmp_path / "crashes.json")
    crashes.count(garbage())
    crashes.forget(garbage())
    assert crashes.count(garbage()) == 1


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "crashes.json"
    for damage in (b"{", b"[1]", b"\xff"):
        path.write_bytes(damage)
        assert Crashes(path).count(garbage()) == 1


def test_what_was_set_aside_is_remembered_until_it_cannot_come_again(tmp_path: Path) -> None:
    now = 0.0
    path = tmp_path / "crashes.json"
    crashes = Crashes(path, lambda: now)
    crashes.note_set_aside(garbage(offset=1))
    crashes.forget(garbage(offset=1))
    assert crashes.is_set_aside(garbage(offset=1))
    assert Crashes(path).is_set_aside(garbage(offset=1))
    now = COMMITTED_WITHIN_S
    crashes.forget(garbage(offset=0))
    assert crashes.is_set_aside(garbage(offset=1))
    crashes.forget(garbage(offset=7))
    assert not crashes.is_set_aside(garbage(offset=1))
    assert not Crashes(path).is_set_aside(garbage(offset=1))
