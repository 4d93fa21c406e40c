"""From a neighbourhood to a risk."""

from decimal import Decimal

import pytest

from ml.bundle import Model
from ml.features.catalog import NAMES
from ml.features.feature import Unit
from ml.policy import Action, Level, Value
from ml.scorer import RULES_ONLY, Judge, score, shown
from tests.unit.ml.builders import account, at, neighbour, neighbourhood, redemption, terms
from tests.unit.ml.bundles import bundle

ODD, USUAL = account("odd", phone_shape="0:93-193"), account("usual", phone_shape="1:911")


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(bundle())


def test_nobody_to_score_costs_no_prediction(model: Model) -> None:
    assert score([], Judge(model)) == []


def test_rules_alone_score_until_there_is_a_model() -> None:
    known = neighbourhood(account(), device=(neighbour(),))
    (risk,) = score([known], Judge())

    assert (risk.score, risk.level, risk.model_version) == (0.35, Level.MEDIUM, RULES_ONLY)
    assert [reason.code for reason in risk.reasons] == ["rule.shared_device"]


def test_the_model_tells_odd_from_usual_and_says_why(model: Model) -> None:
    odd, usual = score([neighbourhood(ODD), neighbourhood(USUAL)], Judge(model))

    assert (odd.user_id, odd.level, odd.action) == ("odd", Level.CRITICAL, Action.DENY)
    assert odd.reasons[0].code == "model.phone_shape_share"
    assert odd.reasons[0].description == (
        "accounts of this shop whose phone number is written like this one: hardly any"
    )
    assert odd.reasons[0].contribution > 0.25
    assert (usual.level, usual.action, usual.reasons) == (Level.LOW, Action.ALLOW, ())
    assert odd.model_version == usual.model_version == model.bundle.version


def test_reasons_name_rules_before_the_model(model: Model) -> None:
    (risk,) = score([neighbourhood(ODD, device=(neighbour(),))], Judge(model))

    assert [reason.code for reason in risk.reasons] == [
        "rule.shared_device",
        "model.phone_shape_share",
    ]


def test_accounts_are_scored_together_as_each_alone(model: Model) -> None:
    known = [neighbourhood(ODD), neighbourhood(USUAL), neighbourhood(ODD, (redemption(),))]

    assert score(known, Judge(model)) == [score([one], Judge(model))[0] for one in known]


def test_a_risk_keeps_the_exact_vector_with_unknown_as_none(model: Model) -> None:
    (risk,) = score([neighbourhood(USUAL, device=())], Judge(model))

    assert tuple(risk.features) == NAMES
    assert risk.features["device_closeness"] == 0
    assert risk.features["phone_closeness"] is None
    assert risk.features["phone_shape_share"] == 0.01


def test_a_risk_knows_its_moment_and_its_value(model: Model) -> None:
    codes = {"SPRING": terms("fixed_amount", "7")}
    (risk,) = score([neighbourhood(USUAL, (redemption(hours=5),), codes)], Judge(model))

    assert risk.event_time_us == at(5)
    assert risk.value == Value(Decimal(7), is_lower_bound=False)


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [
        (Unit.SHARE, 0.00025, "0.03% of all"),
        (Unit.SHARE, 0.0, "hardly any"),
        (Unit.SECONDS, 42.4, "42 s"),
        (Unit.SECONDS, 90, "1.5 min"),
        (Unit.SECONDS, 3600, "1.0 h"),
        (Unit.SECONDS, 100_000, "1.2 d"),
        (Unit.SECONDS, -3600, "-1.0 h"),
        (Unit.FLAG, 1, "yes"),
        (Unit.FLAG, 0, "no"),
        (Unit.YEARS, 93, "93 years"),
        (Unit.ACCOUNTS, 3, "3"),
        (Unit.HOUR, float("nan"), "unknown"),
    ],
)
def test_values_are_shown_as_a_person_would_say_them(unit: Unit, value: float, words: str) -> None:
    assert shown(unit, value) == words
