"""From events and documents to rows: values, versions, deletions, and whether they fit."""

import re
from dataclasses import fields, replace
from decimal import Decimal

import orjson
import pytest

from connectors.amounts import MOST
from connectors.errors import PoisonMessage
from connectors.events import Origin, Updated
from connectors.profile import Profile
from ml.policy import Value
from tests.unit.connectors.envelopes import profiled
from tests.unit.ml.builders import (
    account,
    code_defined,
    code_withdrawn,
    erased,
    redeemed,
    registered,
    withdrawn,
)
from tests.warehouse_rows import (
    DEAD_LETTER_HEADERS,
    EXAMPLES,
    NOW_US,
    alert_message,
    risky,
    score_message,
)
from warehouse.migrate import MIGRATIONS, read_migrations
from warehouse.rows import (
    Table,
    alert_row,
    dead_letter_row,
    metric_row,
    score_row,
    source_row,
)

SOURCES = (Table.USERS, Table.PROMO_CODES, Table.PROMO_USAGES)


def ddl(table: Table) -> str:
    statements = [s for m in read_migrations(MIGRATIONS) for s in m.statements]
    return next(s for s in statements if f"EXISTS {table}\n" in s)


def declared(table: Table) -> set[str]:
    """The columns that the table's migration names."""
    columns = ddl(table).split("\n(\n")[1].split("\n)\n")[0]
    return {line.split()[0] for line in columns.splitlines()} | added(table)


def added(table: Table) -> set[str]:
    """The columns that later migrations add to the table, but those that the engine computes."""
    statements = [s for m in read_migrations(MIGRATIONS) for s in m.statements]
    altering = [s for s in statements if re.search(rf"ALTER TABLE {table}\s", s)]
    column = re.compile(r"ADD COLUMN IF NOT EXISTS (\w+) (?!\S+ MATERIALIZED)")
    return {name for statement in altering for name in column.findall(statement)}


@pytest.mark.parametrize("table", list(Table))
def test_a_row_fills_every_declared_column_and_no_other(table: Table) -> None:
    left_out = {"is_deleted"} if table in SOURCES else set()
    assert EXAMPLES[table].values.keys() == declared(table) - left_out


@pytest.mark.parametrize("table", list(Table))
def test_a_row_is_json(table: Table) -> None:
    assert orjson.loads(orjson.dumps(EXAMPLES[table].values))


def test_a_user_is_the_profile_and_nothing_raw() -> None:
    row = source_row(Updated(profiled(), None, Origin(7, NOW_US)))
    named = {field.name for field in fields(Profile)} - {"created_at_us"}
    assert named <= row.values.keys()
    assert row.values["created_at"] == "2023-11-14T22:13:20.000000Z"
    assert row.values["committed_at"] == "2023-11-14T22:13:20.123456Z"
    assert row.values["version"] == 7
    assert row.values["is_abuser"] is None
    text = orjson.dumps(row.values)
    assert not [raw for raw in (b"Nowak", b"nowak", b"5551234567", b"184.216") if raw in text]


@pytest.mark.parametrize(
    ("deletion", "key"),
    [
        (erased("anna"), {"user_id": "anna"}),
        (code_withdrawn("SPRING"), {"promo_code": "SPRING"}),
        (withdrawn(usage_id=5), {"usage_id": 5}),
    ],
)
def test_a_deletion_is_a_version_of_its_row(deletion: object, key: dict[str, object]) -> None:
    values = source_row(deletion).values  # type: ignore[arg-type]
    assert values["is_deleted"] == 1
    assert values["version"] == 9
    assert key.items() <= values.items()


def test_an_attempt_is_stored_as_one() -> None:
    assert source_row(redeemed(used=False)).values["used_promo"] is False
    assert source_row(redeemed(used=None)).values["used_promo"] is None


def test_a_registration_of_nulls_has_a_row() -> None:
    values = source_row(registered(account())).values
    assert values["email"] is None
    assert values["hour"] == 0


@pytest.mark.parametrize(
    ("amount", "written"),
    [("10", "10"), ("1E+3", "1000"), ("0.000001", "0.000001"), ("-5.50", "-5.50")],
)
def test_an_amount_is_written_in_plain_digits(amount: str, written: str) -> None:
    assert source_row(code_defined(value=amount)).values["discount_value"] == written


def test_amounts_that_could_not_be_held_are_named() -> None:
    change = replace(code_defined(), discount_value=None, not_held=("discount_value",))
    values = source_row(change).values
    assert (values["discount_value"], values["not_held"]) == (None, ["discount_value"])


@pytest.mark.parametrize(
    ("value", "written", "is_lower_bound"),
    [
        (10.5, "10.5", False),
        (1e32, str(MOST), True),
        (1e300, str(MOST), True),
        (-1e32, None, False),
    ],
)
def test_an_alerts_value_beyond_every_store_is_the_most_that_one_holds(
    value: float, written: str | None, is_lower_bound: bool
) -> None:
    document = {**alert_message(risky()), "value_at_risk": value, "value_is_lower_bound": False}
    values = alert_row(document).values
    assert (values["value_at_risk"], values["value_is_lower_bound"]) == (written, is_lower_bound)


def test_unknown_terms_stay_unknown() -> None:
    values = source_row(code_defined(kind=None, minimum=None)).values
    assert values["discount_type"] is None
    assert values["min_purchase_amount"] is None


def test_a_score_keeps_its_vector_and_reasons_as_json() -> None:
    message = score_message(risky())
    values = score_row(message).values
    assert orjson.loads(values["features"]) == message["features"]
    assert orjson.loads(values["reasons"]) == message["reasons"]
    assert values["reason_codes"] == [reason["code"] for reason in message["reasons"]]
    assert "rule.shared_device" in values["reason_codes"]


def test_an_alert_keeps_evidence_and_value() -> None:
    risk = replace(risky(), value=Value(Decimal("12.5"), is_lower_bound=True))
    values = alert_row(alert_message(risk)).values
    assert values["value_at_risk"] == "12.5"
    assert values["value_is_lower_bound"] is True
    assert {found["user_id"] for found in orjson.loads(values["evidence"])} == {
        "n00", "n01", "n02", "n03",
    }  # fmt: skip
    assert alert_row(alert_message(risky())).values["value_at_risk"] is None


@pytest.mark.parametrize("build", [score_row, alert_row])
def test_a_document_that_lacks_a_field_has_no_row(build: object) -> None:
    with pytest.raises(PoisonMessage, match="missing"):
        build({"user_id": "anna"})  # type: ignore[operator]


def test_a_dead_letter_says_where_and_why_but_not_what() -> None:
    assert dead_letter_row(DEAD_LETTER_HEADERS).values == {
        "topic": "promo.public.users",
        "partition": 3,
        "offset": 17,
        "stage": "decode",
        "error": "not JSON: at 0",
        "failed_at": "2023-11-14T22:13:20.123456Z",
    }


def test_a_dead_letter_without_a_position_has_no_row() -> None:
    for headers in ({"stage": b"decode"}, {**DEAD_LETTER_HEADERS, "offset": b"first"}):
        with pytest.raises(PoisonMessage, match="without position"):
            dead_letter_row(headers)


def test_labels_of_a_metric_are_sorted_json() -> None:
    row = metric_row(NOW_US, "kafka", "promo_consumer_lag", {"topic": "t", "group": "g"}, 1.0)
    assert row.values["labels"] == '{"group":"g","topic":"t"}'
