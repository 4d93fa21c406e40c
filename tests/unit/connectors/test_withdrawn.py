"""A deletion that Debezium did not see is told as Debezium would have told it."""

from collections.abc import Mapping

import orjson
import pytest

from connectors.debezium.rest import _health
from connectors.debezium.withdrawn import deletion
from connectors.envelope import decode
from connectors.events import CodeWithdrawn, Erased, Origin, RedemptionWithdrawn
from connectors.topics import Topic
from tests.unit.connectors.envelopes import HASHED

USAGE = {"usage_id": 7, "user_id": "anna", "promo_code": "TEN", "used_at": "2026-01-01T00:00:00Z"}
ROWS: Mapping[Topic, tuple[Mapping[str, object], type]] = {
    Topic.USERS: ({"user_id": "anna", "created_at": "2026-01-01T00:00:00Z"}, Erased),
    Topic.PROMO_CODES: ({"promo_code": "TEN"}, CodeWithdrawn),
    Topic.PROMO_USAGES: (USAGE, RedemptionWithdrawn),
}


@pytest.mark.parametrize("topic", ROWS)
def test_consumers_read_it_as_a_deletion_of_the_version_it_was_told(topic: Topic) -> None:
    row, event = ROWS[topic]
    source = {"lsn": 5, "ts_us": 1, "ts_ms": 0, "snapshot": "first", "db": "promo"}
    newest = orjson.dumps({"op": "r", "before": None, "after": row, "source": source})

    told = decode(topic, b"key", deletion(newest, version=9, now_us=2), HASHED)

    assert isinstance(told, event)
    assert getattr(told, "origin", None) == Origin(9, 2)


def test_a_failed_tasks_last_words_are_not_hidden_behind_debeziums_state() -> None:
    trace = (
        "DebeziumException: It reads from PostgresOffsetContext [schema=Schema{x}, lsn=[1],"
        " rest=[[]]], but this is no longer available on the server.\n\tat io.debezium"
    )
    task = {"id": 0, "state": "FAILED", "trace": trace}

    health = _health({"connector": {"state": "RUNNING"}, "tasks": [task]})

    assert health.trace == (
        "DebeziumException: It reads from PostgresOffsetContext […],"
        " but this is no longer available on the server."
    )
