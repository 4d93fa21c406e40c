"""Waiting for the stream: against a real slot, real topics and real consumer groups."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.debezium.slot import SLOT
from connectors.drain import SLOT_LAG_SQL, STAGES, DrainProgress, wait_drained
from connectors.errors import DrainStalled
from connectors.kafka_client import client_config
from connectors.lag import GROUPS, Offsets, lag
from connectors.load import load
from connectors.loading.write import current_lsn
from connectors.settings import Settings
from connectors.source.session import open_session
from connectors.topics import SCORING_GROUP, WAREHOUSE_GROUP, Topic
from infra.native import stack as native
from tests.reading import eventually

USERS = 200


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    """PostgreSQL, Kafka and Connect with the connector; nobody consumes."""
    return partial_stack("connector")


@pytest.fixture
def loaded(settings: Settings, tmp_path: Path) -> Iterator[str]:
    """The log position after some registrations; they are deleted again afterwards."""
    lines = [f"{tmp_path.name}-{n},2023-01-01 {n % 24}:00:00" for n in range(USERS)]
    (tmp_path / "users.csv").write_text("\n".join(["user_id,created_at", *lines]))
    yield load(settings.model_copy(update={"state_dir": tmp_path}), tmp_path).lsn
    with open_session(settings, "tests") as session:
        session.execute("DELETE FROM users WHERE starts_with(user_id, $1)", (tmp_path.name,))
        deleted = current_lsn(session)
    wait_for_debezium(settings, deleted)
    consume_everything(settings)


def consume(settings: Settings, group: str, topics: Iterable[Topic]) -> None:
    """Commit the ends of topics, as a worker that has consumed them does."""
    offsets = Offsets(settings)
    ends = [
        TopicPartition(topic.value, partition, known.end)
        for topic in topics
        for partition, known in enumerate(offsets.ends(topic))
        if known.end
    ]
    consumer = Consumer({**client_config(settings), "group.id": group})
    try:
        if ends:
            consumer.commit(offsets=ends, asynchronous=False)
    finally:
        consumer.close()


def consume_everything(settings: Settings) -> None:
    for group, topics in GROUPS.items():
        consume(settings, group, topics)


def test_a_drain_returns_once_every_group_has_consumed_everything(
    settings: Settings, loaded: str
) -> None:
    seen: list[DrainProgress] = []
    with ThreadPoolExecutor(1) as pool:
        drain = pool.submit(wait_drained, settings, loaded, 60, seen.append)
        eventually(lambda: any(p.stage == "sources" for p in seen), "Debezium has confirmed")
        assert not drain.done()
        assert max(p.lag for p in seen if p.stage == "sources") >= 2 * USERS
        consume_everything(settings)
        drain.result(timeout=30)

    stages = list(dict.fromkeys(p.stage for p in seen))
    assert stages == ["debezium", *(stage for stage, _ in STAGES)]
    assert seen[-1].lag == 0
    assert set(lag(settings).values()) == {0}


def test_a_stall_names_the_group_the_topic_and_the_lag(settings: Settings, loaded: str) -> None:
    wait_for_debezium(settings, loaded)
    consume_everything(settings)
    produce(settings, Topic.ABUSE_ALERTS, 3)
    consume(settings, SCORING_GROUP, GROUPS[SCORING_GROUP])

    with pytest.raises(DrainStalled) as stalled:
        wait_drained(settings, loaded, stall_s=1)

    assert f"group {WAREHOUSE_GROUP} is 3 messages behind on promo.abuse_alerts" in str(
        stalled.value
    )


def wait_for_debezium(settings: Settings, lsn: str) -> None:
    with open_session(settings, "tests") as session:
        question = SLOT_LAG_SQL.read_bytes()
        eventually(
            lambda: session.execute(question, (lsn, SLOT)).fetchone() == (0,),
            "Debezium has confirmed",
        )


def test_a_stalled_debezium_is_named(settings: Settings) -> None:
    with pytest.raises(DrainStalled, match=r"Debezium's slot promo is \d+ bytes before FF/0"):
        wait_drained(settings, "FF/0", stall_s=0.2)  # heartbeats move the slot once a second


@pytest.mark.timeout(240)
def test_a_drain_after_a_restart_ends_though_nothing_is_written(
    own_stack: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = own_stack("connector")
    (tmp_path / "users.csv").write_text("user_id,created_at\nanna,2023-01-01\n")
    wait_for_debezium(settings, load(settings, tmp_path).lsn)
    native.down(settings)
    native.up(settings, parts=["connector"])

    summary = load(settings, tmp_path)

    assert summary.accepted == 0
    with pytest.raises(_Confirmed):
        wait_drained(settings, summary.lsn, timeout_s=60, on_progress=_stop_after_debezium)


class _Confirmed(Exception):
    pass


def _stop_after_debezium(progress: DrainProgress) -> None:
    if progress.stage != "debezium":
        raise _Confirmed


def test_there_is_an_end_to_patience(settings: Settings, loaded: str) -> None:
    wait_for_debezium(settings, loaded)

    with pytest.raises(DrainStalled, match="not drained in time"):
        wait_drained(settings, loaded, timeout_s=0.5)


def test_offsets_without_records_do_not_hold_a_drain_up(settings: Settings) -> None:
    """A transaction's marker stands for what compaction leaves: an end beyond the last record."""
    consume_everything(settings)
    partition, start = 0, Offsets(settings).ends(Topic.RESCORE)[0].end
    produce(settings, Topic.RESCORE, 1, transaction="tests-drain")
    # The marker comes when the transaction has ended already.
    eventually(lambda: Offsets(settings).ends(Topic.RESCORE)[0].end == start + 2, "record, marker")
    commit(settings, SCORING_GROUP, TopicPartition(Topic.RESCORE.value, partition, start + 1))

    wait_drained(settings, timeout_s=30)

    assert lag(settings)[SCORING_GROUP, Topic.RESCORE.value, partition] == 1
    consume_everything(settings)


def test_partitions_that_were_never_written_have_no_lag(settings: Settings) -> None:
    labels = {
        position: count
        for position, count in lag(settings).items()
        if position[1] == Topic.RISK_SCORES.value
    }

    assert set(labels.values()) == {0}
    assert len(labels) == settings.kafka_partitions


def produce(settings: Settings, topic: Topic, count: int, transaction: str | None = None) -> None:
    config = {**client_config(settings)}
    if transaction:
        config["transactional.id"] = transaction
    producer = Producer(config)
    if transaction:
        producer.init_transactions()
        producer.begin_transaction()
    for _ in range(count):
        producer.produce(topic.value, b"{}", b"key", 0)
    if transaction:
        producer.commit_transaction()
    assert producer.flush(10) == 0


def commit(settings: Settings, group: str, offset: TopicPartition) -> None:
    consumer = Consumer({**client_config(settings), "group.id": group})
    try:
        consumer.commit(offsets=[offset], asynchronous=False)
    finally:
        consumer.close()
