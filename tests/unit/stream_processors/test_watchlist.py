"""When a value that many share is measured, and when what was found is said."""

from stream_processors.monitor.watchlist import (
    AGAIN_AFTER_S,
    CONFIRMED_AFTER_S,
    Standing,
    Watchlist,
)

PLACE = ("device", "d" * 32)
NEVER_SAID = Standing()


class Clock:
    """Seconds and microseconds that pass together."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.watchlist = Watchlist(lambda: self.now_s, self.now_us)

    def now_us(self) -> int:
        return round(self.now_s * 1_000_000)

    def measures(self, identifies: bool, standing: Standing, accounts: int = 200) -> bool:
        return self.watchlist.is_to_be_said(PLACE, accounts, identifies, standing)

    def is_due(self, standing: Standing = NEVER_SAID, accounts: int = 200) -> bool:
        return self.watchlist.is_due(PLACE, accounts, standing)


def test_what_is_to_change_is_said_once_it_was_measured_twice() -> None:
    clock = Clock()
    assert clock.is_due()
    assert not clock.measures(False, NEVER_SAID)
    assert not clock.is_due()

    clock.now_s += CONFIRMED_AFTER_S
    assert clock.is_due()
    assert clock.measures(False, NEVER_SAID)
    assert not clock.is_due(Standing(False, clock.now_us()))


def test_what_turns_out_otherwise_the_second_time_is_not_said_and_begins_anew() -> None:
    clock = Clock()
    clock.measures(False, NEVER_SAID)
    clock.now_s += CONFIRMED_AFTER_S
    assert not clock.measures(True, NEVER_SAID)
    assert not clock.measures(False, NEVER_SAID)
    clock.now_s += CONFIRMED_AFTER_S - 1
    assert not clock.measures(False, NEVER_SAID)
    clock.now_s += 1
    assert clock.measures(False, NEVER_SAID)


def test_it_is_measured_again_when_it_has_grown_by_a_tenth_or_after_an_hour() -> None:
    clock = Clock()
    clock.measures(True, NEVER_SAID)
    assert not clock.is_due(accounts=219)
    assert clock.is_due(accounts=220)
    clock.now_s += AGAIN_AFTER_S
    assert clock.is_due()


def test_what_was_said_stands_for_an_hour() -> None:
    clock = Clock()
    said = Standing(False, clock.now_us())
    clock.measures(True, said)
    clock.now_s += CONFIRMED_AFTER_S
    assert not clock.is_due(said)
    assert not clock.measures(True, said, accounts=300)

    clock.now_s += AGAIN_AFTER_S
    assert clock.is_due(said)
    assert clock.measures(True, said)
