"""What a batch of the warehouse worker inserts."""

import orjson

from connectors.topics import Topic
from stream_processors.intake import Message
from stream_processors.warehouse_sink.processor import Block, block
from tests.unit.connectors.envelopes import HASHED, code_row, envelope
from tests.unit.stream_processors.messages import garbage, message, redeemed_message, signed_up
from tests.warehouse_rows import (
    AUDIT_MESSAGE,
    DEAD_LETTER_HEADERS,
    LABEL_MESSAGE,
    LINKS_MESSAGE,
    alert_message,
    risky,
    score_message,
)
from warehouse.rows import Table

SCORE = score_message(risky())


def made(*messages: Message) -> Block:
    return block(messages, HASHED)


def test_every_topic_has_its_table() -> None:
    letter = Message(Topic.DEAD_LETTER, 0, 0, b"k", b"?", tuple(DEAD_LETTER_HEADERS.items()))
    found = made(
        signed_up(),
        message(Topic.PROMO_CODES, envelope("c", after=code_row())),
        redeemed_message(),
        message(Topic.RISK_SCORES, SCORE),
        message(Topic.ABUSE_ALERTS, alert_message(risky())),
        message(Topic.LABELS, dict(LABEL_MESSAGE)),
        message(Topic.LINK_DECISIONS, dict(LINKS_MESSAGE)),
        message(Topic.AUDIT, dict(AUDIT_MESSAGE)),
        letter,
    )
    tables = [table for table in Table if table is not Table.PIPELINE_METRICS]
    assert [row.table for row in found.rows] == tables
    assert (found.forgotten, found.poison) == ([], [])


def test_a_tombstone_of_a_source_row_is_nothing() -> None:
    assert made(message(Topic.USERS, None)) == Block()


def test_an_erased_accounts_scores_go_those_of_this_batch_too() -> None:
    other = {**SCORE, "user_id": "ben"}
    found = made(
        message(Topic.RISK_SCORES, SCORE),
        message(Topic.RISK_SCORES, other, "ben"),
        message(Topic.RISK_SCORES, None),
    )
    assert found.forgotten == ["anna"]
    assert [row.values["user_id"] for row in found.rows] == ["ben"]


def test_an_account_that_signs_up_again_keeps_its_new_score() -> None:
    found = made(message(Topic.RISK_SCORES, None), message(Topic.RISK_SCORES, SCORE))
    assert found.forgotten == ["anna"]
    assert len(found.rows) == 1


def test_unreadable_source_rows_are_left_to_the_scoring_worker() -> None:
    found = made(garbage(topic=Topic.USERS), garbage(topic=Topic.PROMO_USAGES), signed_up())
    assert found.poison == []
    assert len(found.rows) == 1


def test_unreadable_decisions_are_left_to_the_scoring_worker() -> None:
    lacking = {name: value for name, value in LABEL_MESSAGE.items() if name != "decided_at"}
    found = made(message(Topic.LABELS, lacking), garbage(topic=Topic.LINK_DECISIONS))
    assert found == Block()


def test_a_row_that_only_the_warehouse_cannot_hold_is_its_own_poison() -> None:
    huge = envelope("c", after=code_row(discount_value="1" + "0" * 40))
    assert [poison.stage for _, poison in made(message(Topic.PROMO_CODES, huge)).poison] == [
        "insert"
    ]


def test_unreadable_scores_alerts_and_letters_are_poison() -> None:
    lacking = {name: value for name, value in SCORE.items() if name != "features"}
    found = made(
        garbage(topic=Topic.RISK_SCORES),
        message(Topic.RISK_SCORES, lacking),
        message(Topic.ABUSE_ALERTS, orjson.dumps([1])),
        message(Topic.DEAD_LETTER, b"without headers"),
    )
    assert [poison.stage for _, poison in found.poison] == ["decode"] * 4
    assert found.rows == []
