"""How errors become answers: each kind once, and never a word of what was sent."""

import logging
from typing import Any

import httpx
import pytest
from redis.exceptions import OutOfMemoryError
from starlette.types import Receive, Scope, Send

from api.metrics import ApiMetrics
from api.observe import Observe
from api.problems import trouble_of
from api.schemas.problem import Kind
from connectors.errors import DependencyDown, PoisonMessage, UnknownAccount
from connectors.refusals import redis_down

SECRET = "private@example.org"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UnknownAccount(), Kind.ACCOUNT_UNKNOWN),
        (DependencyDown("Redis: Connection refused"), Kind.DEPENDENCY_DOWN),
        (PoisonMessage("decode", "dob is a boolean, not days since 1970"), Kind.INVALID),
        (ValueError(SECRET), Kind.DEFECT),
    ],
)
def test_every_error_has_its_kind(error: Exception, kind: Kind) -> None:
    assert trouble_of(error).kind is kind


def test_a_dependency_that_refuses_is_said_in_the_words_of_its_cause() -> None:
    full = redis_down(OutOfMemoryError("command not allowed when used memory > 'maxmemory'."))
    trouble = trouble_of(full)
    assert trouble.kind is Kind.DEPENDENCY_REFUSES
    assert trouble.detail.startswith("Redis is full")
    assert "raise its maxmemory" in trouble.detail
    assert "does not answer" not in trouble.detail
    assert trouble.headers["Retry-After"] == "1"


def test_a_dependency_is_named_without_its_address() -> None:
    trouble = trouble_of(DependencyDown("Redis: Error 111 connecting to 10.1.2.3:6379"))
    assert trouble.detail.startswith("Redis does not answer")
    assert "10.1.2.3" not in trouble.detail
    assert trouble.headers["Retry-After"] == "1"


async def test_a_defect_is_a_problem_and_neither_it_nor_the_log_repeats_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError(SECRET)

    metrics = ApiMetrics()
    transport = httpx.ASGITransport(Observe(broken, metrics))
    with caplog.at_level(logging.DEBUG):
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            answer = await client.get("/v1/anything")
    assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert answer.json()["type"].endswith(":defect")
    assert SECRET not in answer.text
    logged: list[dict[str, Any]] = [vars(record) for record in caplog.records]
    assert any(line.get("kind") == "ValueError" for line in logged)
    assert SECRET not in str(logged)
    assert b'promo_api_errors_total{problem="defect",route="unmatched"} 1.0' in metrics.text()
