"""A caller of the API, and registrations to call it with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from connectors.settings import Settings
from tests.reading import eventually

PROBLEM = "application/problem+json"


@contextmanager
def caller(settings: Settings) -> Iterator[httpx.Client]:
    """A client that sends the native stack's key."""
    key = settings.api_key_file.read_text()
    base = f"http://{settings.api_host}:{settings.api_port}"
    with httpx.Client(
        base_url=base, headers={"X-API-Key": key}, timeout=10, trust_env=False
    ) as client:
        yield client


def fresh_metrics(client: httpx.Client) -> str:
    """The API's metrics, with all that was asked before: an answer may be a second old.

    Every scrape counts the one before it, so no two that were made are the same.
    """
    kept = client.get("/metrics").text
    text = kept

    def is_fresh() -> bool:
        nonlocal text
        text = client.get("/metrics").text
        return text != kept

    eventually(is_fresh, "metrics are made anew")
    return text


def registration(user_id: str, **more: Any) -> dict[str, Any]:
    """A registration with what the columns of ``users`` can hold."""
    return {
        "user_id": user_id,
        "created_at": "2026-03-01T10:00:00+00:00",
        "email": f"{user_id}@example.com",
        "is_email_verified": True,
        "phone": "14155550123",
        "first_name": "Ada",
        "last_name": "King",
        "ip_address": "203.0.113.7",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "dob": "1991-12-10",
        "timezone": "America/Chicago",
        **more,
    }


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The body of an answer that must be a problem of this kind."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:promo-sentinel:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    return body
