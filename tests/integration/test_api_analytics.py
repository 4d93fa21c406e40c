"""What the promo team asks: each row of the shop counts once, as it stands now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from api.schemas.analytics import Redemptions, Registrations, TopCodes, TopUsers
from connectors.amounts import LEAST, MOST
from connectors.columns import microseconds
from connectors.events import RowChange
from connectors.settings import Settings
from tests.integration.api_client import caller, problem
from tests.unit.connectors.envelopes import profiled
from tests.unit.ml.builders import (
    account,
    code_defined,
    code_withdrawn,
    erased,
    redeemed,
    registered,
    updated,
    withdrawn,
)
from tests.warehouse_filling import empty, insert
from tests.warehouse_rows import NOW_US, alert_message, risky, score_message
from warehouse.rows import Row, Table, alert_row, score_row, source_row

SCHEMAS: Mapping[str, type[BaseModel]] = {
    "top-users": TopUsers,
    "top-codes": TopCodes,
    "redemptions": Redemptions,
    "registrations": Registrations,
}
NIGHT = "2023-11-14T{}Z"  # the builders' first moment is 22:13:20 of that day
TABLES = (
    Table.USERS,
    Table.PROMO_CODES,
    Table.PROMO_USAGES,
    Table.RISK_SCORES,
    Table.ABUSE_ALERTS,
)


@pytest.fixture(scope="module")
def stack(partial_stack: Callable[..., Settings]) -> Settings:
    """The API and what it asks; nobody scores."""
    return partial_stack("api")


@pytest.fixture
def settings(stack: Settings) -> Settings:
    """An empty warehouse."""
    empty(stack, *TABLES)
    return stack


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A caller with the key."""
    with caller(settings) as client:
        yield client


def ask(api: httpx.Client, what: str, **parameters: Any) -> Any:
    answer = api.get(f"/v1/analytics/{what}", params=parameters)
    assert answer.status_code == httpx.codes.OK, answer.text
    SCHEMAS[what].model_validate_json(answer.content)
    found = answer.json()
    found.pop("bucket", None)
    (rows,) = found.values()
    return rows


def users_of(api: httpx.Client, **parameters: Any) -> dict[str, dict[str, Any]]:
    return {row["user_id"]: row for row in ask(api, "top-users", **parameters)}


def alert(user_id: str, revision: int = 1, status: str = "open") -> Row:
    """One revision of an account's alert."""
    made = alert_message(risky(replace(profiled(), user_id=user_id)), NOW_US + revision)
    return alert_row({**made, "status": status})


def scored(user_id: str, level: str, score: float, revision: int) -> Row:
    """One scoring of an account."""
    made = score_message(risky(replace(profiled(), user_id=user_id)), NOW_US + revision)
    return score_row(
        {**made, "level": level, "score": score, "event_id": _event(user_id, revision)}
    )


def _event(user_id: str, revision: int) -> str:
    return f"00000000-0000-0000-{revision:04}-{int.from_bytes(user_id.encode()[:4]):012}"


def test_top_users_are_in_order_with_what_they_took_and_what_is_believed_of_them(
    settings: Settings, api: httpx.Client
) -> None:
    insert(
        settings,
        [
            source_row(code_defined("FIXED", "fixed_amount", "12.50")),
            source_row(code_defined("SHARE", "percentage", "15", "80")),
            *(source_row(redeemed("anna", "FIXED", n, usage_id=n)) for n in (1, 2)),
            source_row(redeemed("anna", "SHARE", 3, usage_id=3)),
            *(source_row(redeemed("ben", "FIXED", n, usage_id=n)) for n in (4, 5)),
            source_row(redeemed("cleo", "FIXED", 6, usage_id=6)),
            scored("anna", "critical", 0.97, 1),
            scored("anna", "high", 0.75, 2),
            scored("ben", "low", 0.01, 1),
        ],
    )
    anna = {"user_id": "anna", "redemptions": 3, "codes": 2, "level": "high", "score": 0.75,
            "value": 37.0, "value_is_lower_bound": True}  # fmt: skip
    ben = {"user_id": "ben", "redemptions": 2, "codes": 1, "level": "low", "score": 0.01,
           "value": 25.0, "value_is_lower_bound": False}  # fmt: skip
    cleo = {"user_id": "cleo", "redemptions": 1, "codes": 1, "level": None, "score": None,
            "value": 12.5, "value_is_lower_bound": False}  # fmt: skip
    assert ask(api, "top-users") == [anna, ben, cleo]
    assert ask(api, "top-users", limit=2) == [anna, ben]


def test_all_writings_of_a_code_are_one_code_with_one_value(
    settings: Settings, api: httpx.Client
) -> None:
    writings = ("SPRING5", "spring5", "Spring5 ", "SPR\u0406NG5\u200b")
    insert(
        settings,
        [
            source_row(code_defined("Spring5", "fixed_amount", "5")),
            source_row(code_defined("spring5", "fixed_amount", "9")),
            *(
                source_row(redeemed(f"u{n}", written, usage_id=n))
                for n, written in enumerate(writings)
            ),
            source_row(redeemed("u0", "spring5", usage_id=9)),
            *(
                source_row(redeemed("u9", written, usage_id=10 + n))
                for n, written in enumerate(("none", "None", "None", "NONE "))
            ),
        ],
    )
    known = {"promo_code": "Spring5", "redemptions": 5, "users": 4, "flagged": 0,
             "value": 25.0, "value_is_lower_bound": False}  # fmt: skip
    unknown = {"promo_code": "None", "redemptions": 4, "users": 1, "flagged": 0,
               "value": None, "value_is_lower_bound": False}  # fmt: skip
    assert ask(api, "top-codes") == [known, unknown]
    assert users_of(api)["u0"]["value"] == 10.0
    assert users_of(api)["u0"]["codes"] == users_of(api)["u9"]["codes"] == 1


@pytest.mark.parametrize(
    ("kind", "value", "minimum", "worth"),
    [
        ("fixed_amount", "7", None, 7.0),
        ("percentage", "10", "55.5", 5.55),
        ("percentage", "10", None, None),
        ("free_shipping", "3", "9", None),
        (None, "3", "9", None),
        ("fixed_amount", "9999999999999999999999999999", None, 1e28),
        (
            "percentage",
            "9999999999999999999999999999",
            "9999999999999999999999999999",
            1e32,
        ),
    ],
)
def test_value_is_told_as_far_as_terms_tell(
    settings: Settings,
    api: httpx.Client,
    kind: str | None,
    value: str,
    minimum: str | None,
    worth: float | None,
) -> None:
    insert(
        settings,
        [
            source_row(code_defined("CODE", kind, value, minimum)),
            source_row(redeemed("anna", "CODE")),
        ],
    )
    for found in (ask(api, "top-users"), ask(api, "top-codes")):
        (row,) = found
        assert row["value"] == (None if worth is None else pytest.approx(worth))
        assert row["value_is_lower_bound"] is (kind == "percentage" and worth is not None)


@pytest.mark.parametrize(
    ("kind", "value", "minimum", "worth", "is_lower_bound"),
    [
        ("fixed_amount", f"{MOST}", None, 1e35, False),
        ("percentage", f"{MOST}", f"{MOST}", 1e35, True),
        ("percentage", f"{LEAST}", f"{MOST}", None, False),
    ],
)
def test_the_largest_amounts_redeemed_a_thousand_times_add_up(
    settings: Settings, api: httpx.Client,
    kind: str, value: str, minimum: str | None, worth: float | None, is_lower_bound: bool,
) -> None:  # fmt: skip
    rows = [source_row(redeemed("anna", "CODE", n, usage_id=n)) for n in range(1_000)]
    insert(settings, [source_row(code_defined("CODE", kind, value, minimum)), *rows])
    for (found,) in (ask(api, "top-users"), ask(api, "top-codes")):
        assert found["value"] == (None if worth is None else pytest.approx(worth))
        assert found["value_is_lower_bound"] is is_lower_bound


def test_a_code_without_terms_leaves_the_others_value(
    settings: Settings, api: httpx.Client
) -> None:
    insert(
        settings,
        [
            source_row(code_defined("KNOWN", "fixed_amount", "5")),
            source_row(redeemed("anna", "KNOWN", usage_id=1)),
            source_row(redeemed("anna", "UNKNOWN", usage_id=2)),
            source_row(redeemed("ben", "UNKNOWN", usage_id=3)),
        ],
    )
    assert {user: row["value"] for user, row in users_of(api).items()} == {"anna": 5.0, "ben": None}


def test_each_row_counts_once_by_its_newest_version(settings: Settings, api: httpx.Client) -> None:
    rows = [
        source_row(code_defined("SPRING", "fixed_amount", "1")),
        source_row(code_defined("SPRING", "fixed_amount", "2", version=2)),
        source_row(redeemed("anna", usage_id=1)),
        source_row(redeemed("ben", usage_id=1, version=2)),
        source_row(redeemed("cleo", usage_id=2)),
        source_row(withdrawn("cleo", usage_id=2)),
        source_row(redeemed("dora", usage_id=3, used=False)),
    ]
    for part in (rows, rows[::-1], rows[:3]):
        insert(settings, part)
    assert {u: (r["redemptions"], r["value"]) for u, r in users_of(api).items()} == {
        "ben": (1, 2.0)
    }
    insert(settings, [source_row(code_withdrawn("SPRING"))])
    assert users_of(api)["ben"]["value"] is None


def test_top_codes_tell_how_much_is_redeemed_by_accounts_whose_alert_stands(
    settings: Settings, api: httpx.Client
) -> None:
    insert(
        settings,
        [
            source_row(code_defined("BUSY", "percentage", "10", "30")),
            *(source_row(redeemed("anna", "BUSY", n, usage_id=n)) for n in (1, 2)),
            source_row(redeemed("ben", "BUSY", 3, usage_id=3)),
            source_row(redeemed("cleo", "RARE", 3, usage_id=4)),
            source_row(redeemed("cleo", "RARE", 3, usage_id=5, used=False)),
            alert("anna"),
            alert("ben"),
            alert("ben", 2, "cleared"),
        ],
    )
    busy = {"promo_code": "BUSY", "redemptions": 3, "users": 2, "flagged": 2, "value": 9.0,
            "value_is_lower_bound": True}  # fmt: skip
    rare = {"promo_code": "RARE", "redemptions": 1, "users": 1, "flagged": 0, "value": None,
            "value_is_lower_bound": False}  # fmt: skip
    assert ask(api, "top-codes") == [busy, rare]
    assert ask(api, "top-codes", limit=1) == [busy]


def test_a_period_is_half_open(settings: Settings, api: httpx.Client) -> None:
    insert(
        settings,
        [
            *(source_row(redeemed("anna", "A", n, usage_id=n)) for n in range(4)),
            *(source_row(registered(account(f"u{n}", n))) for n in range(4)),
        ],
    )
    period = {"since": "2023-11-14T23:13:20Z", "until": "2023-11-15T02:13:20+01:00"}
    assert users_of(api, **period)["anna"]["redemptions"] == 2
    assert ask(api, "top-codes", **period)[0]["redemptions"] == 2
    assert [row["redemptions"] for row in ask(api, "redemptions", **period)] == [1, 1]
    assert [row["registrations"] for row in ask(api, "registrations", **period)] == [1, 1]
    assert ask(api, "top-users", since=period["until"], until=period["since"]) == []
    always = {"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}
    assert users_of(api, **always)["anna"]["redemptions"] == 4


def test_redemptions_over_time_have_no_gaps(settings: Settings, api: httpx.Client) -> None:
    insert(
        settings,
        [
            source_row(redeemed("anna", hours=0, usage_id=1)),
            source_row(redeemed("ben", hours=0.2, usage_id=2)),
            source_row(redeemed("ben", hours=0.3, usage_id=3, used=False)),
            source_row(redeemed("anna", hours=2, usage_id=4, used=None)),
            alert("anna"),
        ],
    )
    assert ask(api, "redemptions", bucket="hour") == [
        {"at": NIGHT.format("22:00:00.000000"), "redemptions": 2, "attempts": 1, "flagged": 1},
        {"at": NIGHT.format("23:00:00.000000"), "redemptions": 0, "attempts": 0, "flagged": 0},
        {"at": "2023-11-15T00:00:00.000000Z", "redemptions": 1, "attempts": 0, "flagged": 1},
    ]
    by_day = [(row["at"][:10], row["redemptions"]) for row in ask(api, "redemptions")]
    assert by_day == [("2023-11-14", 2), ("2023-11-15", 1)]
    for bucket, start in (("week", "2023-11-13"), ("month", "2023-11-01")):
        (row,) = ask(api, "redemptions", bucket=bucket)
        assert (row["at"][:10], row["redemptions"], row["attempts"]) == (start, 3, 1)


def test_registrations_over_time_count_accounts_that_exist(
    settings: Settings, api: httpx.Client
) -> None:
    insert(
        settings,
        [
            source_row(registered(account("anna"))),
            source_row(updated(account("anna", is_email_verified=True))),
            source_row(registered(account("ben", 1))),
            source_row(registered(account("gone", 1))),
            source_row(erased("gone")),
            source_row(registered(account("cleo", 26))),
            alert("ben"),
            alert("gone", status="cleared"),
        ],
    )
    assert ask(api, "registrations") == [
        {"at": NIGHT.format("00:00:00.000000"), "registrations": 2, "flagged": 1},
        {"at": "2023-11-15T00:00:00.000000Z", "registrations": 0, "flagged": 0},
        {"at": "2023-11-16T00:00:00.000000Z", "registrations": 1, "flagged": 0},
    ]


def test_buckets_of_distant_centuries_begin_where_they_do(
    settings: Settings, api: httpx.Client
) -> None:
    hours_back, hours_on = -100 * 365 * 24, 250 * 365 * 24
    insert(settings, [source_row(registered(account("old", hours_back)))])
    assert [row["at"][:10] for row in ask(api, "registrations", bucket="month")] == ["1923-12-01"]
    insert(settings, [source_row(registered(account("late", hours_on)))])
    months = ask(api, "registrations", bucket="month")
    assert (months[-1]["at"][:10], months[-1]["registrations"]) == ("2273-09-01", 1)
    assert len(months) == (2273 - 1923) * 12 - 2


# The calendar's ends, a spreadsheet's day 0, the second before 1970 (whose fraction the engine
# would round up), and the moments that stand for "never".
FAR = {
    "0001-01-01T00:00:00+00:00": "0001",
    "1799-12-31T23:59:59.500000+00:00": "1799",
    "1899-12-30T00:00:00+00:00": "1899",
    "1969-12-31T23:59:59.999999+00:00": "1969",
    "1970-01-01T00:00:00+00:00": "1970",
    "2300-06-01T00:00:00+00:00": "2300",
    "9999-12-31T23:59:59.999999+00:00": "9999",
}


def far_rows(settings: Settings) -> None:
    rows: list[RowChange] = []
    for number, moment in enumerate(FAR):
        at_us = microseconds(datetime.fromisoformat(moment))
        rows.append(registered(replace(account(f"far-{number}"), created_at_us=at_us)))
        rows.append(replace(redeemed("far", "FAR", usage_id=number), used_at_us=at_us))
    insert(settings, [source_row(row) for row in rows])


def test_a_bound_that_is_not_given_is_all_time(settings: Settings, api: httpx.Client) -> None:
    far_rows(settings)
    assert ask(api, "top-users")[0]["redemptions"] == len(FAR)
    assert ask(api, "top-codes")[0]["redemptions"] == len(FAR)
    before = {"until": "1900-01-01T00:00:00Z"}
    assert ask(api, "top-codes", **before)[0]["redemptions"] == 3
    assert ask(api, "top-codes", since="2300-01-01T00:00:00Z")[0]["redemptions"] == 2


def test_one_row_of_a_distant_century_makes_longer_buckets_not_an_error(
    settings: Settings, api: httpx.Client
) -> None:
    insert(settings, [source_row(registered(account("anna")))])
    asked = api.get("/v1/analytics/registrations").json()
    assert (asked["bucket"], len(asked["buckets"])) == ("day", 1)
    lengths = []
    for days in (127 * 365, 600 * 365):
        insert(settings, [source_row(registered(account(f"u{days}", -days * 24)))])
        asked = api.get("/v1/analytics/registrations").json()
        lengths.append(asked["bucket"])
        assert asked["buckets"][-1]["registrations"] == 1
    assert lengths == ["week", "month"]
    far_rows(settings)
    for what, counted in (("registrations", "registrations"), ("redemptions", "redemptions")):
        asked = api.get(f"/v1/analytics/{what}").json()
        assert asked["bucket"] == "year"
        found = {row["at"][:4] for row in asked["buckets"] if row[counted]}
        assert found >= set(FAR.values())
    assert sum(row["redemptions"] for row in ask(api, "redemptions")) == len(FAR)


def test_too_many_buckets_are_refused_with_what_to_do(
    settings: Settings, api: httpx.Client
) -> None:
    insert(settings, [source_row(registered(account(f"u{n}", n * 24 * 365))) for n in (0, 40)])
    for bucket in ("hour", "day"):
        answer = api.get("/v1/analytics/registrations", params={"bucket": bucket})
        (error,) = problem(answer, 422, "invalid")["errors"]
        assert error["pointer"] == "bucket"
        assert "longer" in error["detail"]
    assert len(ask(api, "registrations", bucket="week")) > 2_000


def test_an_empty_warehouse_has_empty_answers(api: httpx.Client) -> None:
    assert {what: ask(api, what) for what in SCHEMAS} == {what: [] for what in SCHEMAS}


@pytest.mark.parametrize(
    ("what", "name", "value"),
    [
        ("top-users", "limit", "0"),
        ("top-codes", "limit", "101"),
        ("top-users", "since", "yesterday"),
        ("top-codes", "until", "2026-03-01T00:00:00"),
        ("redemptions", "bucket", "minute"),
        ("registrations", "bucket", "decade"),
    ],
)
def test_a_wrong_parameter_is_refused_and_named(
    api: httpx.Client, what: str, name: str, value: str
) -> None:
    answer = api.get(f"/v1/analytics/{what}", params={name: value})
    (error,) = problem(answer, 422, "invalid")["errors"]
    assert error["pointer"] == name


def test_the_examples_are_true(api: httpx.Client) -> None:
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    for schema in SCHEMAS.values():
        (example,) = schemas[schema.__name__]["examples"]
        schema.model_validate(example)
