"""Time travel: a vector may be taken at any later moment, and says what it would have said."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.events import Origin, Redeemed, Registered
from ml.features.catalog import NAMES, vector
from ml.features.feature import Common, Fact
from ml.memory_store import MemoryStore
from ml.store import Neighbourhood
from ml.training.history import History, history_of
from ml.training.replay import replay
from tests.unit.ml.builders import account, at, redeemed, registered
from tests.unit.ml.histories import CODES, USERS, labels, moments, profiles

COMMON = Common({Fact.PHONE_SHAPE: {"1:911": 0.9}, Fact.EMAIL_DOMAIN: {"example.com": 0.3}})
WINDOW = 2


@st.composite
def shops(draw: st.DrawFn) -> History:
    """Accounts and redemptions as a warehouse holds them: each row once, as it is today."""
    users = draw(st.lists(st.sampled_from(USERS), unique=True, min_size=1))
    registrations = [Registered(draw(profiles(u)), draw(labels), Origin(1, 0)) for u in users]
    return history_of(registrations, draw(st.lists(_redemptions(), unique_by=_usage, max_size=20)))


def _usage(event: Redeemed) -> int:
    return event.usage_id


@st.composite
def _redemptions(draw: st.DrawFn) -> Redeemed:
    return Redeemed(
        usage_id=draw(st.integers(1, 1000)),
        user_id=draw(st.sampled_from(USERS)),
        promo_code=draw(st.sampled_from(CODES)),
        used_at_us=draw(moments),
        used_promo=draw(st.sampled_from((True, None, False))),
        origin=Origin(1, 0),
    )


def cut(known: Neighbourhood, moment_us: int) -> Neighbourhood:
    """Today's neighbourhood, the account's own events after a moment taken away."""
    own = tuple(r for r in known.redemptions if r.used_at_us <= moment_us)
    last = moment_us if moment_us > known.profile.created_at_us else None
    return replace(known, redemptions=own, last_redeemed_at_us=last)


@settings(max_examples=100)
@given(shops())
def test_a_vector_taken_later_equals_the_one_taken_at_the_moment(history: History) -> None:
    today = MemoryStore(window=WINDOW)
    today.apply([*history.registrations, *history.redemptions])

    for moment in replay(history, MemoryStore(window=WINDOW)):
        known = today.neighbourhood(moment.user_id)
        assert known is not None
        then = vector(moment.neighbourhood, COMMON)
        now = vector(cut(known, moment.at_us), COMMON)
        np.testing.assert_array_equal(then, now)


@given(shops())
def test_the_newest_moment_of_an_account_has_the_vector_of_today(history: History) -> None:
    today = MemoryStore()
    today.apply([*history.registrations, *history.redemptions])
    newest = {moment.user_id: moment for moment in replay(history)}

    assert newest.keys() == {event.profile.user_id for event in history.registrations}
    for user_id, moment in newest.items():
        known = today.neighbourhood(user_id)
        assert known is not None
        np.testing.assert_array_equal(vector(moment.neighbourhood, COMMON), vector(known, COMMON))


def test_there_is_a_moment_at_each_registration_and_each_counted_redemption() -> None:
    history = history_of(
        [registered(account("anna", 0), label=True), registered(account("ben", 2))],
        [
            redeemed("anna", hours=1, usage_id=1),
            redeemed("anna", hours=3, usage_id=2, used=False),
            redeemed("ben", hours=1, usage_id=3),
            redeemed("stranger", hours=1, usage_id=4),
        ],
    )

    seen = [(m.user_id, m.at_us, len(m.neighbourhood.redemptions)) for m in replay(history)]

    assert seen == [("anna", at(0), 0), ("anna", at(1), 1), ("ben", at(2), 1)]


def test_events_of_one_instant_are_known_to_each_other_and_give_one_moment() -> None:
    history = history_of(
        [registered(account("anna", 0, device="d")), registered(account("ben", 0, device="d"))],
        [redeemed("anna", hours=0)],
    )

    seen = [(m.user_id, vector(m.neighbourhood, COMMON).tolist()) for m in replay(history)]

    assert [user_id for user_id, _ in seen] == ["anna", "ben"]
    assert all(values[NAMES.index("device_closeness")] == 1 for _, values in seen)


@given(shops())
def test_no_label_is_known_to_any_moment(history: History) -> None:
    assert all(
        neighbour.label is None
        for moment in replay(history)
        for accounts in moment.neighbourhood.linked.values()
        for neighbour in accounts
    )
