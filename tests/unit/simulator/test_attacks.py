"""Every attack leaves the signal that its docstring names, and no other link."""

from datetime import timedelta

import pytest

from simulator.attacks import ATTACKS
from tests.unit.simulator.plays import profile_of, redemptions, shared, sign_ups, told

SEEDS = range(20)
LINKS = {
    "device_farm": {"device"},
    "email_aliases": {"canonical_email"},
    "fast_redemption_bot": set(),
    "ip_ring": {"ip", "network"},
}


def test_every_attack_is_specified_here() -> None:
    assert LINKS.keys() == ATTACKS.keys()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_shares_what_it_says_and_nothing_else(name: str) -> None:
    for seed in SEEDS:
        accounts = sign_ups(told(ATTACKS[name], seed))

        assert len(accounts) >= 4
        assert shared(accounts) == LINKS[name]


@pytest.mark.parametrize("name", ["device_farm", "email_aliases", "ip_ring"])
def test_a_ring_is_linked_as_a_whole_and_takes_one_code(name: str) -> None:
    for seed in SEEDS:
        events = told(ATTACKS[name], seed)
        profiles = [profile_of(event) for event in sign_ups(events)]
        (link, *_) = sorted(LINKS[name])

        assert len({getattr(profile, link) for profile in profiles}) == 1
        assert len({r.promo_code for uses in redemptions(events).values() for r in uses}) == 1


def test_aliases_are_different_addresses_of_one_mailbox() -> None:
    for seed in SEEDS:
        profiles = [profile_of(event) for event in sign_ups(told(ATTACKS["email_aliases"], seed))]

        assert len({profile.email for profile in profiles}) == len(profiles)
        assert all(profile.email_is_alias for profile in profiles)


@pytest.mark.parametrize(("name", "is_fast"), [("fast_redemption_bot", True), ("ip_ring", False)])
def test_only_a_script_redeems_within_half_a_minute(name: str, is_fast: bool) -> None:
    for seed in SEEDS:
        events = told(ATTACKS[name], seed)
        uses = redemptions(events)
        waits = [uses[event.user_id][0].at - event.at for event in sign_ups(events)]

        assert all((wait < timedelta(seconds=30)) is is_fast for wait in waits)


def test_a_ring_on_one_address_signs_up_within_an_hour() -> None:
    for seed in SEEDS:
        accounts = sign_ups(told(ATTACKS["ip_ring"], seed))

        assert accounts[-1].at - accounts[0].at < timedelta(hours=1)


@pytest.mark.parametrize("name", ATTACKS)
def test_nobody_comes_with_a_label(name: str) -> None:
    assert {event.is_abuser for event in sign_ups(told(ATTACKS[name]))} == {None}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_ring_is_quick_in_a_short_play(name: str) -> None:
    accounts = sign_ups(told(ATTACKS[name], span=timedelta(minutes=1)))

    assert accounts[-1].at - accounts[0].at <= timedelta(seconds=15)
