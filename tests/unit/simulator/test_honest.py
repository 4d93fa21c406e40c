"""Honest people share what households and shared addresses make them share, nothing else."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from simulator.addresses import Nat, nat
from simulator.events import Moved, Redeemed
from simulator.honest import (
    HONEST_STORIES,
    campaigns,
    campuses,
    customers,
    first_buyers,
    foreigners,
    households,
    offices,
    pick,
    regulars,
    travellers,
)
from simulator.plan import history
from simulator.shop import PROMO_CODES
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
        assert len({(person.last_name or "").title() for person in people}) == 1


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


def test_in_a_shop_honest_mailboxes_are_personal_and_so_are_most_phones_and_devices() -> None:
    accounts = sign_ups(cue.event for cue in cues_of(SHOP) if cue.role == "honest")

    assert "canonical_email" not in shared(accounts)
    for column, most_shared in (("phone", 0.03), ("device_id", 0.08)):
        uses = Counter(getattr(event.person, column) for event in accounts)
        assert sum(count for count in uses.values() if count > 1) < most_shared * len(accounts)


def test_everybody_honest_is_picked_now_and_then() -> None:
    stories = {pick(Random(seed)) for seed in range(40_000)}

    assert stories == set(HONEST_STORIES.values())


@pytest.mark.parametrize(
    ("name", "links"),
    [
        ("campuses", {"ip", "network"}),
        ("carriers", {"ip", "network"}),
        ("busy_carriers", {"ip", "network"}),
        ("campaigns", {"ip", "network"}),
        ("offices", {"ip", "network"}),
        ("libraries", {"ip", "network", "device"}),
        ("travellers", {"ip", "network"}),
        ("universities", {"domain", "ip", "network"}),
        ("small_providers", {"domain", "ip", "network"}),
    ],
)
def test_a_place_is_shared_by_people_who_have_everything_else_for_themselves(
    name: str, links: set[str]
) -> None:
    for seed in range(10):
        accounts = sign_ups(told(HONEST_STORIES[name], seed))

        assert len(accounts) >= 3
        assert shared(accounts) == links


@pytest.mark.parametrize(
    ("name", "least"), [("campuses", 16), ("libraries", 40), ("offices", 10), ("universities", 35)]
)
def test_an_established_place_has_a_past(name: str, least: int) -> None:
    for seed in range(10):
        accounts = sign_ups(told(HONEST_STORIES[name], seed))

        past = [account for account in accounts if account.created_at < START]
        assert len(past) >= least
        assert START - past[0].created_at > timedelta(days=30)


def test_a_campus_has_a_day_on_which_many_come() -> None:
    for seed in range(10):
        accounts = sign_ups(told(campuses.story, seed))

        day = [account for account in accounts if account.created_at >= START]
        assert 8 <= len(day) <= 14
        assert day[-1].created_at - START <= timedelta(hours=8)


def test_most_who_come_for_a_campaign_use_its_code() -> None:
    for seed in range(10):
        uses = redemptions(told(campaigns.story, seed)).values()
        codes = Counter(use.promo_code for of_account in uses for use in of_account)

        assert 0.45 < codes.most_common(1)[0][1] / codes.total() < 0.95


@pytest.mark.parametrize("name", ["firms", "new_firms"])
def test_a_firms_people_share_its_domain_and_those_in_the_office_its_address(name: str) -> None:
    links = [shared(sign_ups(told(HONEST_STORIES[name], seed))) for seed in range(20)]

    assert {frozenset(found) for found in links} == {
        frozenset({"domain"}),
        frozenset({"domain", "ip", "network"}),
    }


def test_people_of_one_domain_were_sent_a_code_and_use_others_too() -> None:
    for name in ("firms", "new_firms", "universities", "small_providers"):
        used = [
            uses[0].promo_code
            for seed in range(10)
            for uses in redemptions(told(HONEST_STORIES[name], seed)).values()
        ]

        assert len(set(used)) > 5


def test_an_office_has_one_build_of_a_browser() -> None:
    profiles = [profile_of(account) for account in sign_ups(told(offices.story))]

    assert len({profile.agent for profile in profiles}) == 1
    assert len({profile.device for profile in profiles}) == len(profiles)


@pytest.mark.parametrize(
    ("name", "link", "least_days"),
    [("resold_devices", "device", 90), ("recycled_numbers", "phone", 365)],
)
def test_what_changes_hands_honestly_does_so_after_months(
    name: str, link: str, least_days: int
) -> None:
    for seed in SEEDS:
        former, present = sign_ups(told(HONEST_STORIES[name], seed))

        assert shared([former, present]) - {"ip", "network"} == {link}
        assert present.created_at - former.created_at >= timedelta(days=least_days)


def test_a_traveller_is_seen_at_other_addresses() -> None:
    for seed in range(10):
        moves = [event for event in told(travellers.story, seed) if isinstance(event, Moved)]

        assert 2 <= len(moves) <= 4
        assert len({move.ip_address for move in moves}) == len(moves)


def test_foreigners_have_numbers_names_and_domains_of_their_own() -> None:
    people = [sign_ups(told(foreigners.story, seed))[0].person for seed in SEEDS]

    assert {(person.phone or "")[:2] for person in people} >= {"44", "49", "91", "52", "25"}
    assert any(not (person.last_name or "").isascii() for person in people)
    assert all((person.email or "").isascii() for person in people)


def test_most_honest_redemptions_are_of_a_few_well_known_codes() -> None:
    used = Counter(
        cue.event.promo_code
        for cue in cues_of(SHOP)
        if cue.role == "honest" and isinstance(cue.event, Redeemed)
    )
    best_known = [code.promo_code for code in PROMO_CODES[:3]]

    assert 0.4 < sum(used[code] for code in best_known) / used.total() < 0.65
    assert used.keys() == {code.promo_code for code in PROMO_CODES}


def test_most_phones_have_one_countrys_shape() -> None:
    accounts = sign_ups(cue.event for cue in cues_of(SHOP))
    shapes = Counter(profile_of(event).phone_shape for event in accounts)

    assert shapes["1:911"] > 0.9 * shapes.total()
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
