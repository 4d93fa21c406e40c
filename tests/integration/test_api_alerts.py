"""Alerts page by page: each once, by its newest revision, whatever arrives meanwhile."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from api.schemas.alert import Alert, Alerts
from connectors.moments import iso
from connectors.settings import Settings
from stream_processors.scoring.documents import alert_id
from tests.integration.api_client import caller, problem
from tests.unit.connectors.envelopes import profiled
from tests.warehouse_filling import empty, insert
from tests.warehouse_rows import NOW_US, alert_message, risky
from warehouse.rows import Table, alert_row

Message = Mapping[str, Any]


@pytest.fixture(scope="module")
def stack(partial_stack: Callable[..., Settings]) -> Settings:
    """The API and what it asks; nobody scores."""
    return partial_stack("api")


@pytest.fixture
def settings(stack: Settings) -> Settings:
    """A warehouse without alerts."""
    empty(stack, Table.ABUSE_ALERTS)
    return stack


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A caller with the key."""
    with caller(settings) as client:
        yield client


def message(user_id: str, revision: int, **more: object) -> dict[str, Any]:
    """An alert as it is published, with other values where they are given."""
    made = alert_message(risky(replace(profiled(), user_id=user_id)), NOW_US + revision)
    return {**made, **more}


def keep(settings: Settings, *messages: Message) -> None:
    insert(settings, [alert_row(one) for one in messages])


def page(api: httpx.Client, **parameters: Any) -> dict[str, Any]:
    answer = api.get("/v1/alerts", params=parameters)
    assert answer.status_code == httpx.codes.OK, answer.text
    Alerts.model_validate_json(answer.content)
    return dict(answer.json())


def shown(api: httpx.Client, **parameters: Any) -> list[tuple[str, int]]:
    """Account and revision of each alert of a page."""
    return [(a["user_id"], a["revision"] - NOW_US) for a in page(api, **parameters)["alerts"]]


def walk(api: httpx.Client, between: Callable[[], None], limit: int) -> Iterator[dict[str, Any]]:
    """All alerts, page by page; something happens between two pages."""
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        found = page(api, limit=limit, **more)
        yield from found["alerts"]
        assert len(found["alerts"]) <= limit
        cursor = found["next_cursor"]
        if cursor is None:
            return
        between()


def test_an_alert_is_answered_as_it_was_published(settings: Settings, api: httpx.Client) -> None:
    first, second = message("anna", 1), message("ben", 2, value_at_risk=None)
    keep(settings, first, second)
    assert page(api) == {"alerts": [second, first], "next_cursor": None}


def test_each_account_is_there_once_by_its_newest_revision(
    settings: Settings, api: httpx.Client
) -> None:
    keep(settings, message("anna", 1), message("ben", 2), message("anna", 3))
    keep(settings, message("ben", 2), message("anna", 1))  # delivered again
    assert shown(api) == [("anna", 3), ("ben", 2)]


def test_what_was_cleared_is_shown_only_to_who_asks_for_it(
    settings: Settings, api: httpx.Client
) -> None:
    low = {"status": "cleared", "level": "low"}
    keep(settings, message("anna", 1), message("anna", 4, **low), message("ben", 2))
    keep(settings, message("cleo", 3, status="escalated"))
    assert shown(api) == [("cleo", 3), ("ben", 2)]
    assert shown(api, status="cleared") == [("anna", 4)]
    assert shown(api, status=["cleared", "open"]) == [("anna", 4), ("ben", 2)]
    assert shown(api, status="cleared", level="high") == []


def test_a_level_is_meant_exactly_and_may_be_repeated(
    settings: Settings, api: httpx.Client
) -> None:
    keep(settings, message("anna", 1, level="high"), message("ben", 2, level="critical"))
    assert shown(api, level="high") == [("anna", 1)]
    assert shown(api, level=["high", "critical"]) == [("ben", 2), ("anna", 1)]
    keep(settings, message("ben", 3, level="high"))
    assert shown(api, level="critical") == []


def test_since_is_about_the_newest_revision(settings: Settings, api: httpx.Client) -> None:
    keep(settings, *(message(user, at) for user, at in (("anna", 1), ("ben", 2), ("cleo", 3))))
    keep(settings, message("anna", 5, status="cleared"))
    assert shown(api, since=iso(NOW_US + 2)) == [("cleo", 3), ("ben", 2)]
    assert shown(api, since="0001-01-01T14:00:00+14:00") == [("cleo", 3), ("ben", 2)]
    assert shown(api, since="9999-12-31T23:59:59Z") == []


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_pages_join_without_a_seam_where_revisions_are_equal(
    settings: Settings, api: httpx.Client, limit: int
) -> None:
    everybody = [("a/b", 9), ("ünï ✓", 9), ("'; --", 7), ("back\\slash", 7), ("z", 7), ("y", 3)]
    keep(settings, *(message(user, at) for user, at in everybody))
    found = [(a["user_id"], a["revision"] - NOW_US) for a in walk(api, lambda: None, limit)]
    assert found == sorted(everybody, key=_place)


@pytest.mark.parametrize("seed", range(6))
def test_a_walk_shows_nobody_twice_and_skips_nobody_who_stays(
    settings: Settings, api: httpx.Client, seed: int
) -> None:
    chance = random.Random(seed)
    newest = {f"u{n}": n // 2 for n in range(60)}
    clock = 1_000
    keep(settings, *(message(user, at) for user, at in newest.items()))
    revised: set[str] = set()

    def revise() -> None:
        nonlocal clock
        some = chance.sample(sorted(newest), chance.randrange(8))
        fresh = [f"new-{clock}-{n}" for n in range(chance.randrange(3))]
        messages = []
        for user in (*some, *fresh):
            clock += chance.randrange(2)
            messages.append(message(user, clock, status=chance.choice(["open", "cleared"])))
        revised.update(some, fresh)
        if messages:
            keep(settings, *messages)

    seen = [
        (a["user_id"], a["revision"] - NOW_US)
        for a in walk(api, revise, limit=chance.randrange(3, 12))
    ]

    users = [user for user, _ in seen]
    assert len(users) == len(set(users))
    assert [one for one in seen if one[0] not in revised] == [
        one for one in _in_order(newest) if one[0] not in revised
    ]
    assert seen == sorted(seen, key=_place)
    assert revised


def _in_order(newest: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    return sorted(newest.items(), key=_place)


def test_the_cursor_is_null_exactly_at_the_end(settings: Settings, api: httpx.Client) -> None:
    keep(settings, message("anna", 1), message("ben", 2))
    assert page(api, limit=2)["next_cursor"] is None
    first = page(api, limit=1)
    last = page(api, limit=1, cursor=first["next_cursor"])
    assert [len(found["alerts"]) for found in (first, last)] == [1, 1]
    assert last["next_cursor"] is None
    empty(settings, Table.ABUSE_ALERTS)
    assert page(api) == {"alerts": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cursor", "WzFd"),
        ("cursor", "not a cursor"),
        ("cursor", ""),
        ("cursor", "A" * 20_000),
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "many"),
        ("level", "severe"),
        ("status", "closed"),
        ("since", "2026-03-01"),
        ("since", "2026-03-01T10:00:00"),
        ("since", "1772359200"),
    ],
)
def test_a_wrong_parameter_is_refused_and_named(api: httpx.Client, name: str, value: str) -> None:
    errors = problem(api.get("/v1/alerts", params={name: value}), 422, "invalid")["errors"]
    assert {error["pointer"].partition("/")[0] for error in errors} == {name}


def test_the_example_is_an_alert(api: httpx.Client) -> None:
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    (example,) = schemas["Alert"]["examples"]
    Alert.model_validate(example)
    (whole,) = schemas["Alerts"]["examples"]
    Alerts.model_validate(whole)
    assert page(api, cursor=whole["next_cursor"]) == {"alerts": [], "next_cursor": None}


def _place(shown: tuple[str, int]) -> tuple[int, str]:
    """Newest first, and in order of their ids where revisions are equal."""
    user_id, revision = shown
    return -revision, alert_id(user_id)
