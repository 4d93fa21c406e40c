"""What the API says beforehand is what the stream says afterwards."""

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import psycopg.sql
import pytest

from connectors.settings import Settings, required
from tests.integration.api_client import caller, registration
from tests.reading import eventually

SAME = ("score", "level", "action", "reasons", "model_version", "features", "event_time")
ARRIVAL_S = 30.0


@pytest.fixture(scope="module")
def api(stack: Settings) -> Iterator[httpx.Client]:
    """A caller with the key."""
    with caller(stack) as client:
        yield client


@pytest.fixture(scope="module")
def shop(stack: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The shop's own connection to its tables."""
    with psycopg.connect(
        host=stack.postgres_host,
        port=stack.postgres_port,
        dbname=stack.postgres_database,
        user=stack.postgres_user,
        password=required(stack.postgres_password, "postgres_password"),
        autocommit=True,
    ) as connection:
        yield connection


def _insert(shop: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    columns = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, row))
    values = psycopg.sql.SQL(", ").join(map(psycopg.sql.Placeholder, row))
    statement = psycopg.sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        psycopg.sql.Identifier(table), columns, values
    )
    shop.execute(statement, row)


def _beforehand(api: httpx.Client, asked: dict[str, Any]) -> dict[str, Any]:
    """What both routes say, among others in the batch: they must say the same."""
    answer = api.post("/v1/score", json=asked)
    assert answer.is_success, answer.text
    other = {"registration": registration("api-somebody-else", device_id="api-device-1")}
    batch = api.post("/v1/score/batch", json={"requests": [other, asked, other]})
    assert batch.is_success, batch.text
    assert _said(batch.json()["results"][1]) == _said(answer.json())
    return _said(answer.json())


def _afterwards(api: httpx.Client, user_id: str, redemptions: int = 0) -> dict[str, Any]:
    """The latest risk once it knows that many redemptions."""
    path = f"/v1/users/{user_id}/risk"

    def has_come() -> bool:
        answer = api.get(path)
        return answer.is_success and answer.json()["features"]["redemptions"] == redemptions

    eventually(has_come, f"the risk of {user_id}", ARRIVAL_S)
    return _said(api.get(path).json())


def _said(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in SAME}


def test_a_fresh_registration_gets_the_score_that_the_stream_then_publishes(
    api: httpx.Client, shop: psycopg.Connection[Any]
) -> None:
    row = registration("api-alone", device_id="api-device-1", phone="not a number")
    before = _beforehand(api, {"registration": row})
    _insert(shop, "users", row)
    assert _afterwards(api, "api-alone") == before


def test_a_second_account_with_a_fast_redemption_gets_it_too(
    api: httpx.Client, shop: psycopg.Connection[Any]
) -> None:
    code = {"promo_code": "API-CODE"}
    shared = {"device_id": "api-device-2", "ip_address": "198.51.100.9"}
    terms = code | {"discount_type": "fixed_amount", "discount_value": 10}
    _insert(shop, "promo_codes", terms)
    _insert(shop, "users", registration("api-first", **shared))
    first = {"user_id": "api-first", "used_at": "2026-03-01T10:02:00Z", "used_promo": True}
    _insert(shop, "promo_usages", code | first)
    _afterwards(api, "api-first", redemptions=1)

    row = registration("api-second", created_at="2026-03-01T12:05:00+02:00", **shared)
    redemption = code | {"used_at": "2026-03-01T12:07:30+02:00"}
    alone = _beforehand(api, {"registration": row})
    before = _beforehand(api, {"registration": row, "redemption": redemption})
    _insert(shop, "users", row)
    assert _afterwards(api, "api-second") == alone
    _insert(shop, "promo_usages", redemption | {"user_id": "api-second", "used_promo": True})

    assert _afterwards(api, "api-second", redemptions=1) == before
    assert before["features"]["same_code_device"] == pytest.approx(1, abs=0.01)
    assert before["score"] > alone["score"] > 0
