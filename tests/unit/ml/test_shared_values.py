"""Whether a value that many share identifies anybody: strangers and rings, and what tells them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.profile import Hasher
from ml.shared_values.figures import Habit, figures
from ml.shared_values.judgement import Judgement, judge
from ml.shared_values.sharers import Pace, Redeemed, Sharer, pace
from ml.store import HOUR_US, Link
from simulator.addresses import Nat
from simulator.attacks import growing_ring
from simulator.gate.measured import accounts, judgements
from simulator.honest import placeholders
from simulator.shop import Shop
from simulator.stage import Stage, Story

HASHED = Hasher("tests")
STEADY = Pace(accounts=200, days=40, most_a_day=17, steady=200)


def told(story: Story, seed: int) -> list[Judgement]:
    stage = Stage(
        Random(seed), datetime(2025, 6, 1, tzinfo=UTC), timedelta(365), Shop(Nat("t", 3, 3))
    )
    return [found for *_, found in judgements(accounts(story(stage), HASHED))]


def stranger(number: int, **facts: object) -> Sharer:
    """Someone alike with nobody, who redeems one of ten codes after a day."""
    found: dict[str, object] = {
        "identifiers": {
            Link.EMAIL: f"m{number}",
            Link.PHONE: f"p{number}",
            Link.IP: f"i{number}",
            Link.NETWORK: f"n{number}",
        },
        "email_domain": f"d{number % 5}",
        "agent": f"a{number % 20}",
        "redemptions": (Redeemed(f"code{number % 10}", 24 * HOUR_US),),
        **facts,
    }
    return Sharer(**found)  # type: ignore[arg-type]


def strangers(count: int = 200, facts: Mapping[str, object] = MappingProxyType({})) -> list[Sharer]:
    return [stranger(number, **facts) for number in range(count)]


def judged(
    sharers: Sequence[Sharer],
    others: Sequence[Sharer] = (),
    found: Pace = STEADY,
    kind: Link = Link.DEVICE,
    is_nobodys: bool = False,
) -> Judgement:
    return judge(figures(kind, found, sharers, others), is_nobodys)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("story", placeholders.STORIES)
def test_what_strangers_share_identifies_nobody(story: Story, seed: int) -> None:
    (found,) = told(story, seed)
    assert not found.identifies, found.why


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("story", growing_ring.STORIES)
def test_what_a_ring_shares_identifies_it_however_large_it_grows(story: Story, seed: int) -> None:
    (found,) = told(story, seed)
    assert found.identifies


def test_a_burst_on_top_of_many_strangers_is_not_looked_at() -> None:
    steady = dict.fromkeys(range(40), 15)
    with_burst = pace({**steady, 41: 600})
    assert pace(steady) == Pace(accounts=600, days=40, most_a_day=47, steady=600)
    assert with_burst == Pace(accounts=1_200, days=41, most_a_day=47, steady=647)


def test_a_burst_does_not_become_steady_by_a_few_accounts_on_other_days() -> None:
    found = pace({**dict.fromkeys(range(13), 1), 20: 600})
    assert (found.days, found.steady) == (14, 18)
    assert judged(strangers(18), found=found).identifies


def test_strangers_without_phones_or_without_addresses_are_strangers() -> None:
    for gone in (Link.PHONE, Link.IP):
        left = [
            stranger(n, identifiers={k: v for k, v in stranger(n).identifiers.items() if k != gone})
            for n in range(200)
        ]
        assert not judged(left).identifies


def test_where_the_shop_knows_one_more_identifier_alone_nobody_can_tell() -> None:
    found = judged([stranger(n, identifiers={Link.EMAIL: f"m{n}"}) for n in range(200)])
    assert found.identifies
    assert "2 are needed to tell" in found.why


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"agent": "a"}, Habit.BROWSER),
        ({"email_domain": "ring.example"}, Habit.DOMAIN),
        ({"redemptions": (Redeemed("CODE", 24 * HOUR_US),)}, Habit.CODE),
        ({"redemptions": (Redeemed("a", 60_000_000),)}, Habit.SPEED),
    ],
)
def test_one_habit_in_common_that_others_have_not_tells_a_ring(
    facts: dict[str, object], why: Habit
) -> None:
    found = judged(strangers(200, facts), strangers())
    assert found.identifies
    assert why in found.why


def test_a_habit_that_the_whole_shop_has_tells_nothing() -> None:
    buyers = {"redemptions": (Redeemed("WELCOME", 24 * HOUR_US),)}
    shop = [stranger(n, **(buyers if n < 140 else {})) for n in range(200)]
    assert not judged(shop, shop).identifies


@pytest.mark.parametrize(("verified", "usual", "identifies"), [(1, 0, True), (0, 1, False)])
def test_whoever_verified_a_number_holds_it_unless_the_shop_calls_everybody_verified(
    verified: int, usual: int, identifies: bool
) -> None:
    def on_the_number(is_verified: bool) -> list[Sharer]:
        return [
            stranger(
                n,
                identifiers={Link.EMAIL: f"m{n}", Link.DEVICE: f"d{n}", Link.IP: f"i{n}"},
                is_verified=is_verified,
            )
            for n in range(200)
        ]

    found = judged(on_the_number(bool(verified)), on_the_number(bool(usual)), kind=Link.PHONE)
    assert found.identifies is identifies
    everybody = judged(on_the_number(True), on_the_number(True), kind=Link.PHONE)
    assert not everybody.identifies


def test_known_abusers_among_them_tell_a_ring() -> None:
    sharers = strangers(179) + [stranger(n, label=True) for n in range(179, 200)]
    assert judged(sharers).identifies


def test_look_alikes_on_top_do_not_undo_what_was_decided_until_they_are_as_many() -> None:
    ring = [stranger(1_000 + n, agent="ring", redemptions=()) for n in range(150)]
    mixed = strangers(100) + ring
    assert judged(mixed).identifies
    assert not judged(mixed, is_nobodys=True).identifies
    assert judged(strangers(50) + ring, is_nobodys=True).identifies


@given(st.permutations(strangers(30)), st.permutations(strangers(30)))
def test_the_order_of_accounts_does_not_matter(mine: list[Sharer], others: list[Sharer]) -> None:
    assert judged(mine, others) == judged(strangers(30), strangers(30))
