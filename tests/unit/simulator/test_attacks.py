"""Every attack leaves the signal that its docstring names, and no other link."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from simulator.attacks import ATTACKS
from simulator.shop import LEAST_KNOWN, PROMO_CODES
from tests.unit.simulator.plays import profile_of, redemptions, shared, sign_ups, told

SEEDS = range(20)
LINKS = {
    "device_farm": {"device"},
    "ip_ring": {"ip", "network"},
    "residential_ring": {"ip", "network"},
    "datacentre_burst": {"network"},
    "email_aliases": {"canonical_email"},
    "recycled_phones": {"phone"},
    "emulator": {"network"},
    "slow_drip": {"device"},
    "mixed_ring": {"device", "phone", "canonical_email"},
    "unverified_contacts": {"phone"},
    "one_verified": {"canonical_email"},
    "catch_all_domain": {"domain"},
    "code_stacking": set[str](),
    "fast_redemption_bot": set[str](),
    "account_resale": set[str](),
    "insiders": set[str](),
}
ONE_LINK = {
    "device_farm": "device", "slow_drip": "device", "ip_ring": "ip",
    "unverified_contacts": "phone", "one_verified": "canonical_email",
}  # fmt: skip
ONE_CODE = LINKS.keys() - {"code_stacking", "fast_redemption_bot", "account_resale"}
DAY = timedelta(days=1)
YEAR = 365 * DAY


def test_every_attack_is_specified_here() -> None:
    assert LINKS.keys() == ATTACKS.keys()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_shares_what_it_says_and_nothing_else(name: str) -> None:
    for seed in SEEDS:
        accounts = sign_ups(told(ATTACKS[name], seed))

        assert len(accounts) == 1 if name == "code_stacking" else len(accounts) >= 4
        assert shared(accounts) == LINKS[name]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_says_which_signal_remains(name: str) -> None:
    story = Path(f"simulator/attacks/{name}.py").read_text()

    assert "\nSignal that remains: " in story


@pytest.mark.parametrize("name", sorted(ONE_CODE))
def test_a_ring_takes_one_code(name: str) -> None:
    for seed in SEEDS:
        uses = redemptions(told(ATTACKS[name], seed)).values()

        assert len({use.promo_code for of_account in uses for use in of_account}) == 1


@pytest.mark.parametrize(("name", "link"), ONE_LINK.items())
def test_a_ring_on_one_identifier_is_linked_as_a_whole(name: str, link: str) -> None:
    for seed in SEEDS:
        accounts = sign_ups(told(ATTACKS[name], seed))

        assert len({getattr(profile_of(account), link) for account in accounts}) == 1


def test_aliases_are_different_addresses_of_one_mailbox_but_for_look_alike_domains() -> None:
    domains = set()
    for seed in SEEDS:
        profiles = [profile_of(event) for event in sign_ups(told(ATTACKS["email_aliases"], seed))]

        assert len({profile.email for profile in profiles}) == len(profiles)
        assert all(profile.email_is_alias for profile in profiles)
        google = [p for p in profiles if p.email_domain in ("gmail.com", "googlemail.com")]
        assert len({profile.canonical_email for profile in google}) == 1
        assert len(google) >= 0.8 * len(profiles)
        domains |= {profile.email_domain for profile in profiles}
    assert domains == {"gmail.com", "googlemail.com", "gmial.com", "gmai.com", "gamil.com"}


def test_each_number_of_a_sim_farm_is_used_a_few_times_over_days() -> None:
    for seed in SEEDS:
        accounts = sign_ups(told(ATTACKS["recycled_phones"], seed))
        uses = [account.person.phone for account in accounts]

        assert {uses.count(number) for number in uses} <= {3, 4, 5}
        assert accounts[-1].at - accounts[0].at <= 8 * DAY


def test_each_account_of_a_mixed_ring_keeps_one_strong_identifier_of_the_last_one() -> None:
    for seed in SEEDS:
        accounts = sign_ups(told(ATTACKS["mixed_ring"], seed))
        kept = [shared(pair) for pair in pairwise(accounts)]

        assert all(len(links) == 1 for links in kept)
        assert all(one != following for one, following in pairwise(kept))


@pytest.mark.parametrize("name", ["datacentre_burst", "emulator"])
def test_machines_rotate_addresses_in_one_network_and_forget_the_browsers_build(name: str) -> None:
    for seed in SEEDS:
        profiles = [profile_of(account) for account in sign_ups(told(ATTACKS[name], seed))]

        assert len({profile.network for profile in profiles}) == 1
        assert len({profile.agent for profile in profiles}) == 1
        assert len({profile.ip for profile in profiles}) == len(profiles)


def test_a_slow_drip_leaves_days_between_its_accounts() -> None:
    for seed in SEEDS:
        accounts = sign_ups(told(ATTACKS["slow_drip"], seed, span=YEAR))

        assert all(b.at - a.at >= 2 * DAY for a, b in pairwise(accounts))


def test_code_stacking_uses_more_codes_within_an_hour_than_shopping_does() -> None:
    for seed in SEEDS:
        (uses,) = redemptions(told(ATTACKS["code_stacking"], seed)).values()

        assert len({use.promo_code for use in uses}) == len(uses) >= 6
        assert uses[-1].at - uses[0].at < timedelta(hours=1)


def test_a_ring_leaves_its_contact_unverified_or_verifies_it_for_one_account_alone() -> None:
    for seed in SEEDS:
        none = sign_ups(told(ATTACKS["unverified_contacts"], seed))
        first, *others = sign_ups(told(ATTACKS["one_verified"], seed))

        assert {account.person.is_phone_verified for account in none} == {False}
        assert first.person.is_email_verified
        assert {account.person.is_email_verified for account in others} == {False}


def test_a_catch_all_domain_is_sometimes_hidden_behind_its_subdomains() -> None:
    rings = [
        {profile_of(account).email_domain for account in sign_ups(told(story, seed))}
        for story in [ATTACKS["catch_all_domain"]]
        for seed in SEEDS
    ]

    assert {len(domains) == 1 for domains in rings} == {True, False}


def test_accounts_for_sale_are_months_old() -> None:
    for seed in SEEDS:
        accounts = sign_ups(told(ATTACKS["account_resale"], seed))

        assert all(account.at - account.created_at >= 60 * DAY for account in accounts)


def test_a_leaked_code_is_one_that_hardly_anyone_should_know() -> None:
    rare = {code.promo_code for code in PROMO_CODES[-LEAST_KNOWN:]}
    for seed in SEEDS:
        uses = redemptions(told(ATTACKS["insiders"], seed)).values()

        assert {use.promo_code for of_account in uses for use in of_account} <= rare


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
def test_a_ring_is_complete_within_half_of_a_short_play(name: str) -> None:
    accounts = sign_ups(told(ATTACKS[name], span=timedelta(minutes=1)))

    assert accounts[-1].at - accounts[0].at <= timedelta(seconds=30)
