"""What hundreds share: strangers are let go once it is measured, a burst stays what it is."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest

from connectors.drain import wait_drained
from connectors.settings import Settings
from tests.e2e.masses import COUNT, insert_burst, insert_strangers
from tests.e2e.pipeline import Pipeline
from tests.integration.api_client import caller
from tests.reading import eventually
from tests.truth import connect, expected_risks, risks_in_redis, verdict

SDK = "sdk-web-3.2"
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def api(stack: Settings) -> Iterator[httpx.Client]:
    with caller(stack) as client:
        yield client


@pytest.fixture(scope="module")
def pipeline(stack: Settings) -> Pipeline:
    return Pipeline(stack)


@pytest.fixture(scope="module")
def burst(pipeline: Pipeline) -> list[str]:
    return insert_burst(pipeline.settings, "burst", "one-phone")


@pytest.fixture(scope="module")
def strangers(pipeline: Pipeline, burst: list[str]) -> list[str]:
    users = insert_strangers(pipeline.settings, "stranger", SDK)
    drained_of_masses(pipeline)
    return users


def drained_of_masses(pipeline: Pipeline) -> None:
    """Each of hundreds on one device has fifty scored again: that takes its time."""
    with connect(pipeline.settings) as shop:
        position = shop.execute("SELECT pg_current_wal_lsn()::text").fetchone()
    assert position is not None
    wait_drained(pipeline.settings, position[0])


def denied(pipeline: Pipeline, users: Sequence[str]) -> int:
    with pipeline.redis() as redis, redis.pipeline(transaction=False) as asked:
        for user in users:
            asked.hget(f"risk:{user}", "document")
        return sum(b'"action":"deny"' in (document or b"") for document in asked.execute())


def until_denied(pipeline: Pipeline, users: Sequence[str], count: int) -> None:
    seen: list[int] = []

    def come() -> bool:
        seen.append(denied(pipeline, users))
        return seen[-1] == count

    try:
        eventually(come, f"{count} of {len(users)} denied", timeout_s=150)
    except TimeoutError as error:
        raise AssertionError(f"{error}; last seen: {seen[-1]}") from None


def links(api: httpx.Client, user: str) -> dict[str, Any]:
    answer = api.get(f"/v1/users/{user}/links")
    assert answer.is_success, answer.text
    return dict(answer.json())


def say(api: httpx.Client, user: str, ignore: bool | None) -> None:
    body = {"user_id": user, "kind": "device", "ignore": ignore, "note": "our SDK's name"}
    answer = api.post("/v1/identifiers/ignore", json=body)
    assert answer.status_code == 202, answer.text


def claim(api: httpx.Client, user: str) -> dict[str, Any]:
    registration = {
        "created_at": "2026-07-30T12:00:00Z",
        "email": f"{user}@mail.example",
        "device_id": SDK,
        "ip_address": "99.1.2.3",
        "user_agent": "UA/1",
    }
    body = {"user_id": user, "promo_code": "MASS-A", "registration": registration}
    key = {"Idempotency-Key": uuid4().hex}
    answer = api.post("/v1/redemptions/claim", json=body, headers=key)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def test_strangers_are_let_go_once_it_is_measured_and_a_burst_of_look_alikes_is_not(
    pipeline: Pipeline, api: httpx.Client, strangers: list[str], burst: list[str]
) -> None:
    until_denied(pipeline, strangers, 0)
    drained_of_masses(pipeline)

    assert denied(pipeline, burst) >= 0.95 * COUNT
    found = links(api, strangers[300])
    assert not any("device" in linked["through"] for linked in found["linked"])
    (shared,) = found["identifiers"]
    assert shared["description"] == f"shared by {COUNT} accounts, not counted"
    assert (shared["authority"], shared["decided_by"]) == ("measurement", "measurement")
    assert shared["why"].startswith(f"{COUNT} accounts on 40 days; different values: mailbox 100%")
    assert links(api, burst[300])["identifiers"] == []
    assert claim(api, "mass-newcomer")["granted"]
    (row,) = pipeline.rows(
        "SELECT kind, authority, identifies, shared_by FROM identifier_decisions FINAL"
        " WHERE why LIKE '600 accounts on 40 days%'"
    )
    assert row == ("device", "measurement", False, COUNT)


def test_an_analysts_word_overrides_both_ways(
    pipeline: Pipeline, api: httpx.Client, strangers: list[str], burst: list[str]
) -> None:
    say(api, strangers[0], ignore=False)
    drained_of_masses(pipeline)
    assert denied(pipeline, strangers) >= 0.95 * COUNT
    assert not claim(api, "mass-latecomer")["granted"]

    say(api, strangers[0], ignore=None)
    say(api, burst[0], ignore=True)
    drained_of_masses(pipeline)
    assert denied(pipeline, strangers) == denied(pipeline, burst) == 0

    say(api, burst[0], ignore=None)
    drained_of_masses(pipeline)
    assert denied(pipeline, burst) >= 0.95 * COUNT
    documents, expected = risks_in_redis(pipeline.settings), expected_risks(pipeline.settings)
    for user in (*strangers, *burst):
        assert verdict(documents[user]) == expected[user]
