"""A statistical twin of a public data set of real sign-ups, which knows devices and addresses only.

Of each account there is its moment, device, address, the browser's name, gender and birth; no
name, mailbox, number or clock. Each redeems once, and all of them the same code. The structure,
over eight months:

- nine accounts in ten are honest, on devices and addresses of their own, and redeem within four
  months; 7 % of them share their device with exactly one other of them, who came at any other
  time, so mostly months before or after;
- one half of the fraud are rings: 5 to 20 accounts on one device and one address, within about
  ten days, each redeeming a second after its sign-up;
- the other half looks like the honest ones in every respect.

Nothing here is tuned to the rules, and no rule is to be tuned to it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from simulator.addresses import ipv4_address
from simulator.events import Event, Person, Redeemed, SignedUp
from simulator.people import identity
from simulator.stage import Stage

MONTHS = timedelta(days=243)
_REDEEMS_WITHIN = timedelta(days=120)
_RING_WITHIN = timedelta(days=10)
_SHARES_A_DEVICE = 0.07
_PAIRS = _SHARES_A_DEVICE / 2 / (_SHARES_A_DEVICE / 2 + 1 - _SHARES_A_DEVICE)
"""Share of stories that are about a pair, so that 7 % of accounts are in one."""

_CODE = "WELCOME20"
_BROWSERS = {"Chrome": 41, "IE": 24, "Safari": 16, "FireFox": 16, "Opera": 3}
_YEARS = 50
_BORN_BEFORE = date(2006, 12, 31)


def honest(stage: Stage) -> Iterator[Event]:
    """One account, or two on one device, at any time of the eight months."""
    device, pair = identity(stage.random), stage.random.random() < _PAIRS
    for _ in range(2 if pair else 1):
        yield from _like_anybody(stage, replace(_person(stage), device_id=device))


def unmarked(stage: Stage) -> Iterator[Event]:
    """A fraudulent account that nothing tells from an honest one."""
    yield from _like_anybody(stage, _person(stage))


def ring(stage: Stage) -> Iterator[Event]:
    """Accounts on one device and address, each redeeming a second after its sign-up."""
    begin = stage.start + stage.random.random() * (MONTHS - _RING_WITHIN)
    shared = _person(stage)
    for part in sorted(stage.random.random() for _ in range(stage.random.randint(5, 20))):
        at = begin + part * _RING_WITHIN
        member = replace(
            _person(stage),
            device_id=shared.device_id,
            ip_address=shared.ip_address,
            user_agent=shared.user_agent,
        )
        yield SignedUp(at, member, at)
        yield Redeemed(at + timedelta(seconds=1), member.user_id, _CODE)


def _like_anybody(stage: Stage, person: Person) -> Iterator[Event]:
    at: datetime = stage.start + stage.random.random() * MONTHS
    yield SignedUp(at, person, at)
    yield Redeemed(at + stage.random.random() * _REDEEMS_WITHIN, person.user_id, _CODE)


def _person(stage: Stage) -> Person:
    random = stage.random
    (browser,) = random.choices(tuple(_BROWSERS), tuple(_BROWSERS.values()))
    return Person(
        user_id=identity(random),
        email=None,
        is_email_verified=None,
        phone=None,
        is_phone_verified=None,
        first_name=None,
        last_name=None,
        ip_address=ipv4_address(random),
        device_id=identity(random),
        user_agent=browser,
        city=None,
        gender=random.choice(("M", "F")),
        dob=_BORN_BEFORE - timedelta(days=random.randrange(_YEARS * 365)),
        timezone=None,
    )
