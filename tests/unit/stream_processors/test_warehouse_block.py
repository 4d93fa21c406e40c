"""What a batch of the warehouse worker inserts."""

import orjson
import pytest

from connectors import identifier_decisions
from connectors.decisions import ending
from connectors.rolling import KEY
from connectors.topics import Topic
from stream_processors.intake import Message
from stream_processors.scoring.documents import erasure_alert
from stream_processors.warehouse_sink.block import Block, block
from tests.unit.connectors.envelopes import HASHED, LSN, code_row, envelope, usage_row
from tests.unit.stream_processors.messages import garbage, message, redeemed_message, signed_up
from tests.warehouse_rows import (
    AUDIT_MESSAGE,
    DEAD_LETTER_HEADERS,
    IDENTIFIER_DECIDED,
    LABEL_MESSAGE,
    LINKS_MESSAGE,
    alert_message,
    published,
    risky,
    score_message,
)
from warehouse.naming import named_in
from warehouse.removals import Removals
from warehouse.rows import Table, label_row

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
        message(
            Topic.IDENTIFIER_DECISIONS,
            orjson.loads(identifier_decisions.encode(IDENTIFIER_DECIDED)),
        ),
        message(Topic.AUDIT, dict(AUDIT_MESSAGE)),
        letter,
    )
    tables = [table for table in Table if table not in (Table.PIPELINE_METRICS, Table.HEARTBEATS)]
    assert [row.table for row in found.rows] == tables
    assert (found.removals, found.poison) == (Removals(), [])


def test_a_tombstone_of_a_source_row_is_nothing() -> None:
    assert made(message(Topic.USERS, None)) == Block()


def test_an_erased_accounts_scores_go_those_of_this_batch_too() -> None:
    other = {**SCORE, "user_id": "ben"}
    found = made(
        message(Topic.RISK_SCORES, SCORE),
        message(Topic.RISK_SCORES, other, "ben"),
        message(Topic.RISK_SCORES, None),
    )
    assert found.removals.scores == ["anna"]
    assert [row.values["user_id"] for row in found.rows] == ["ben"]


def test_an_account_that_signs_up_again_keeps_its_new_score() -> None:
    found = made(message(Topic.RISK_SCORES, None), message(Topic.RISK_SCORES, SCORE))
    assert found.removals.scores == ["anna"]
    assert len(found.rows) == 1


def test_a_tombstone_of_nobody_ends_no_scores() -> None:
    assert made(Message(Topic.RISK_SCORES, 0, 0, KEY, None)) == Block()


def test_an_erasure_leaves_the_deletions_alone_whatever_comes_in_the_same_batch() -> None:
    found = made(
        redeemed_message(offset=1),
        signed_up(),
        signed_up(op="d", lsn=LSN + 90),
        redeemed_message(offset=2),
        withdrawal(lsn=LSN + 80),
    )
    found.settle({})
    assert found.removals.accounts == {"anna": LSN + 90}
    assert found.removals.usages == {7: LSN + 80}
    assert [(row.table, row.values["version"]) for row in found.rows] == [
        (Table.USERS, LSN + 90),
        (Table.PROMO_USAGES, LSN + 80),
    ]


def test_an_account_whose_id_was_changed_keeps_the_redemptions_that_nobody_withdrew() -> None:
    found = made(redeemed_message(), signed_up(op="d", lsn=LSN + 90))
    found.settle({})
    assert found.removals.usages == {}
    assert [row.table for row in found.rows] == [Table.PROMO_USAGES, Table.USERS]


def test_redemptions_withdrawn_in_earlier_batches_go_with_their_account() -> None:
    found = made(redeemed_message(), signed_up(op="d", lsn=LSN + 90))
    found.withdraw({7: LSN + 80, 8: LSN + 5})
    found.settle({})
    assert found.removals.usages == {7: LSN + 80, 8: LSN + 5}
    assert [row.table for row in found.rows] == [Table.USERS]


def test_an_account_that_signs_up_again_keeps_what_is_newer() -> None:
    found = made(
        signed_up(op="d", lsn=LSN + 90), signed_up(lsn=LSN + 91), redeemed_message(lsn=LSN + 92)
    )
    found.settle({})
    assert [row.values["version"] for row in found.rows] == [LSN + 90, LSN + 91, LSN + 92]


def withdrawal(lsn: int = LSN + 95) -> Message:
    return message(Topic.PROMO_USAGES, envelope("d", before=usage_row(), lsn=lsn))


@pytest.mark.parametrize(
    ("known", "usages"),
    [({"anna": False}, {}), ({"anna": True}, {7: LSN + 95}), ({}, {7: LSN + 95})],
)
def test_a_withdrawn_redemption_goes_at_once_unless_its_account_is_there(
    known: dict[str, bool], usages: dict[int, int]
) -> None:
    found = made(redeemed_message(), withdrawal())
    assert found.in_question() == {"anna"}
    found.settle(known)
    assert found.removals.usages == usages
    assert [row.values["is_deleted"] for row in found.rows if "is_deleted" in row.values] == [1]


def test_an_ended_alert_leaves_its_last_revision() -> None:
    alert = alert_message(risky())
    last = published(erasure_alert("anna", revision=alert["revision"] + 5))
    found = made(message(Topic.ABUSE_ALERTS, alert), message(Topic.ABUSE_ALERTS, last))
    found.settle({})
    assert found.removals.alerts == {"anna": last["revision"]}
    assert [row.values["revision"] for row in found.rows] == [last["revision"]]


def test_decisions_that_were_ended_go_and_newer_ones_stay() -> None:
    moment = label_row(LABEL_MESSAGE).values["version"]
    for version, left in ((moment + 1, 0), (moment, 1)):
        end = tuple(ending(version).items())
        found = made(
            message(Topic.LABELS, dict(LABEL_MESSAGE)),
            message(Topic.LINK_DECISIONS, dict(LINKS_MESSAGE)),
            Message(Topic.LABELS, 0, 1, b"anna", None, end),
            Message(Topic.LINK_DECISIONS, 0, 1, b"anna", None, end),
        )
        found.settle({})
        assert (found.removals.labels, found.removals.links) == ({"anna": version},) * 2
        assert len(found.rows) == 2 * left


def test_what_names_an_erased_account_says_that_it_was_erased() -> None:
    others = {found["user_id"] for reason in SCORE["reasons"] for found in reason["evidence"]}
    gone, *there = sorted(others)
    found = made(
        message(Topic.RISK_SCORES, SCORE),
        message(Topic.ABUSE_ALERTS, alert_message(risky())),
        message(Topic.LINK_DECISIONS, dict(LINKS_MESSAGE)),
    )
    assert found.in_question() == others | {"ben"}
    found.settle({gone: True, there[0]: False, "ben": True})
    named = [named_in(row) for row in found.rows]
    assert named == [{"erased", *there}, {"erased", *there}, {"erased"}]


def test_unreadable_source_rows_are_left_to_the_scoring_worker() -> None:
    found = made(garbage(topic=Topic.USERS), garbage(topic=Topic.PROMO_USAGES), signed_up())
    assert found.poison == []
    assert len(found.rows) == 1


def test_unreadable_decisions_are_left_to_the_scoring_worker() -> None:
    lacking = {name: value for name, value in LABEL_MESSAGE.items() if name != "decided_at"}
    found = made(message(Topic.LABELS, lacking), garbage(topic=Topic.LINK_DECISIONS))
    assert found == Block()


def test_a_code_of_an_amount_that_no_store_holds_has_its_row() -> None:
    huge = envelope("c", after=code_row(discount_value="1" + "0" * 40))
    found = made(message(Topic.PROMO_CODES, huge))
    assert [row.values["not_held"] for row in found.rows] == [["discount_value"]]
    assert found.poison == []


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
