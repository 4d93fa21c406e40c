"""Whatever others write into a topic is worked on, or set aside; no worker ends over it."""

from hypothesis import given, settings

from connectors.topics import Topic
from stream_processors.feature_store.wire import question
from stream_processors.intake import Message
from stream_processors.scoring import rescore
from stream_processors.scoring.plan import plan, requests
from stream_processors.warehouse_sink.block import block
from stream_processors.warehouse_sink.waiting import waited_s
from tests.foreign_messages import foreign_messages
from tests.unit.connectors.envelopes import HASHED

READ_BY_SCORING = {
    Topic.USERS, Topic.PROMO_CODES, Topic.PROMO_USAGES, Topic.LABELS, Topic.LINK_DECISIONS,
    Topic.RESCORE,
}  # fmt: skip


@settings(max_examples=150)
@given(foreign_messages())
def test_the_warehouse_worker_makes_a_row_or_sets_it_aside(message: Message) -> None:
    if message.topic == Topic.RESCORE:
        return
    made = block([message], HASHED)
    made.in_question()
    made.settle({})
    waited_s(made.rows, 1)


@settings(max_examples=150)
@given(foreign_messages())
def test_the_scoring_worker_makes_a_change_or_sets_it_aside(message: Message) -> None:
    if message.topic not in READ_BY_SCORING:
        return
    made = plan([message], HASHED)
    question(made.changes, list(made.subjects), "token")
    for request in [*made.subjects.values(), *requests(made, [])]:
        rescore.encode(request)
