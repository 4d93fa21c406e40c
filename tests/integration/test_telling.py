"""A command tells the audit topic, or says that it could not."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from connectors.audit import Action, AuditEntry
from connectors.errors import DependencyDown
from connectors.settings import Settings
from connectors.telling import tell
from connectors.topics import Topic
from tests.conftest import stack_settings
from tests.reading import read_topic

ENTRY = AuditEntry(
    Action.LOAD, "told", 7, "operator", "", {"files": {"users.csv": {"rejected": 3}}}
)


def test_an_entry_is_in_the_topic_once_it_is_told(partial_stack: Callable[..., Settings]) -> None:
    settings = partial_stack("topics")

    tell(settings, ENTRY)

    found = read_topic(settings, Topic.AUDIT, lambda all_: any(m.key() == b"told" for m in all_))
    (value,) = [message.value() for message in found if message.key() == b"told"]
    message = orjson.loads(value or b"")
    assert (message["action"], message["subject"]) == ("load", "told")
    assert message["detail"] == ENTRY.detail


def test_a_broker_that_is_away_is_named_with_what_it_did_not_take(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, kafka_operator_password="4-broker-that-is-away")
    with pytest.raises(
        DependencyDown, match=rf"{settings.kafka_bootstrap}.* audit entry of this load"
    ):
        tell(settings, ENTRY, timeout_s=0.5)
