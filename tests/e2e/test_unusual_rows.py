"""Rows that are not as one would wish: each goes its way through the whole stack, and the next
one too."""

import time

import orjson
import pytest

from connectors.columns import LONGEST_IDENTIFIER
from connectors.promo_codes import canonical_code
from connectors.settings import Settings
from connectors.topics import Topic
from tests.e2e.pipeline import Pipeline, at, headers_of
from tests.integration.api_client import caller
from tests.reading import eventually

FIVE_MB = 5_000_000


@pytest.fixture(scope="module")
def pipeline(stack: Settings) -> Pipeline:
    """The shared stack; every test has users of its own."""
    return Pipeline(stack)


def assert_goes_on(pipeline: Pipeline, after: str) -> None:
    """The next registration is scored."""
    pipeline.sign_up(f"after {after}")
    pipeline.risk_when(f"after {after}")


def users(pipeline: Pipeline, user_id: str, columns: str) -> list[tuple[object, ...]]:
    return pipeline.rows(
        f"SELECT {columns} FROM users FINAL WHERE user_id = {{user:String}}", user=user_id
    )


def test_an_update_wins_over_what_was_and_over_what_comes_late(pipeline: Pipeline) -> None:
    pipeline.sign_up("updated", device_id="old device", city="Brno")
    pipeline.sign_up("on the old device", device_id="old device")
    pipeline.sign_up("on the new device", device_id="new device")
    pipeline.risk_when("on the old device", linked={"updated"})
    first = pipeline.messages(Topic.USERS, b"updated")[0]

    pipeline.run("UPDATE users SET device_id = 'new device' WHERE user_id = 'updated'")
    pipeline.risk_when("on the new device", linked={"updated"})
    pipeline.produce(Topic.USERS, first.key(), first.value())
    pipeline.drained()

    new = pipeline.hashed("device", "new device")
    assert users(pipeline, "updated", "device") == [(new,)]
    pipeline.risk_when("on the old device", linked=set())
    pipeline.risk_when("on the new device", linked={"updated"})


def test_a_deletion_removes_the_account_and_scores_those_linked_to_it_again(
    pipeline: Pipeline,
) -> None:
    for user in ("leaves", "stays", "stays too"):
        pipeline.sign_up(user, device_id="of a family", phone="15551234567")
    alerted = pipeline.risk_when("leaves", linked={"stays", "stays too"})
    before = pipeline.risk_when("stays", linked={"leaves", "stays too"})

    pipeline.run("DELETE FROM users WHERE user_id = 'leaves'")
    after = pipeline.risk_when("stays", linked={"stays too"})
    pipeline.risk_when("stays too", linked={"stays"})
    pipeline.drained()

    assert after["score"] < before["score"]
    assert after["revision"] > before["revision"]
    assert pipeline.risk("leaves") is None
    with pipeline.redis() as redis:
        device = f"k:device:{pipeline.hashed('device', 'of a family')}"
        assert redis.zrange(device, 0, -1) == [b"stays", b"stays too"]
        assert redis.hget("a:leaves", "p") is None
    assert users(pipeline, "leaves", "1") == []
    assert pipeline.rows("SELECT count() FROM risk_scores FINAL WHERE user_id = 'leaves'") == [(0,)]
    scores = pipeline.messages(Topic.RISK_SCORES, b"leaves")
    assert scores[-1].value() is None
    assert alerted["level"] in ("high", "critical")
    alerts = pipeline.messages(Topic.ABUSE_ALERTS, b"leaves")
    assert orjson.loads(alerts[-1].value() or b"")["status"] == "cleared"


def test_an_erased_account_may_sign_up_again(pipeline: Pipeline) -> None:
    pipeline.sign_up("comes back", device_id="kept")
    first = pipeline.risk_when("comes back")
    pipeline.run("DELETE FROM users WHERE user_id = 'comes back'")
    eventually(lambda: pipeline.risk("comes back") is None, "the risk goes")

    pipeline.sign_up("comes back", device_id="kept")

    assert pipeline.risk_when("comes back")["revision"] > first["revision"]
    pipeline.count_when(1, "SELECT count() FROM users FINAL WHERE user_id = 'comes back'")


def test_a_registration_of_nothing_but_nulls_is_scored(pipeline: Pipeline) -> None:
    pipeline.sign_up("nobody in particular")

    risk = pipeline.risk_when("nobody in particular")

    assert risk["trigger"] == "registration"
    assert risk["level"] == "low"
    pipeline.count_when(
        1,
        "SELECT count() FROM users FINAL WHERE user_id = 'nobody in particular'"
        " AND email IS NULL AND device IS NULL AND phone IS NULL AND ip IS NULL"
        " AND birth_year IS NULL AND timezone IS NULL AND is_abuser IS NULL",
    )


@pytest.mark.parametrize(
    ("topic", "value", "reason"),
    [
        (Topic.USERS, b'{"op":"c","after":{"user_id":"\xff\xfe"}}', "not JSON"),
        (Topic.USERS, b"\x00\x00\x00\x00\x05avro", "not JSON"),
        (Topic.PROMO_CODES, b'{"schema":{},"payload":{"op":"c"}}', "not a Debezium envelope"),
        (Topic.PROMO_USAGES, b'{"id":1,"kind":"order","total":9.5}', "not a Debezium envelope"),
        (Topic.RESCORE, b"please score everybody", "not JSON"),
        (
            Topic.RESCORE,
            b'{"user_id":7,"caused_at_us":1,"trigger":"label"}',
            "user_id is a number, not text",
        ),
    ],
)
def test_what_cannot_be_read_is_set_aside_once_as_it_came(
    pipeline: Pipeline, topic: Topic, value: bytes, reason: str
) -> None:
    key = f"unreadable {time.time_ns()}".encode()
    before_us = time.time_ns() // 1_000

    place = pipeline.produce(topic, key, value)
    assert_goes_on(pipeline, key.decode())
    pipeline.drained()

    letters = at(pipeline.messages(Topic.DEAD_LETTER), topic, place)
    assert [(letter.key(), letter.value()) for letter in letters] == [(key, value)]
    headers = headers_of(letters[0])
    assert headers.keys() == {"topic", "partition", "offset", "error", "stage", "failed_at"}
    assert reason in headers["error"].decode()
    assert headers["stage"] == b"decode"
    assert before_us <= int(headers["failed_at"]) <= time.time_ns() // 1_000
    found = pipeline.rows(
        "SELECT stage, error FROM dead_letters FINAL WHERE topic = {topic:String}"
        " AND partition = {partition:Int32} AND offset = {offset:Int64}",
        topic=topic.value,
        partition=place[0],
        offset=place[1],
    )
    assert found == [("decode", headers["error"].decode())]


def test_five_megabytes_in_a_text_column_pass(pipeline: Pipeline) -> None:
    large = "x" * FIVE_MB
    columns = ("email", "phone", "first_name", "user_agent", "city", "ip_address", "timezone")
    for column in columns:
        pipeline.sign_up(f"large {column}", **{column: large})
    for name in ("large twin", "large other twin"):
        pipeline.sign_up(name, device_id=large + "y")

    for column in columns:
        pipeline.risk_when(f"large {column}")
    pipeline.risk_when("large twin", linked={"large other twin"})
    pipeline.count_when(
        len(columns) + 2, "SELECT count() FROM users FINAL WHERE user_id LIKE 'large %'"
    )


def test_a_promo_code_may_be_as_long_as_any_identifier_and_no_longer(pipeline: Pipeline) -> None:
    pipeline.sign_up("redeems much", device_id="much")
    pipeline.sign_up("redeems much too", device_id="much")
    code = "c" * LONGEST_IDENTIFIER
    for user in ("redeems much", "redeems much too"):
        pipeline.redeem(user, "c" * FIVE_MB)
        pipeline.redeem(user, code)

    pipeline.risk_when("redeems much", redemptions=1.0)
    pipeline.risk_when("redeems much too", redemptions=1.0)
    pipeline.count_when(
        2,
        "SELECT count() FROM promo_usages FINAL"
        " WHERE user_id LIKE 'redeems much%' AND length(promo_code) = 1000",
    )
    pipeline.drained()
    reasons = [headers_of(one)["error"] for one in pipeline.messages(Topic.DEAD_LETTER)]
    assert sum(one.startswith(b"promo_code is longer") for one in reasons) == 2


def test_a_redemption_before_its_registration_waits_and_counts(pipeline: Pipeline) -> None:
    pipeline.redeem("signs up late", "EARLY")
    pipeline.count_when(1, "SELECT count() FROM promo_usages FINAL WHERE promo_code = 'EARLY'")
    pipeline.drained()
    assert pipeline.risk("signs up late") is None

    pipeline.sign_up("signs up late")

    assert pipeline.risk_when("signs up late")["features"]["redemptions"] == 1


def test_an_amount_that_no_decimal_holds_is_null_and_told(pipeline: Pipeline) -> None:
    pipeline.run("INSERT INTO promo_codes VALUES ('PRICELESS', 'fixed_amount', 1e40, 0)")
    pipeline.run("INSERT INTO promo_codes VALUES ('UNPRICED', 'fixed_amount', 'NaN', null)")

    pipeline.count_when(2, "SELECT count() FROM promo_codes FINAL WHERE promo_code LIKE '%PRICE%'")
    pipeline.drained()

    assert pipeline.rows(
        "SELECT discount_value, min_purchase_amount, not_held FROM promo_codes FINAL"
        " WHERE promo_code LIKE '%PRICE%' ORDER BY promo_code"
    ) == [(None, 0, ["discount_value"]), (None, None, ["discount_value"])]
    set_aside = [m for m in pipeline.messages(Topic.DEAD_LETTER) if b"PRICE" in (m.key() or b"")]
    assert set_aside == []


def test_a_code_in_four_writings_is_the_same_code_and_has_one_value(pipeline: Pipeline) -> None:
    writings = ("WRITTEN5", "written5", "Written5 ", "WR\u0406TTEN5\u200b")
    accounts = [f"writes {number}" for number in range(len(writings))]
    pipeline.run("INSERT INTO promo_codes VALUES ('WRITTEN5', 'fixed_amount', 5, 0)")
    for user, code in zip(accounts, writings, strict=True):
        pipeline.sign_up(user, device_id="writes in four ways")
        pipeline.redeem(user, code)
    pipeline.drained()

    for user in accounts:
        risk = pipeline.risk_when(user, action="deny", linked=set(accounts) - {user})
        assert "rule.same_code_same_device" in {reason["code"] for reason in risk["reasons"]}
    pipeline.count_when(
        4, "SELECT count() FROM promo_usages FINAL WHERE canonical_code = 'WRITTEN5'"
    )
    with caller(pipeline.settings) as api:
        found = api.get("/v1/analytics/top-codes", params={"limit": 100}).json()["codes"]
    (shown,) = [row for row in found if canonical_code(row["promo_code"]) == "WRITTEN5"]
    assert shown["promo_code"] == "WRITTEN5"
    assert (shown["redemptions"], shown["users"], shown["value"]) == (4, 4, 20.0)
