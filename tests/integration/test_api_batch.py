"""Many registrations judged at once: as each alone would be."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import orjson
import pytest
import redis

from api.schemas.registration import MOST_IN_A_BATCH, BatchRequest
from api.schemas.risk import Assessments
from connectors.events import Change, Origin, Registered
from connectors.profile import hasher_of, profile
from connectors.settings import Settings, required
from stream_processors.feature_store.redis_store import connect
from stream_processors.feature_store.wire import Sourced
from tests.integration.api_client import caller, fresh_metrics, problem, registration
from tests.models import publish_small_model
from tests.unit.ml.builders import code_defined

SHARED = {"device_id": "batch-device", "ip_address": "198.51.100.77"}
MIXED: Sequence[dict[str, Any]] = [
    {"registration": registration("batch-plain")},
    {"registration": registration("batch-shared", **SHARED)},
    {
        "registration": registration("batch-fast", **SHARED),
        "redemption": {"promo_code": "BATCH-TEN", "used_at": "2026-03-01T10:01:00Z"},
    },
    {
        "registration": registration("batch-unknown-code"),
        "redemption": {"promo_code": "BATCH-NONE", "used_at": "2026-03-01T10:01:00Z"},
    },
    {
        "registration": registration("batch-attempt"),
        "redemption": {
            "promo_code": "BATCH-TEN",
            "used_at": "2026-03-01T10:01:00Z",
            "used_promo": False,
        },
    },
    {"registration": {"user_id": "batch-bare", "created_at": "2026-03-01T10:00:00Z"}},
]


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    """The API, and three accounts on one device in its store."""
    started = partial_stack("api")
    hashed = hasher_of(started)
    rows = [{**registration(f"batch-old-{n}", **SHARED), "dob": 7_000} for n in range(3)]
    known: list[Change] = [
        Registered(profile(row, hashed), n == 0, Origin(1, 1)) for n, row in enumerate(rows)
    ]

    async def keep() -> None:
        store = connect(started)
        terms = code_defined("BATCH-TEN")
        await store.exchange([Sourced(change, "batch-0") for change in [*known, terms]], ())
        await store.close()

    asyncio.run(keep())
    return started


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A caller with the key."""
    with caller(settings) as client:
        yield client


def batch(api: httpx.Client, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = api.post("/v1/score/batch", json={"requests": requests})
    assert answer.status_code == httpx.codes.OK, answer.text
    Assessments.model_validate_json(answer.content)
    (results,) = answer.json().values()
    return [_untimed(result) for result in results]


def single(api: httpx.Client, asked: dict[str, Any]) -> dict[str, Any]:
    answer = api.post("/v1/score", json=asked)
    assert answer.status_code == httpx.codes.OK, answer.text
    return _untimed(answer.json())


def _untimed(assessment: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in assessment.items() if name != "scored_at"}


@pytest.mark.parametrize("model", [None, "batch-model"])
def test_each_is_judged_as_if_it_were_asked_alone(
    settings: Settings, api: httpx.Client, model: str | None
) -> None:
    if model:
        publish_small_model(settings.models_dir, model)
    try:
        alone = [single(api, asked) for asked in MIXED]
        assert batch(api, MIXED) == alone
        assert batch(api, MIXED[::-1]) == alone[::-1]
        assert [batch(api, [asked]) for asked in MIXED] == [[one] for one in alone]
        assert {one["model_version"] for one in alone} == {model or "rules"}
    finally:
        if model:
            (settings.models_dir / "current").unlink()
    assert [one["value_at_risk"] for one in alone] == [None, None, 10.0, None, None, None]
    assert alone[1]["score"] > alone[0]["score"]


def test_they_do_not_see_one_another(api: httpx.Client) -> None:
    fresh = [{"registration": registration(f"batch-{n}", device_id="batch-new")} for n in range(9)]
    results = batch(api, fresh)
    assert [one["reasons"] for one in results] == [single(api, fresh[0])["reasons"]] * 9


def test_one_account_may_be_asked_about_twice(api: httpx.Client) -> None:
    first, second = batch(api, [MIXED[2], {**MIXED[2], "redemption": None}])
    assert first["user_id"] == second["user_id"]
    assert first["features"]["redemptions"] == 1
    assert second["features"]["redemptions"] == 0


def test_the_largest_batch_is_answered_and_others_meanwhile(api: httpx.Client) -> None:
    many = [{"registration": registration(f"b{n}", **SHARED)} for n in range(MOST_IN_A_BATCH)]
    with ThreadPoolExecutor(1) as aside:
        answer = aside.submit(batch, api, many)
        waits = []
        while not answer.done():
            started = time.monotonic()
            assert api.get("/v1/users/nobody/risk").status_code == httpx.codes.NOT_FOUND
            waits.append(time.monotonic() - started)
        results = answer.result()
    assert [one["user_id"] for one in results] == [one["registration"]["user_id"] for one in many]
    assert results[-1] == single(api, many[-1])
    assert max(waits) < 1


@pytest.mark.parametrize("count", [0, MOST_IN_A_BATCH + 1])
def test_none_or_too_many_are_refused(api: httpx.Client, count: int) -> None:
    asked = {"requests": [{"registration": registration("b")}] * count}
    (error,) = problem(api.post("/v1/score/batch", json=asked), 422, "invalid")["errors"]
    assert error["pointer"] == "#/requests"


def test_what_is_wrong_is_named_by_its_index(api: httpx.Client) -> None:
    requests = [dict(one) for one in MIXED]
    requests[3] = {"registration": registration("b", dob=3)}
    requests[5] = {"registration": registration("b"), "redemption": {"promo_code": "X"}}
    answer = api.post("/v1/score/batch", json={"requests": requests})
    assert {error["pointer"] for error in problem(answer, 422, "invalid")["errors"]} == {
        "#/requests/3/registration/dob",
        "#/requests/5/redemption/used_at",
    }


def test_a_batch_may_be_large_but_not_without_bounds(api: httpx.Client) -> None:
    large = [{"registration": registration(f"b{n}", city="x" * 3_000)} for n in range(1_000)]
    assert len(batch(api, large)) == len(large)
    larger = orjson.dumps({"requests": [{"registration": registration("b", city="x" * 5_000_000)}]})
    headers = {"Content-Type": "application/json"}
    problem(api.post("/v1/score/batch", content=larger, headers=headers), 413, "body-too-large")


def test_a_batch_writes_nothing(settings: Settings, api: httpx.Client) -> None:
    password = required(settings.redis_password, "redis_password")
    with redis.Redis(port=settings.redis_port, password=password) as client:
        before = set(client.scan_iter())
        batch(api, MIXED)
        assert set(client.scan_iter()) == before


def test_the_steps_are_timed(api: httpx.Client) -> None:
    batch(api, MIXED)
    text = fresh_metrics(api)
    for part in ("profile", "store", "judge"):
        assert f'promo_api_scoring_seconds_count{{part="{part}"}}' in text


def test_the_example_is_true(api: httpx.Client) -> None:
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    (example,) = schemas["BatchRequest"]["examples"]
    BatchRequest.model_validate(example)
    assert len(batch(api, example["requests"])) == len(example["requests"])
    Assessments.model_validate(schemas["Assessments"]["examples"][0])
