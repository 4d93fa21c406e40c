"""Published vectors against today's rows: equal, late and explained, or wrong and found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.events import (
    Change,
    Erased,
    IdentifierDecided,
    IgnoredLink,
    LinksDecided,
    Origin,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    Updated,
)
from ml.features.feature import Common, Fact
from ml.memory_store import MemoryStore
from ml.parity.causes import Cause, Kind
from ml.parity.check import Commons, Parity, check
from ml.parity.report import text
from ml.parity.standing import standing_of
from ml.parity.vectors import recomputed
from ml.scorer import RULES_ONLY
from ml.store import Link
from tests.unit.ml.builders import (
    account,
    erased,
    redeemed,
    registered,
    said_of,
    updated,
    withdrawn,
)
from tests.unit.ml.histories import histories
from warehouse.scorings import Scoring

SECOND_US = 1_000_000
TODAY_US = 1_800_000_000 * SECOND_US
"""Commits are long after the events, as in a shop whose history is loaded."""

BUNDLES = {RULES_ONLY: Common(), "b1": Common({Fact.PHONE_SHAPE: {"1:911": 0.004}})}


def committed(change: Change, second: float) -> Any:
    """A change that was committed so many seconds after the beginning of today."""
    at_us = TODAY_US + round(second * SECOND_US)
    is_moment = isinstance(change, LinksDecided | IdentifierDecided)
    version = at_us if is_moment else change.origin.version
    return replace(change, origin=Origin(version, at_us))


@dataclass
class Stream:
    """What the scoring workers do, one change a time: every account that may differ is scored."""

    store: MemoryStore = field(default_factory=MemoryStore)
    version: str = RULES_ONLY
    now_us: int = TODAY_US
    scorings: dict[str, list[Scoring]] = field(default_factory=dict)

    def arrive(self, change: Change, second: float | None = None) -> None:
        """A change reaches the workers, when it is committed or later."""
        at_us = change.origin.committed_at_us
        if second is not None:
            at_us = max(at_us, TODAY_US + round(second * SECOND_US))
        self.now_us = max(self.now_us, at_us)
        affected = self.store.apply([change]) | direct(change)
        if isinstance(change, IdentifierDecided):
            affected |= self.store.concerned(Link(change.kind), change.hashed)
        for user in sorted(affected):
            self.score(user, trigger_of(change))

    def score(self, user: str, trigger: str = "rescore") -> None:
        self.now_us += 1_000
        around = self.store.neighbourhood(user)
        if around is None:
            self.scorings.pop(user, None)
            return
        vector, known = recomputed(around, BUNDLES[self.version]), self.scorings.get(user, [])
        if known and (known[-1].features, known[-1].event_time_us) == (vector, around.as_of_us):
            return
        made = Scoring(
            user, f"{user}-{self.now_us}", self.now_us, trigger, self.version,
            around.as_of_us, vector,
        )  # fmt: skip
        self.scorings[user] = [*known, made]

    def published(self) -> list[Scoring]:
        return [one for user in sorted(self.scorings) for one in self.scorings[user]]


def direct(change: Change) -> set[str]:
    """The account that whoever receives a change scores at once."""
    match change:
        case Registered() | Updated():
            return {change.profile.user_id}
        case Erased():
            return {change.user_id}
        case _:
            return set()


def trigger_of(change: Change) -> str:
    match change:
        case Registered():
            return "registration"
        case Redeemed() | RedemptionWithdrawn():
            return "redemption"
        case _:
            return "rescore"


def bundle_of(version: str) -> Common | None:
    return BUNDLES.get(version)


def checked(
    changes: Iterable[Change], scorings: Sequence[Scoring], commons: Commons = bundle_of
) -> Parity:
    return check(standing_of(changes), scorings, commons)


def played(*changes: Change) -> tuple[list[Change], list[Scoring]]:
    """Changes that arrive a minute apart, as they are committed."""
    stream = Stream()
    made = [committed(change, 60 * n) for n, change in enumerate(changes)]
    for change in made:
        stream.arrive(change)
    return made, stream.published()


ANNA = registered(account("anna", device="d"))
BEN = registered(account("ben", hours=1, device="d"))


def the_cause(found: Parity) -> Cause:
    ((_, explanation),) = found.explained
    (cause,) = explanation.causes
    return cause


def test_events_in_order_leave_nothing_to_explain() -> None:
    found = checked(*played(ANNA, BEN, redeemed("anna", hours=2), redeemed("ben", hours=3)))
    assert found.holds
    assert (found.accounts, found.latest, found.differences) == (2, 2, [])
    assert found.superseded == found.superseded_equal > 0


def test_a_neighbour_that_registered_late_is_named() -> None:
    found = checked(*played(BEN, ANNA))
    assert found.holds
    assert the_cause(found) == Cause(Kind.REGISTRATION, "anna")


def test_a_redemption_that_came_late_is_named() -> None:
    late, early = redeemed("anna", hours=2, usage_id=1), redeemed("anna", hours=3, usage_id=2)
    found = checked(*played(ANNA, early, late))
    assert found.holds
    assert the_cause(found) == Cause(Kind.REDEMPTION, "1")


def test_a_neighbours_late_redemption_of_the_same_code_is_named() -> None:
    bens = redeemed("ben", hours=2, usage_id=1)
    found = checked(*played(ANNA, BEN, redeemed("anna", hours=3, usage_id=2), bens))
    assert found.holds
    assert Cause(Kind.REDEMPTION, "1") in {c for _, e in found.explained for c in e.causes}


def test_a_change_of_the_accounts_own_row_is_named() -> None:
    found = checked(*played(ANNA, BEN, updated(account("ben", hours=1, device="other"))))
    assert found.holds
    assert the_cause(found) == Cause(Kind.UPDATE, "ben")


def test_a_link_that_was_declared_false_is_named() -> None:
    no_link = LinksDecided("anna", (IgnoredLink("ben"),), Origin(1, 1))
    found = checked(*played(ANNA, BEN, no_link))
    assert found.holds
    assert the_cause(found) == Cause(Kind.LINK_DECISION, "anna")


def test_a_link_that_was_false_for_a_while_is_named() -> None:
    no_link = LinksDecided("anna", (IgnoredLink("ben"),), Origin(1, 1))
    again = LinksDecided("anna", (), Origin(1, 1))
    found = checked(*played(ANNA, BEN, no_link, again))
    assert found.holds
    assert the_cause(found) == Cause(Kind.LINK_DECISION, "anna")


@pytest.mark.parametrize("later", [None, True])
def test_a_word_that_came_after_a_scoring_is_named_and_so_is_one_that_was_taken_back(
    later: bool | None,
) -> None:
    nobodys, taken_back = said_of("d"), said_of("d", later)
    for words in ((nobodys,), (nobodys, taken_back)):
        found = checked(*played(ANNA, BEN, *words))
        assert found.holds
        assert not found.unjudged
        causes = {cause for _, explanation in found.explained for cause in explanation.causes}
        assert causes == {Cause(Kind.IDENTIFIER_DECISION, "device")}


def test_late_neighbours_that_push_another_out_of_a_full_window_are_named() -> None:
    early = [registered(account(f"e{n:02}", hours=n - 40, device="i")) for n in range(25)]
    bought = (redeemed("e00", hours=-1, usage_id=1), redeemed("anna", hours=1, usage_id=2))
    anna = registered(account("anna", device="i"))
    late = [registered(account(f"l{n}", hours=n - 9, device="i")) for n in range(6)]
    found = checked(*played(*early, anna, *bought, *late))
    assert found.holds
    assert not found.unjudged
    annas = {c for scoring, e in found.explained if scoring.user_id == "anna" for c in e.causes}
    assert Cause(Kind.REGISTRATION, "l0") in annas


def test_what_an_erased_neighbour_said_cannot_be_judged_but_it_is_named() -> None:
    found = checked(*played(ANNA, BEN, erased("anna")))
    assert found.holds
    ((scoring, explanation),) = found.unjudged
    assert (scoring.user_id, explanation.causes) == ("ben", (Cause(Kind.ERASURE, "anna"),))
    assert "device_closeness" in explanation.features


def test_what_a_withdrawn_redemption_said_cannot_be_judged_but_it_is_named() -> None:
    found = checked(*played(ANNA, redeemed("anna", hours=2), withdrawn("anna")))
    assert found.holds
    ((_, explanation),) = found.unjudged
    assert explanation.causes == (Cause(Kind.WITHDRAWAL, "1"),)


def test_a_change_that_overtook_its_rows_registration_cannot_be_judged() -> None:
    stream = Stream()
    changes = [
        committed(registered(account("anna", ip="i")), 0),
        committed(updated(account("anna", device="d")), 1),
    ]
    for change in changes:
        stream.arrive(change, second=60)
    found = checked(changes, stream.published())
    assert found.holds
    ((_, explanation),) = found.unjudged
    assert explanation.causes == (Cause(Kind.UPDATE, "anna"),)


def test_a_change_that_was_committed_before_a_scoring_and_arrived_after_it_is_late() -> None:
    anna, ben = committed(ANNA, 0), committed(BEN, 60)
    stream = Stream()
    stream.arrive(ben)
    stream.arrive(anna, second=600)
    found = checked([anna, ben], stream.published())
    assert found.holds
    assert the_cause(found) == Cause(Kind.REGISTRATION, "anna")


@pytest.mark.parametrize("planted", [0.0, 3.0, None])
def test_a_wrong_number_in_a_latest_vector_is_found(planted: float | None) -> None:
    changes, scorings = played(ANNA, BEN)
    right = scorings[-1].features["device_closeness"]
    wrong = {**scorings[-1].features, "device_closeness": planted}
    found = checked(changes, [*scorings[:-1], replace(scorings[-1], features=wrong)])
    assert not found.holds
    (difference,) = found.differences
    assert difference.user_id == "ben"
    assert difference.feature == "device_closeness"
    assert (difference.stored, difference.recomputed) == (planted, right)
    assert f"ben device_closeness: stored {planted}, recomputed {right}" in text(found, 5)


@pytest.mark.parametrize("feature", ["device_closeness", "signup_hour"])
def test_a_wrong_number_in_an_older_vector_is_found(feature: str) -> None:
    changes, scorings = played(ANNA, BEN, redeemed("ben", hours=2))
    older = next(n for n, one in enumerate(scorings) if one.user_id == "ben")
    scorings[older] = replace(scorings[older], features={**scorings[older].features, feature: 7.0})
    found = checked(changes, scorings)
    assert not found.holds
    ((_, explanation),) = found.unexplained
    assert explanation.features == (feature,)


def test_a_late_neighbour_does_not_explain_another_number() -> None:
    changes, scorings = played(BEN, ANNA)
    older = next(n for n, one in enumerate(scorings) if one.user_id == "ben")
    wrong = {**scorings[older].features, "signup_hour": 7.0, "device_closeness": 5.0}
    scorings[older] = replace(scorings[older], features=wrong)
    ((_, explanation),) = checked(changes, scorings).unexplained
    assert set(explanation.features) == {"device_closeness", "signup_hour"}


def test_accounts_without_scoring_and_scorings_without_account_are_found() -> None:
    changes, scorings = played(ANNA, BEN)
    lacking = checked(changes, [one for one in scorings if one.user_id != "ben"])
    assert (lacking.unscored, lacking.holds) == (["ben"], False)
    orphaned = checked(changes[:1], scorings)
    assert (orphaned.orphans, orphaned.holds) == (["ben"], False)


def test_shares_are_those_of_the_bundle_that_scored() -> None:
    stream = Stream(version="b1")
    anna = committed(registered(account("anna", phone_shape="1:911")), 0)
    stream.arrive(anna)
    scorings = stream.published()
    assert scorings[0].features["phone_shape_share"] == 0.004
    assert checked([anna], scorings).holds
    as_rules = [replace(one, model_version=RULES_ONLY) for one in scorings]
    (difference,) = checked([anna], as_rules).differences
    assert difference.feature == "phone_shape_share"


def test_older_vectors_of_other_features_are_counted_and_newest_ones_differ() -> None:
    changes, scorings = played(ANNA, BEN, redeemed("ben", hours=2))
    older = next(n for n, one in enumerate(scorings) if one.user_id == "ben")
    scorings[older] = replace(scorings[older], features={"a feature of old": 1.0})
    found = checked(changes, scorings)
    assert (found.holds, found.foreign) == (True, 1)
    assert "1 are of other features" in text(found, 5)
    scorings[-1] = replace(scorings[-1], features={"a feature of old": 1.0})
    assert not checked(changes, scorings).holds


def test_a_bundle_that_is_gone_is_counted_and_the_rest_is_compared() -> None:
    changes, scorings = played(ANNA)
    gone = [replace(one, model_version="gone") for one in scorings]
    found = checked(changes, gone)
    assert (found.holds, found.bundles_gone["gone"]) == (True, 1)
    assert "bundle gone is gone" in text(found, 5)
    wrong = {**gone[0].features, "device_closeness": 9.0}
    assert not checked(changes, [replace(gone[0], features=wrong)]).holds


@settings(max_examples=60)
@given(histories(), st.randoms(use_true_random=False))
def test_any_delay_of_any_history_holds(history: list[Change], random: Any) -> None:
    changes = [committed(change, 3 * n) for n, change in enumerate(unmoved(history))]
    stream = Stream()
    for second, _, change in sorted(arrivals(changes, random), key=lambda one: one[:2]):
        stream.arrive(change, second)
    found = checked(changes, stream.published())
    assert found.holds, text(found, 3)


def unmoved(history: list[Change]) -> list[Change]:
    """The same, but a redemption that is changed keeps the moment at which the code was used."""
    first: dict[int, int] = {}
    return [
        replace(change, used_at_us=first.setdefault(change.usage_id, change.used_at_us))
        if isinstance(change, Redeemed)
        else change
        for change in history
    ]


def arrivals(changes: list[Change], random: Any) -> list[tuple[float, int, Change]]:
    """When each change arrives: not before it is committed, nor after its row's next change."""
    until: dict[object, float] = {}
    found = []
    for n, change in reversed(list(enumerate(changes))):
        latest = until.get(row_of(change), 3 * len(changes)) - 0.5
        found.append((random.choice((3 * n, latest)), n, change))
        until[row_of(change)] = 3 * n
    return found


def row_of(change: Change) -> object:
    match change:
        case Registered() | Updated():
            return "users", change.profile.user_id
        case Redeemed() | RedemptionWithdrawn():
            return "usages", change.usage_id
        case Erased():
            return "users", change.user_id
        case _:
            return "codes"
