"""What must hold of the feature store for any history: the ground that exactness stands on."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.events import AccountChange, Change, Erased, IdentifierDecided, LinksDecided
from ml.memory_store import MemoryStore
from ml.rules import closeness
from ml.scorer import Judge, Risk, score
from ml.store import DAY_US, HOUR_US, Link, Neighbourhood
from tests.unit.ml.histories import USERS, histories

WINDOW = 2
"""Small, so that eight accounts overflow it as hundreds would overflow the real one."""


def store_after(history: Iterable[Change]) -> MemoryStore:
    store = MemoryStore(window=WINDOW)
    store.apply(history)
    return store


def everything(store: MemoryStore) -> dict[str, Neighbourhood | None]:
    return {user_id: store.neighbourhood(user_id) for user_id in USERS}


def risks(store: MemoryStore, users: Iterable[str] = USERS) -> dict[str, Risk | None]:
    found = {user_id: store.neighbourhood(user_id) for user_id in users}
    scored = iter(score([known for known in found.values() if known], Judge()))
    return {user_id: next(scored) if known else None for user_id, known in found.items()}


def rescored(store: MemoryStore, delivered: list[Change]) -> set[str]:
    """Who is scored when changes are delivered: the affected, and whom account changes are of.

    And all who are swept because an identifier counts, or does no longer.
    """
    own = {_account_of(c) for c in delivered if isinstance(c, AccountChange)}
    return own | affected(store, delivered)


def affected(store: MemoryStore, delivered: list[Change]) -> set[str]:
    """Who is affected, by sweeps too."""
    found = store.apply(delivered)
    swept = (
        store.concerned(Link(change.kind), change.hashed)
        for change in delivered
        if isinstance(change, IdentifierDecided)
    )
    return found.union(*swept)


def _account_of(change: AccountChange) -> str:
    return change.user_id if isinstance(change, Erased) else change.profile.user_id


@settings(max_examples=150)
@given(histories(), st.data())
def test_order_and_duplicates_do_not_matter(history: list[Change], data: st.DataObject) -> None:
    repeated = history + data.draw(st.lists(st.sampled_from(history), max_size=10))
    shuffled = data.draw(st.permutations(repeated))

    assert everything(store_after(shuffled)) == everything(store_after(history))


@settings(max_examples=150)
@given(histories(), st.integers(1, 8))
def test_scoring_the_affected_keeps_every_risk_current(history: list[Change], size: int) -> None:
    assert_current(history, size)


@settings(max_examples=150)
@given(histories(), st.integers(1, 8))
def test_so_it_does_where_a_single_account_makes_a_place(history: list[Change], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closeness, "LEAST_HISTORY", 1)
        patch.setattr(closeness, "LEAST_BUSY", 1)
        patch.setattr(closeness, "OTHER_TIMES_US", dict.fromkeys(Link, DAY_US))
        patch.setattr(closeness, "NEAR_US", dict.fromkeys(Link, HOUR_US))
        patch.setattr(closeness, "MOST_ABUSERS", dict.fromkeys(Link, 0.4))
        assert_current(history, size)


def assert_current(history: list[Change], size: int) -> None:
    """Deliver a history in batches; after each, kept risks are those of the whole store."""
    store = MemoryStore(window=WINDOW)
    kept = risks(store)
    for start in range(0, len(history), size):
        kept |= risks(store, rescored(store, history[start : start + size]))
        assert kept == risks(store)


@given(histories(), st.data())
def test_a_redelivered_redemption_or_code_names_again_whom_a_crash_forgot(
    history: list[Change], data: st.DataObject
) -> None:
    kept_in_the_outbox = AccountChange | LinksDecided
    accounts: list[Change] = [c for c in history if isinstance(c, kept_in_the_outbox)]
    others: list[Change] = [c for c in history if not isinstance(c, kept_in_the_outbox)]
    acknowledged = data.draw(st.integers(0, len(others)))
    crashed = data.draw(st.integers(acknowledged, len(others)))
    store = store_after(accounts + others[:acknowledged])
    kept = risks(store)
    store.apply(others[acknowledged:crashed])

    kept |= risks(store, affected(store, others[acknowledged:crashed]))

    assert kept == risks(store)
