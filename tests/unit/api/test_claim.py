"""Limits of codes, and how a decision is told to the checkout."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from api.claim import document, outcome
from api.claim_limits import ClaimLimits
from api.metrics import ClaimOutcome
from api.schemas.claim import Claim, ClaimRequest
from connectors.errors import SettingsError
from connectors.settings import Settings
from ml.policy import Action
from ml.store import Link
from stream_processors.feature_store.claim_wire import Decision, Holder, Step

SAID: dict[str, Any] = {
    "score": 0.1, "level": "low", "action": "allow", "reasons": [], "model_version": "rules",
}  # fmt: skip
BODY = ClaimRequest(user_id="anna", promo_code="SPRING")
ID = "0" * 32
GRANTED = Decision(
    "digest", ID, True, 0, 1_000_000, 2_000_000, 1, 1, (), orjson.dumps(SAID).decode()
)
BEN = Step("ben", (Link.DEVICE, Link.PHONE))
CLEO = Holder("cleo", (BEN, Step("cleo", (Link.EMAIL,))), 500_000, 1, 700_000, 0, None)


def limits(usual: int = 1, text: str = "") -> ClaimLimits:
    return ClaimLimits.of(Settings(_env_file=None, claim_limit=usual, claim_limits=text))


def decided(**more: Any) -> Decision:
    return replace(GRANTED, **more)


def told(decision: Decision) -> Claim:
    return Claim.model_validate_json(orjson.dumps(document(BODY, decision)))


def test_a_code_without_a_limit_of_its_own_has_the_usual_one() -> None:
    assert limits().limit("SPRING") == 1
    assert limits(3).limit("SPRING") == 3


def test_codes_have_limits_of_their_own() -> None:
    some = limits(2, " LOYAL=5, WELCOME10 = 1 ,a=b=7,")
    assert [some.limit(code) for code in ("LOYAL", "WELCOME10", "A=B", "OTHER")] == [5, 1, 7, 2]


@pytest.mark.parametrize(
    "text",
    ["LOYAL", "LOYAL=", "=3", "LOYAL=0", "LOYAL=-1", "LOYAL=1.5", "LOYAL=²", "LOYAL=1000001"],
)
def test_a_malformed_limit_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(SettingsError, match="CODE=n") as refused:
        limits(text=f"SPRING=2,{text}")
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize("again", ["LOYAL", "loyal", "L\u041eYAL", "Loyal\u200b"])
def test_two_limits_of_one_code_are_refused(again: str) -> None:
    with pytest.raises(SettingsError, match=f"{again} has two limits"):
        limits(text=f"LOYAL=1,{again}=2")


def test_where_case_counts_each_writing_has_its_limit() -> None:
    exact = Settings(_env_file=None, claim_limits="Loyal=2,LOYAL=3", code_case_counts=True)

    assert ClaimLimits.of(exact).of_codes == {"Loyal": 2, "LOYAL": 3}


def test_a_granted_claim_tells_its_id_and_end() -> None:
    claim = told(GRANTED)
    assert (claim.claim_id, claim.granted, claim.action, claim.denied_by) == (
        ID, True, Action.ALLOW, None,
    )  # fmt: skip
    assert claim.expires_at is not None
    assert (claim.expires_at - claim.decided_at).total_seconds() == 1


def test_a_denied_claim_has_no_id_and_names_the_way_to_the_holder() -> None:
    claim = told(decided(granted=False, expires_at_us=None, used=1, holders=(CLEO,)))
    assert (claim.claim_id, claim.granted, claim.action, claim.expires_at) == (
        None, False, Action.DENY, None,
    )  # fmt: skip
    (holder,) = claim.evidence
    assert (holder.user_id, holder.distance, holder.redemptions) == ("cleo", 2, 1)
    assert [(step.user_id, step.through) for step in holder.path] == [
        ("ben", [Link.DEVICE, Link.PHONE]), ("cleo", [Link.EMAIL]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "action", "counted"),
    [
        (decided(), "allow", "allowed"),
        (decided(), "challenge", "challenged"),
        (decided(granted=False), "deny", "denied-by-risk"),
        (decided(granted=False, used=1), "allow", "denied-by-limit"),
        (decided(granted=False, used=1), "deny", "denied-by-limit"),
    ],
)
def test_every_outcome_is_counted_by_its_name(
    decision: Decision, action: str, counted: ClaimOutcome
) -> None:
    said = orjson.dumps(SAID | {"action": action}).decode()
    assert outcome(document(BODY, replace(decision, said=said))) == counted
