"""The API while what it needs is ill: a problem at once, never a guess, then well again."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from redis import Redis

from connectors.settings import Settings, required
from infra.native import stack as native
from infra.native.layout import layout_of
from infra.native.status import status
from tests.conftest import running_stack, stack_settings
from tests.integration.api_client import caller, problem, registration
from tests.integration.claimants import defined, sent, streamed
from tests.integration.test_api_decisions import keep_risk
from tests.models import publish_small_model
from tests.reading import eventually

AT_ONCE_S = 0.5
HUNG_S = 3.5
UNANSWERED_S = 6.0


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A stack of which each test makes a part ill, and well again."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("ill")), "api") as started:
        streamed(started, defined("SPRING"))
        yield started


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A caller with the key, once all is well."""
    with caller(settings) as client:
        eventually(lambda: client.get("/readyz").is_success, "all parts are well")
        yield client


def _asks(api: httpx.Client) -> tuple[Callable[[], httpx.Response], ...]:
    return (
        lambda: api.get("/v1/users/u-1/risk"),
        lambda: api.post("/v1/score", json={"registration": registration("u-1")}),
        lambda: sent(api, "u-1", row=registration("u-1")),
    )


def _eventually_accepted(ask: Callable[[], httpx.Response]) -> None:
    eventually(lambda: ask().status_code == 202, "a decision is accepted again")


def _ill(api: httpx.Client) -> dict[str, str]:
    answer = api.get("/readyz")
    parts = problem(answer, 503, "not-ready")["parts"] if answer.is_error else {}
    return {name: part["detail"] for name, part in parts.items() if part["state"] == "down"}


def test_a_full_redis_is_said_to_be_full_everywhere_until_it_has_room(
    settings: Settings, api: httpx.Client
) -> None:
    password = required(settings.redis_password, "redis_password")
    with Redis(port=settings.redis_port, password=password) as redis:
        redis.config_set("maxmemory", "1")
        try:
            answer = sent(api, "u-full", row=registration("u-full"))
            refused = problem(answer, 503, "dependency-refuses")
            eventually(lambda: set(_ill(api)) == {"redis"}, "readiness names Redis")
            shown = _ill(api)["redis"]
            line = next(one for one in status(settings) if one.part == "redis")
        finally:
            redis.config_set("maxmemory", "0")
        assert redis.exists("probe") == 0
    for said in (refused["detail"], shown, line.health):
        assert "Redis is full" in said
        assert "raise its maxmemory" in said
    assert sent(api, "u-full", row=registration("u-full")).status_code != 503


def test_without_redis_every_question_is_a_503_at_once_until_it_is_back(
    settings: Settings, api: httpx.Client
) -> None:
    for ask in _asks(api):
        assert ask().status_code != httpx.codes.SERVICE_UNAVAILABLE
    native.stop_part(settings, "redis")
    for ask in _asks(api):
        started = time.monotonic()
        answer = ask()
        assert time.monotonic() - started < AT_ONCE_S
        assert "Redis" in problem(answer, 503, "dependency-down")["detail"]
        assert int(answer.headers["retry-after"]) >= 1
    assert api.get("/healthz").is_success
    eventually(lambda: set(_ill(api)) == {"redis"}, "readiness names Redis")

    native.start_part(settings, "redis")

    problem(api.get("/v1/users/u-1/risk"), 404, "account-unknown")
    assert _asks(api)[1]().is_success


def test_a_redis_that_hangs_is_a_503_too(settings: Settings, api: httpx.Client) -> None:
    pid = native.pid_of(settings, "redis")
    os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        problem(api.get("/v1/users/u-1/risk"), 503, "dependency-down")
        assert time.monotonic() - started < HUNG_S
        assert api.get("/healthz").is_success
        eventually(lambda: "redis" in _ill(api), "readiness names Redis")
    finally:
        os.kill(pid, signal.SIGCONT)
    problem(api.get("/v1/users/u-1/risk"), 404, "account-unknown")


@pytest.mark.parametrize("part", ["kafka", "clickhouse"])
def test_readiness_names_the_ill_part_and_risks_are_answered_all_the_same(
    settings: Settings, api: httpx.Client, part: str
) -> None:
    native.stop_part(settings, part)
    eventually(lambda: set(_ill(api)) == {part}, f"readiness names {part}")
    problem(api.get("/v1/users/u-1/risk"), 404, "account-unknown")
    assert _asks(api)[1]().is_success

    native.start_part(settings, part)

    eventually(lambda: api.get("/readyz").is_success, f"{part} is back")


def _analyses(api: httpx.Client) -> tuple[Callable[[], httpx.Response], ...]:
    kinds = ("top-users", "top-codes", "redemptions", "registrations")
    paths = ["/v1/alerts", *(f"/v1/analytics/{kind}" for kind in kinds)]
    return tuple(partial(api.get, path) for path in paths)


def test_without_clickhouse_what_it_knows_is_a_503_at_once_until_it_is_back(
    settings: Settings, api: httpx.Client
) -> None:
    native.stop_part(settings, "clickhouse")
    for ask in _analyses(api):
        started = time.monotonic()
        answer = ask()
        assert time.monotonic() - started < AT_ONCE_S
        assert "ClickHouse" in problem(answer, 503, "dependency-down")["detail"]
        assert int(answer.headers["retry-after"]) >= 1
        problem(api.get("/v1/users/u-1/risk"), 404, "account-unknown")

    native.start_part(settings, "clickhouse")

    for ask in _analyses(api):
        eventually(lambda ask=ask: ask().is_success, "ClickHouse is asked again")  # type: ignore[misc]


def test_a_clickhouse_that_hangs_is_a_503_too_and_keeps_nobody_else_waiting(
    settings: Settings, api: httpx.Client
) -> None:
    assert _analyses(api)[0]().is_success
    pid = native.pid_of(settings, "clickhouse")
    os.kill(pid, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(20) as others:
            started = time.monotonic()
            waiting = [others.submit(ask) for ask in _analyses(api) * 4]
            problem(api.get("/v1/users/u-1/risk"), 404, "account-unknown")
            assert time.monotonic() - started < AT_ONCE_S
            for answer in waiting:
                problem(answer.result(), 503, "dependency-down")
            assert time.monotonic() - started < UNANSWERED_S
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: _analyses(api)[0]().is_success, "ClickHouse is asked again")


@pytest.mark.parametrize("part", ["kafka", "redis"])
def test_a_decision_is_accepted_only_once_it_is_acknowledged(
    settings: Settings, api: httpx.Client, part: str
) -> None:
    for user in ("ill-anna", "ill-ben"):
        keep_risk(settings, user)
    asks: tuple[Callable[[], httpx.Response], ...] = (
        lambda: api.post("/v1/users/ill-anna/label", json={"label": "abuser"}),
        lambda: api.post(
            "/v1/links/ignore", json={"user_id": "ill-anna", "other_user_id": "ill-ben"}
        ),
    )
    native.stop_part(settings, part)
    for ask in asks:
        answer = ask()
        assert part in problem(answer, 503, "dependency-down")["detail"].lower()
        assert int(answer.headers["retry-after"]) >= 1

    native.start_part(settings, part)

    for user in ("ill-anna", "ill-ben"):
        keep_risk(settings, user)
    for ask in asks:
        _eventually_accepted(ask)


def test_a_bundle_that_was_refused_is_named(settings: Settings, api: httpx.Client) -> None:
    settings.models_dir.mkdir(exist_ok=True)
    current = settings.models_dir / "current"
    current.symlink_to("no-such-bundle")
    try:
        eventually(lambda: set(_ill(api)) == {"model"}, "readiness names the model")
        assert "no-such-bundle" in _ill(api)["model"]
    finally:
        current.unlink()


def test_a_new_bundle_is_taken_over_without_a_restart(
    settings: Settings, api: httpx.Client
) -> None:
    ask = _asks(api)[1]
    assert ask().json()["model_version"] == "rules"
    publish_small_model(settings.models_dir, "taken-over")
    try:
        assert ask().json()["model_version"] == "taken-over"
        eventually(
            lambda: api.get("/readyz").json()["parts"]["model"]["detail"] == "taken-over",
            "readiness tells which model runs",
        )
    finally:
        (settings.models_dir / "current").unlink()


def test_it_ends_in_good_order_when_told_to(settings: Settings, api: httpx.Client) -> None:
    assert api.get("/healthz").is_success
    native.stop_part(settings, "api")
    last = layout_of(settings).log_of("api").read_text().splitlines()[-1]
    assert '"message":"stopped"' in last
    native.start_part(settings, "api")
    assert api.get("/healthz").is_success
