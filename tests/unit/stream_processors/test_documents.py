"""Scores and alerts as they are published, and an alert's life."""

from dataclasses import replace
from decimal import Decimal

import orjson

from ml.policy import Level, Value
from ml.scorer import Risk
from stream_processors.scoring.documents import (
    AlertState,
    Status,
    alert_document,
    alert_id,
    all_evidence,
    erasure_alert,
    next_alert,
    risk_digest,
    score_document,
)
from stream_processors.scoring.rescore import Trigger
from tests.warehouse_rows import risky

LOW = risky(others=0)
HIGH = risky(others=2)
CRITICAL = risky(others=4)


def life(*risks: Risk) -> list[Status | None]:
    """The states that an account's alert goes through."""
    state: AlertState | None = None
    states = []
    for risk in risks:
        state = next_alert(state, risk)
        states.append(state.status if state else None)
    return states


def scored(risk: Risk, replaces: int | None = None, revision: int = 9) -> dict[str, object]:
    return score_document(risk, replaces=replaces, revision=revision, trigger=Trigger.RESCORE)


def test_the_examples_have_the_levels_that_the_tests_mean() -> None:
    assert [r.level for r in (LOW, HIGH, CRITICAL)] == [Level.LOW, Level.HIGH, Level.CRITICAL]


def test_what_is_harmless_has_no_alert() -> None:
    assert life(LOW, LOW) == [None, None]


def test_an_alert_opens_escalates_and_clears() -> None:
    assert life(LOW, HIGH, CRITICAL, LOW) == [
        None, Status.OPEN, Status.ESCALATED, Status.CLEARED,
    ]  # fmt: skip


def test_an_escalated_alert_stays_escalated_when_the_risk_shrinks_a_little() -> None:
    assert life(HIGH, CRITICAL, HIGH)[-1] is Status.ESCALATED


def test_a_cleared_alert_opens_again_and_stays_cleared_otherwise() -> None:
    assert life(CRITICAL, LOW, LOW, HIGH)[1:] == [Status.CLEARED, Status.CLEARED, Status.OPEN]


def test_an_unchanged_risk_leaves_the_alert_as_it_is() -> None:
    for risk in (HIGH, CRITICAL):
        state = next_alert(None, risk)
        assert next_alert(state, risk) == state
    cleared = next_alert(next_alert(None, HIGH), LOW)
    assert next_alert(cleared, replace(LOW, score=0.01)) == cleared


def test_more_evidence_or_value_revises_an_alert() -> None:
    state = next_alert(None, HIGH)
    richer = replace(HIGH, value=Value(Decimal(10), is_lower_bound=False))
    assert next_alert(state, risky(others=3)) != state
    assert next_alert(state, richer) != state


def test_features_alone_do_not_revise_an_alert_but_do_a_score() -> None:
    aged = replace(HIGH, features={**HIGH.features, "hour": 3.0})
    state = next_alert(None, HIGH)
    assert next_alert(state, aged) == state
    assert risk_digest(aged) != risk_digest(HIGH)


def test_an_alerts_state_survives_redis() -> None:
    for risk in (HIGH, CRITICAL):
        state = next_alert(None, risk)
        assert AlertState.parse(str(state)) == state
    assert AlertState.parse("") is None


def test_one_scoring_has_one_id_however_often_it_is_delivered() -> None:
    assert scored(HIGH, 5, revision=6)["event_id"] == scored(HIGH, 5, revision=7)["event_id"]
    ids = {scored(risk, replaces)["event_id"] for risk in (HIGH, LOW) for replaces in (None, 5)}
    assert len(ids) == 4


def test_an_account_has_one_alert_id() -> None:
    assert alert_id("anna") == alert_id("anna") != alert_id("ben")
    state = next_alert(None, HIGH)
    assert state is not None
    revised = alert_document(HIGH, state, revision=1, trigger=Trigger.LABEL)
    assert revised["alert_id"] == alert_id("anna") == erasure_alert("anna", revision=2)["alert_id"]


def test_an_erased_accounts_alert_is_cleared_and_says_nothing_about_it() -> None:
    state = next_alert(None, CRITICAL)
    assert state is not None
    alert = alert_document(CRITICAL, state, revision=1, trigger=Trigger.RESCORE)
    cleared = erasure_alert("anna", revision=2)
    assert cleared.keys() == alert.keys()
    assert cleared["status"] == Status.CLEARED
    assert [cleared[name] for name in ("reasons", "evidence", "score")] == [[], [], 0.0]


def test_evidence_names_each_account_once_for_each_identifier() -> None:
    evidence = all_evidence(CRITICAL.reasons)
    assert [found.user_id for found in evidence] == ["n00", "n01", "n02", "n03"]
    assert {found.through for found in evidence} == {"device"}


def test_a_score_is_json_with_the_contracts_fields() -> None:
    document = orjson.loads(orjson.dumps(scored(CRITICAL)))
    assert document.keys() == {
        "event_id", "user_id", "score", "level", "action", "reasons", "model_version",
        "features", "shadow", "trigger", "revision", "event_time", "scored_at",
    }  # fmt: skip
    assert document["scored_at"] == "1970-01-01T00:00:00.000009Z"
    assert document["reasons"][0].keys() == {"code", "description", "contribution", "evidence"}
