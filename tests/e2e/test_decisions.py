"""What an analyst decides reaches the risk within seconds, and taken back it is gone again."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.settings import Settings
from tests.e2e.pipeline import Pipeline
from tests.integration.api_client import caller

CODE = "DECIDE-10"
RING = ("dec-anna", "dec-ben")
_ALERTS = (
    "SELECT toString(alert_id), status, level FROM abuse_alerts FINAL"
    " WHERE user_id = {user:String} ORDER BY revision"
)


@pytest.fixture(scope="module")
def api(stack: Settings) -> Iterator[httpx.Client]:
    with caller(stack) as client:
        yield client


@pytest.fixture(scope="module")
def ring(stack: Settings) -> Pipeline:
    """Two accounts on one device that redeemed the same code."""
    pipeline = Pipeline(stack)
    pipeline.run(
        "INSERT INTO promo_codes VALUES (%s, 'fixed_amount', 10, 50) ON CONFLICT DO NOTHING", CODE
    )
    for minute, user in enumerate(RING):
        pipeline.sign_up(user, created_at=f"2026-03-01T12:0{minute}:00Z", device_id="dec-device")
        pipeline.redeem(user, CODE, f"2026-03-01T15:0{minute}:00Z")
    for user in RING:
        pipeline.risk_when(user, level="high")
    pipeline.drained()
    return pipeline


def decide(api: httpx.Client, path: str, body: dict[str, Any]) -> None:
    answer = api.post(path, json=body)
    assert answer.status_code == 202, answer.text


def ignore(api: httpx.Client, flag: bool) -> None:
    body = {"user_id": RING[0], "other_user_id": RING[1], "ignore": flag, "note": "a family"}
    decide(api, "/v1/links/ignore", body)


def alerts(pipeline: Pipeline, user: str) -> list[tuple[str, str, str]]:
    pipeline.drained()
    return [(alert, status, level) for alert, status, level in pipeline.rows(_ALERTS, user=user)]


def test_a_link_that_is_ignored_clears_the_alerts_and_taken_back_raises_them_again(
    ring: Pipeline, api: httpx.Client
) -> None:
    before = {user: ring.risk_when(user, level="high") for user in RING}

    ignore(api, True)
    for user in RING:
        assert ring.risk_when(user, level="low")["score"] < 0.3
        assert alerts(ring, user)[-1][1] == "cleared"

    ignore(api, False)
    for user in RING:
        assert ring.risk_when(user, level="high")["score"] == before[user]["score"]
        found = alerts(ring, user)
        assert found[-1][1:] == ("open", "high")
        assert len({alert for alert, _, _ in found}) == 1

    # What the store had to remember until the accounts were passed on has been passed on.
    with ring.redis() as redis:
        assert not list(redis.scan_iter("o:promo.link_decisions*"))
        assert not list(redis.scan_iter("turn:*"))
    (row,) = ring.rows(
        "SELECT ignored FROM link_decisions FINAL WHERE user_id = {user:String}", user=RING[0]
    )
    assert row == ("[]",)


def test_a_label_moves_the_linked_accounts_risk_and_never_its_own(
    ring: Pipeline, api: httpx.Client
) -> None:
    anna, ben = (ring.risk_when(user, level="high") for user in RING)

    decide(api, f"/v1/users/{RING[0]}/label", {"label": "abuser"})
    raised = ring.risk_when(RING[1], level="critical")
    assert raised["trigger"] == "label"
    assert "rule.linked_to_abuser" in {reason["code"] for reason in raised["reasons"]}
    ring.drained()
    assert ring.risk(RING[0]) == anna

    decide(api, f"/v1/users/{RING[0]}/label", {"label": None})
    assert ring.risk_when(RING[1], level="high")["score"] == ben["score"]
    ring.drained()
    assert ring.risk(RING[0]) == anna
    statuses = [status for _, status, _ in alerts(ring, RING[1])]
    assert "escalated" in statuses
