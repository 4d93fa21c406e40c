"""What the reference store answers, one behaviour at a time."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.events import Authority, Change
from ml.memory_store import MemoryStore
from ml.policy import Value, value_at_risk
from ml.store import CAP, WINDOW, FeatureStore, Link, Neighbourhood
from tests.unit.ml.builders import (
    account,
    at,
    code_defined,
    code_withdrawn,
    erased,
    labelled,
    links_decided,
    redeemed,
    registered,
    said_of,
    updated,
    withdrawn,
)


def known(store: MemoryStore, user_id: str = "anna") -> Neighbourhood:
    found = store.neighbourhood(user_id)
    assert found is not None
    return found


def linked(store: MemoryStore, user_id: str = "anna", link: Link = Link.DEVICE) -> list[str]:
    return [neighbour.user_id for neighbour in known(store, user_id).linked[link]]


def store_with(*names: str, **facts: object) -> MemoryStore:
    store = MemoryStore()
    store.apply(
        registered(account(name, hour, **facts), version=1) for hour, name in enumerate(names)
    )
    return store


def test_it_is_a_feature_store() -> None:
    store: FeatureStore = MemoryStore()

    assert store.neighbourhood("nobody") is None


def test_accounts_with_an_identifier_in_common_are_neighbours_in_order_of_sign_up() -> None:
    store = store_with("ben", "anna", "cleo", device="d")

    assert linked(store) == ["ben", "cleo"]
    assert known(store).linked.keys() == {Link.DEVICE}


def test_a_new_account_has_those_around_it_scored_again_but_not_itself() -> None:
    store = store_with("ben", "cleo", device="d")

    assert store.apply([registered(account(device="d"))]) == {"ben", "cleo"}


def test_an_old_neighbour_behind_an_address_is_not_scored_again() -> None:
    store = store_with("ben", ip="i", network="n")

    assert store.apply([registered(account(hours=25, ip="i", network="n"))]) == set()
    assert store.apply([registered(account("cleo", hours=23, ip="i"))]) == {"ben", "anna"}


def test_an_old_account_that_was_active_since_is_scored_again() -> None:
    store = store_with("ben", ip="i")
    store.apply([redeemed("ben", hours=100)])

    assert store.apply([registered(account(hours=50, ip="i"))]) == {"ben"}


def test_the_window_is_bounded_and_moves_with_the_account() -> None:
    many = [f"u{number:03}" for number in range(CAP + 20)]
    store = store_with(*many, device="d")

    assert linked(store, many[0]) == many[1 : 1 + WINDOW]
    middle = len(many) // 2
    assert len(linked(store, many[middle])) == CAP
    assert linked(store, many[-1]) == many[-1 - WINDOW : -1]


def test_an_older_version_changes_nothing() -> None:
    store = store_with("ben", device="d")
    store.apply([registered(account(device="d"), version=5)])

    assert store.apply([updated(account(device="other"), version=4), erased(version=4)]) == set()
    assert linked(store) == ["ben"]


def test_a_redelivery_names_the_same_accounts_again() -> None:
    store = store_with("ben", device="d")
    change = registered(account(device="d"))

    assert store.apply([change]) == store.apply([change]) == {"ben"}


def test_a_moved_account_leaves_its_old_neighbours_for_new_ones() -> None:
    store = store_with("ben", "anna", device="d")
    store.apply([registered(account("cleo", device="e"))])

    assert store.apply([updated(account(hours=1, device="e"))]) == {"ben", "cleo"}
    assert linked(store, "ben") == []
    assert linked(store, "cleo") == ["anna"]


def test_an_update_that_moves_nothing_names_nobody() -> None:
    store = store_with("anna", "ben", device="d")

    assert store.apply([updated(account(device="d", timezone="UTC"))]) == set()
    assert known(store).profile.timezone == "UTC"


def test_a_label_reaches_those_to_whom_the_account_matters() -> None:
    store = store_with("ben", device="d")
    store.apply(
        [
            registered(account("cleo", hours=10, ip="i")),
            registered(account("dora", hours=-30, ip="i")),
            registered(account(device="d", ip="i")),
        ]
    )

    change = updated(account(device="d", ip="i"), label=True)
    assert store.apply([change]) == {"ben", "cleo"}
    assert known(store, "ben").linked[Link.DEVICE][0].label is True


def test_an_analysts_word_stands_above_the_rows_and_can_be_taken_back() -> None:
    store = store_with("ben", "anna", device="d")

    def label() -> bool | None:
        return known(store, "ben").linked[Link.DEVICE][0].label

    assert store.apply([labelled(label=True)]) == {"ben"}
    store.apply([updated(account(hours=1, device="d"), label=False)])
    assert label() is True
    assert store.apply([labelled(label=False, version=4)]) == set()
    assert store.apply([labelled(label=None, version=6)]) == {"ben"}
    assert label() is False


def test_a_word_on_an_account_that_has_not_come_yet_waits_for_it() -> None:
    store = store_with("ben", device="d")
    assert store.apply([labelled(label=True)]) == set()

    assert store.apply([registered(account(device="d"))]) == {"ben"}
    assert known(store, "ben").linked[Link.DEVICE][0].label is True


def test_accounts_falsely_linked_are_no_neighbours_either_way() -> None:
    store = store_with("ben", "anna", "cleo", device="d", phone="p")

    assert store.apply([links_decided("anna", ("ben", None))]) == {"anna", "ben"}
    assert linked(store) == ["cleo"]
    assert linked(store, "ben") == ["cleo"]
    assert linked(store, "cleo") == ["ben", "anna"]

    only_device = links_decided("anna", ("ben", "device"), version=6)
    assert store.apply([only_device]) == {"anna", "ben"}
    assert linked(store) == ["cleo"]
    assert linked(store, link=Link.PHONE) == ["ben", "cleo"]

    assert store.apply([links_decided("anna", version=7)]) == {"anna", "ben"}
    assert linked(store) == ["ben", "cleo"]


def test_both_may_say_that_they_are_falsely_linked_and_each_takes_back_its_own_word() -> None:
    store = store_with("ben", "anna", device="d")
    store.apply([links_decided("anna", ("ben", None)), links_decided("ben", ("anna", None))])

    store.apply([links_decided("anna", version=6)])
    assert linked(store) == []
    store.apply([links_decided("ben", version=6)])
    assert linked(store) == ["ben"]


def test_an_erased_account_is_nobodys_neighbour() -> None:
    store = store_with("anna", "ben", device="d")

    assert store.apply([erased()]) == {"ben"}
    assert store.neighbourhood("anna") is None
    assert linked(store, "ben") == []


def test_a_redemption_waits_for_its_account() -> None:
    store = MemoryStore()

    assert store.apply([redeemed(hours=3)]) == set()
    store.apply([registered(account())])
    assert known(store).as_of_us == at(3)


def test_an_attempt_is_stored_but_not_counted() -> None:
    store = store_with("anna")
    store.apply([redeemed(used=False)])
    assert known(store).redemptions == ()

    store.apply([redeemed(used=True, version=2)])
    assert [r.canonical_code for r in known(store).redemptions] == ["SPRING"]


def test_redemptions_saturate_but_the_newest_event_does_not() -> None:
    store = store_with("anna")
    store.apply(redeemed(hours=n, usage_id=n) for n in range(CAP + 5))

    assert len(known(store).redemptions) == CAP
    assert known(store).as_of_us == at(CAP + 4)


def test_a_redemption_of_the_same_code_names_the_neighbour() -> None:
    store = store_with("anna", "ben", device="d")
    store.apply([redeemed("ben", "SPRING", usage_id=2)])

    assert store.apply([redeemed("anna", "SUMMER", usage_id=1)]) == {"anna"}
    assert store.apply([redeemed("anna", "SPRING", usage_id=3)]) == {"anna", "ben"}


def test_a_moved_redemption_leaves_its_former_account() -> None:
    store = store_with("anna", "ben")
    store.apply([redeemed("anna")])

    assert store.apply([redeemed("ben", version=2, previous="anna")]) == {"anna", "ben"}
    assert known(store, "anna").redemptions == ()


def test_a_withdrawn_redemption_is_gone_and_an_older_change_does_not_bring_it_back() -> None:
    store = store_with("anna")
    store.apply([redeemed(), withdrawn(version=9), redeemed(version=8)])

    assert known(store).redemptions == ()
    assert known(store).last_redeemed_at_us is None


def test_a_redelivered_withdrawal_names_every_neighbour_it_may_have_concerned() -> None:
    store = store_with("anna", "ben", device="d")
    store.apply([redeemed("ben", usage_id=2), redeemed("anna"), withdrawn("anna")])

    assert store.apply([withdrawn("anna")]) == {"anna", "ben"}


def test_a_code_defined_late_names_who_waits_for_it() -> None:
    store = store_with("anna")
    store.apply([redeemed("anna"), redeemed("stranger", usage_id=2)])
    assert known(store).codes == {}

    assert store.apply([code_defined()]) == {"anna"}
    assert known(store).codes.keys() == {"SPRING"}


def test_later_terms_of_a_code_make_nobody_score_again() -> None:
    store = store_with("anna")
    store.apply([code_defined(), redeemed()])

    assert store.apply([code_defined(value="99", version=2)]) == set()
    assert store.apply([code_defined(value="1", version=1)]) == set()
    store.apply([code_withdrawn()])
    assert known(store).codes == {}


def test_a_hypothetical_registration_sees_its_neighbours_and_changes_nothing() -> None:
    store = store_with("ben", device="d")
    asked = store.neighbourhood_of(account(device="d"))

    assert [neighbour.user_id for neighbour in asked.linked[Link.DEVICE]] == ["ben"]
    assert store.neighbourhood("anna") is None
    assert linked(store, "ben") == []


def test_all_writings_of_a_code_are_one_and_take_its_terms() -> None:
    store = store_with("anna")
    store.apply([code_defined("SPRING", value="7"), redeemed(code=" spr\u0456ng\u200b")])

    around = known(store)
    assert [r.canonical_code for r in around.redemptions] == ["SPRING"]
    assert value_at_risk(around) == Value(Decimal(7), is_lower_bound=False)


@given(st.permutations(["define SPRING", "define spring", "redeem"]))
def test_of_a_code_that_is_defined_in_several_writings_the_smallest_ones_terms_hold(
    order: list[str],
) -> None:
    store = store_with("anna")
    changes: dict[str, Change] = {
        "define SPRING": code_defined("SPRING", value="7"),
        "define spring": code_defined("spring", value="9"),
        "redeem": redeemed(code="spring"),
    }
    store.apply(changes[name] for name in order)

    assert value_at_risk(known(store)) == Value(Decimal(7), is_lower_bound=False)

    store.apply([code_withdrawn("SPRING"), code_defined("SPRING", value="8", version=3)])
    assert value_at_risk(known(store)) == Value(Decimal(9), is_lower_bound=False)


def test_a_redemption_waits_for_any_writing_of_its_code() -> None:
    store = store_with("anna")
    store.apply([redeemed(code="spring")])

    assert store.apply([code_defined("SPRING ")]) == {"anna"}


def test_an_identifier_of_nobody_links_nobody_until_the_word_is_taken_back() -> None:
    store = store_with("anna", "ben", device="d", ip="i")

    assert store.apply([said_of("d", identifies=False)]) == set()
    assert known(store).linked.keys() == {Link.IP}
    assert [other.device for other in known(store).linked[Link.IP]] == [None]
    assert store.concerned(Link.DEVICE, "d") == {"anna", "ben"}

    store.apply([registered(account("cleo", 5, device="d"), version=1)])
    store.apply([said_of("d", identifies=None, version=6)])
    assert linked(store) == ["ben", "cleo"]


@pytest.mark.parametrize(
    ("measured", "analyst", "is_counted"),
    [
        (None, None, True),
        (False, None, False),
        (True, None, True),
        (False, True, True),
        (True, False, False),
        (None, False, False),
    ],
)
def test_an_analysts_word_stands_above_the_measurement(
    measured: bool | None, analyst: bool | None, is_counted: bool
) -> None:
    words = [
        said_of("d", measured, Authority.MEASUREMENT, version=9),
        said_of("d", analyst, Authority.ANALYST, version=1),
    ]
    for order in (words, words[::-1]):
        store = store_with("anna", device="d")
        store.apply(order)
        assert store.is_counted(Link.DEVICE, "d") is is_counted


def test_whoever_is_linked_through_something_else_with_a_device_of_nobody_is_concerned() -> None:
    store = store_with("anna", "ben", device="d")
    store.apply(
        [
            registered(account("anna", 0, device="d", phone="p"), version=1),
            registered(account("cleo", 3, phone="p"), version=1),
            registered(account("dora", 4, ip="i"), version=1),
        ]
    )

    assert store.concerned(Link.DEVICE, "d") == {"anna", "ben", "cleo"}
