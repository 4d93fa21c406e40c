"""What is alerted when accounts that each used a code turn out to be one person."""

from collections.abc import Iterable

from connectors.events import Change
from ml.memory_store import MemoryStore
from ml.policy import ALERTED, Level
from ml.scorer import Judge, score
from tests.unit.ml.builders import account, redeemed, registered, updated


def levels(store: MemoryStore, users: Iterable[str]) -> dict[str, Level]:
    known = [store.neighbourhood(user) for user in users]
    risks = score([around for around in known if around is not None], Judge())
    return {risk.user_id: risk.level for risk in risks}


def alerted(store: MemoryStore, users: Iterable[str]) -> set[str]:
    return {user for user, level in levels(store, users).items() if level in ALERTED}


def two_redeemers(hours_apart: float = 24) -> list[Change]:
    return [
        registered(account("anna", device="d1", phone="p1")),
        registered(account("cleo", hours=hours_apart, device="d2", phone="p2")),
        redeemed("anna", hours=48, usage_id=1),
        redeemed("cleo", hours=49, usage_id=2),
    ]


def test_two_redeemers_of_a_code_who_share_nothing_are_not_alerted() -> None:
    store = MemoryStore()
    store.apply(two_redeemers())

    assert alerted(store, ("anna", "cleo")) == set()


def test_an_update_that_joins_two_redeemers_alerts_both() -> None:
    store = MemoryStore()
    store.apply(two_redeemers())
    merged = updated(account("cleo", hours=24, device="d1", phone="p2"))

    affected = store.apply([merged]) | {"cleo"}

    assert alerted(store, affected) == {"anna", "cleo"}


def test_an_account_that_arrives_between_two_redeemers_is_alerted() -> None:
    store = MemoryStore()
    store.apply(two_redeemers(hours_apart=2_000))
    store.apply([registered(account("ben", hours=4_000, device="d1", phone="p2"))])

    assert alerted(store, ("anna", "ben", "cleo")) == {"ben"}


def test_an_update_that_makes_a_bridge_alerts_it() -> None:
    store = MemoryStore()
    store.apply([*two_redeemers(), registered(account("ben", device="d1", phone="p9"))])
    assert alerted(store, ("ben",)) == set()

    store.apply([updated(account("ben", device="d1", phone="p2"))])

    assert alerted(store, ("ben",)) == {"ben"}


def test_a_bridge_that_was_there_before_is_scored_again_when_the_second_one_redeems() -> None:
    store = MemoryStore()
    *before, last = two_redeemers()
    store.apply([*before, registered(account("ben", hours=1, device="d1", phone="p2"))])

    affected = store.apply([last])

    assert "ben" in affected
    assert "ben" in alerted(store, affected)
