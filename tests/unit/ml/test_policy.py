"""From evidence to a verdict."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.amounts import MOST
from ml.policy import (
    ALERTED,
    CRITICAL_FROM,
    HIGH_FROM,
    MEDIUM_FROM,
    STANDARD,
    Action,
    Level,
    Thresholds,
    Value,
    action_of,
    combine,
    value_at_risk,
)
from ml.reasons import Reason
from ml.store import Neighbourhood
from tests.unit.ml.builders import neighbourhood, redemption, terms

THRESHOLDS = Thresholds(medium=0.1, high=0.3, critical=0.5)
shares = st.floats(0, 1)


@pytest.mark.parametrize(
    ("score", "level", "action"),
    [
        (0.0, Level.LOW, Action.ALLOW),
        (0.299999, Level.LOW, Action.ALLOW),
        (0.3, Level.MEDIUM, Action.ALLOW),
        (0.6, Level.HIGH, Action.CHALLENGE),
        (0.85, Level.CRITICAL, Action.DENY),
        (1.0, Level.CRITICAL, Action.DENY),
    ],
)
def test_a_score_has_a_level_and_a_level_an_action(
    score: float, level: Level, action: Action
) -> None:
    assert STANDARD.boundaries.level(score) is level
    assert action_of(level) is action


def test_what_is_challenged_or_denied_is_alerted() -> None:
    assert {level for level in Level if action_of(level) is not Action.ALLOW} == ALERTED


def test_levels_begin_at_the_thresholds() -> None:
    assert THRESHOLDS.score(0.1) == pytest.approx(MEDIUM_FROM)
    assert THRESHOLDS.score(0.3) == pytest.approx(HIGH_FROM)
    assert THRESHOLDS.score(0.5) == pytest.approx(CRITICAL_FROM)
    assert (THRESHOLDS.score(0.0), THRESHOLDS.score(1.0)) == (0.0, 1.0)
    assert THRESHOLDS.score(1.0000001) == 1.0


@given(shares, shares)
def test_a_higher_probability_never_scores_lower(one: float, other: float) -> None:
    low, high = sorted((one, other))

    assert 0 <= THRESHOLDS.score(low) <= THRESHOLDS.score(high) <= 1


@given(shares, st.lists(shares, max_size=5), shares)
def test_evidence_only_ever_adds_up(model: float, weights: list[float], more: float) -> None:
    reasons = [Reason("rule.x", "", weight) for weight in weights]
    score = combine(model, reasons)

    assert 0 <= score <= combine(model, [*reasons, Reason("rule.y", "", more)]) <= 1


def test_rules_are_independent_causes_and_combine_as_noisy_or() -> None:
    assert combine(0.0, [Reason("a", "", 0.5), Reason("b", "", 0.2)]) == 0.6


def test_of_two_readings_of_the_same_evidence_the_stronger_counts() -> None:
    rules = [Reason("a", "", 0.5), Reason("b", "", 0.2)]

    assert combine(0.5, rules) == 0.6
    assert combine(0.7, rules) == 0.7


def test_what_is_known_of_labels_adds_to_either() -> None:
    label = Reason("rule.linked_to_abuser", "", 0.5)

    assert combine(0.5, [label]) == 0.75
    assert combine(0.0, [label, Reason("a", "", 0.2)]) == 0.6


def test_a_fixed_discount_is_worth_its_value() -> None:
    known = neighbourhood(redemptions=(redemption("A"),), codes={"A": terms("fixed_amount", "49")})

    assert value_at_risk(known) == Value(Decimal(49), is_lower_bound=False)


def test_a_percentage_is_worth_at_least_its_share_of_the_minimum_purchase() -> None:
    codes = {"A": terms("percentage", "25", "60"), "B": terms("fixed_amount", "5")}
    known = neighbourhood(redemptions=(redemption("A"), redemption("B", usage_id=2)), codes=codes)

    assert value_at_risk(known) == Value(Decimal(20), is_lower_bound=True)


@pytest.mark.parametrize(
    "unknown",
    [
        terms("fixed_amount", None),
        terms("percentage", "25"),
        terms("free_shipping", "3", "9"),
        terms(None, "3"),
    ],
)
def test_terms_that_do_not_tell_have_no_value(unknown: object) -> None:
    known = neighbourhood(redemptions=(redemption("A"),), codes={"A": unknown})  # type: ignore[dict-item]

    assert value_at_risk(known) is None


def test_without_redemptions_or_terms_there_is_no_value() -> None:
    assert value_at_risk(neighbourhood()) is None
    assert value_at_risk(neighbourhood(redemptions=(redemption("A"),))) is None


def test_value_beyond_every_store_is_the_most_that_one_holds() -> None:
    def known(*codes: tuple[str, str, str | None]) -> Neighbourhood:
        redeemed = tuple(redemption(str(n), usage_id=n) for n, _ in enumerate(codes))
        named = {str(n): terms(*code) for n, code in enumerate(codes)}
        return neighbourhood(redemptions=redeemed, codes=named)

    half, most = "60000000000000000000000000000000", str(MOST)
    assert value_at_risk(known(("fixed_amount", most, None))) == Value(MOST, is_lower_bound=False)
    for codes in ([("fixed_amount", half, None)] * 2, [("percentage", most, most)]):
        assert value_at_risk(known(*codes)) == Value(MOST, is_lower_bound=True)
    assert value_at_risk(known(*[("fixed_amount", f"-{half}", None)] * 2)) is None
    exact = known(("fixed_amount", half, None), ("fixed_amount", "0.000001", None))
    assert value_at_risk(exact) == Value(Decimal(f"{half}.000001"), is_lower_bound=False)
