"""Honest people share what households and shared addresses make them share, nothing else."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from simulator.addresses import Nat, nat
from simulator.honest import customers, first_buyers, households, regulars
from simulator.plan import history
from simulator.stage import Story
from tests.unit.simulator.plays import (
    START,
    cues_of,
    profile_of,
    redemptions,
    shared,
    sign_ups,
    told,
)

SEEDS = range(60)
SHOP = history("mixed", 7, 30)


@pytest.mark.parametrize("story", [customers.story, first_buyers.story, regulars.story])
def test_strangers_meet_behind_shared_addresses_only(story: Story) -> None:
    accounts = [event for seed in SEEDS for event in sign_ups(told(story, seed))]

    assert len(accounts) == len(SEEDS)
    assert shared(accounts) <= {"ip", "network"}


def test_a_household_shares_its_address_and_perhaps_a_tablet() -> None:
    links = [shared(sign_ups(told(households.story, seed))) for seed in SEEDS]

    assert all({"ip", "network"} <= found <= {"ip", "network", "device"} for found in links)
    assert {True, False} == {"device" in found for found in links}


def test_a_household_is_small_and_one_family() -> None:
    for seed in SEEDS:
        people = [event.person for event in sign_ups(told(households.story, seed))]

        assert 2 <= len(people) <= 4
        assert len({person.last_name.title() for person in people}) == 1


def test_an_honest_first_buyer_is_quick_but_no_script() -> None:
    for seed in SEEDS:
        events = told(first_buyers.story, seed)
        (bought,) = redemptions(events)[events[0].user_id]

        assert timedelta(seconds=30) <= bought.at - START <= timedelta(minutes=15)


def test_a_regular_comes_with_a_past() -> None:
    (account,) = sign_ups(told(regulars.story))

    assert account.at == START
    assert account.created_at <= START - timedelta(days=5)


def test_nobody_honest_is_labelled_an_abuser() -> None:
    honest = [cue.event for cue in cues_of(SHOP) if cue.role == "honest"]
    labels = Counter(event.is_abuser for event in sign_ups(honest))

    assert labels.keys() == {False, None}
    assert labels[False] > labels[None]


def test_in_a_shop_honest_mailboxes_phones_and_most_devices_are_personal() -> None:
    cues = cues_of(SHOP)
    accounts = sign_ups(cue.event for cue in cues if cue.role == "honest")

    assert not shared(accounts) & {"phone", "canonical_email"}
    devices = Counter(event.person.device_id for event in accounts)
    assert max(devices.values()) == 2
    assert sum(count > 1 for count in devices.values()) < 0.03 * len(accounts)


def test_most_phones_have_one_countrys_shape() -> None:
    accounts = sign_ups(cue.event for cue in cues_of(SHOP))
    shapes = Counter(profile_of(event).phone_shape for event in accounts)

    assert shapes["1:911"] > 0.93 * shapes.total()
    assert len(shapes) > 2


def test_addresses_are_public_and_browsers_are_known() -> None:
    accounts = sign_ups(cue.event for cue in cues_of(SHOP))
    profiles = [profile_of(event) for event in accounts]

    assert {profile.ip_is_private for profile in profiles} == {False}
    assert "Other" not in {profile.user_agent_family for profile in profiles}


def test_a_shared_address_is_the_same_for_everyone() -> None:
    shop = Nat("a", carriers=3, campuses=3)
    met = Counter(shop.address(Random(n)) for n in range(1_000))

    assert sum(count > 1 for count in met.values()) == 6


def test_a_busier_shop_meets_more_shared_addresses() -> None:
    assert nat("a", 1) == Nat("a", carriers=3, campuses=3)
    assert nat("a", 10_000) == Nat("a", carriers=11_000, campuses=1_000)
