"""A ring that grows, in the hope that a value which hundreds share is held for nobody's.

One phone, which is reset between the accounts, with a mailbox that was bought, a number and a
mobile proxy for each. Some open hundreds in two days; some are patient, and take weeks; some
pretend to have other browsers, or take several codes in turn, and do not do both.

Signal that remains: the device, as long as it is measured to be somebody's. A burst is none of
strangers however large it is; the patient ones have a code or a browser in common that others of
that time have not, or redeem within minutes. All of it is told as the past, because it is measured
when all are there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from simulator.events import Event, Person, Redeemed, SignedUp
from simulator.people import identity
from simulator.stage import Stage, Story

_Disguise = Callable[[Stage, int, Person], Person]
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def burst(stage: Stage) -> Iterator[Event]:
    """300 accounts in two days, each with another browser and one of the known codes."""
    moments = _moments(stage, 300, timedelta(days=2))
    return _ring(stage, moments, _other_browser, stage.shop.codes(stage.random, 4))


def slow(stage: Stage) -> Iterator[Event]:
    """150 accounts over five weeks with the same browser and code."""
    moments = _moments(stage, 150, timedelta(days=35))
    return _ring(stage, moments, _same_browser, stage.shop.codes(stage.random))


def other_browsers(stage: Stage) -> Iterator[Event]:
    """The same with another browser each; still one code."""
    moments = _moments(stage, 150, timedelta(days=35))
    return _ring(stage, moments, _other_browser, stage.shop.codes(stage.random))


def codes_in_turn(stage: Stage) -> Iterator[Event]:
    """The same with one browser, and four codes in turn."""
    moments = _moments(stage, 150, timedelta(days=35))
    return _ring(stage, moments, _same_browser, stage.shop.codes(stage.random, 4))


def in_minutes(stage: Stage) -> Iterator[Event]:
    """Other browsers and codes in turn, but each redeems within minutes."""
    moments = _moments(stage, 150, timedelta(days=35))
    codes = stage.shop.codes(stage.random, 4)
    return _ring(stage, moments, _other_browser, codes, timedelta(minutes=10))


def own_domain(stage: Stage) -> Iterator[Event]:
    """Other browsers and codes in turn; the mailboxes are all at a domain of the ring's own."""
    domain = f"{identity(stage.random)[:8]}.example"

    def disguised(stage: Stage, number: int, person: Person) -> Person:
        return replace(person, email=f"{identity(stage.random)[:12]}@{domain}")

    moments = _moments(stage, 150, timedelta(days=35))
    return _ring(stage, moments, disguised, stage.shop.codes(stage.random, 4))


def few_addresses(stage: Stage) -> Iterator[Event]:
    """Other browsers and codes in turn; through thirty addresses only."""
    addresses = [stage.stranger().ip_address for _ in range(30)]

    def disguised(stage: Stage, number: int, person: Person) -> Person:
        return replace(person, ip_address=addresses[number % len(addresses)])

    moments = _moments(stage, 150, timedelta(days=35))
    return _ring(stage, moments, disguised, stage.shop.codes(stage.random, 4))


def _ring(
    stage: Stage,
    moments: Sequence[datetime],
    disguised: _Disguise,
    codes: Sequence[str],
    waits: timedelta = 2 * _DAY,
) -> Iterator[Event]:
    device = identity(stage.random)
    for number, at in enumerate(moments):
        person = disguised(stage, number, replace(stage.stranger(), device_id=device))
        yield SignedUp(max(at, stage.start), person, at)
        used_at = stage.later(at, min(waits / 10, 20 * _MINUTE), waits)
        code = codes[number % len(codes)]
        yield Redeemed(max(used_at, stage.start), person.user_id, code, used_at=used_at)


def _other_browser(stage: Stage, number: int, person: Person) -> Person:
    return person


def _same_browser(stage: Stage, number: int, person: Person) -> Person:
    return replace(person, user_agent="Mozilla/5.0 (Linux; Android 14; K) Chrome/131.0.0.0 Mobile")


def _moments(stage: Stage, count: int, within: timedelta) -> list[datetime]:
    """So many moments before the start, in order; whoever is last redeems before it, too."""
    begin = stage.start - within - 3 * _DAY
    return [begin + part * within for part in sorted(stage.random.random() for _ in range(count))]


STORIES: tuple[Story, ...] = (
    burst,
    slow,
    other_browsers,
    codes_in_turn,
    in_minutes,
    own_domain,
    few_addresses,
)
