"""What must be true of a running stack, computed from PostgreSQL's rows by the pure core alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

import orjson
import psycopg
from confluent_kafka import Message
from redis import Redis

from connectors import decisions, identifier_decisions
from connectors.columns import microseconds
from connectors.events import (
    CodeDefined,
    Decision,
    Forgotten,
    IdentifierDecided,
    Origin,
    Redeemed,
    Registered,
    Tombstone,
)
from connectors.lag import Offsets
from connectors.profile import hasher_of, profile
from connectors.settings import Settings, required
from connectors.topics import Topic
from ml.memory_store import MemoryStore
from ml.policy_file import load_policy
from ml.scorer import Risk, score
from stream_processors.scoring.documents import score_document
from stream_processors.scoring.rescore import Trigger
from stream_processors.scoring.running_judge import RunningJudge
from tests.reading import headers_of, read_topic
from warehouse.client import reader

VERDICT = (
    "user_id", "score", "level", "action", "reasons", "model_version", "features", "shadow",
    "event_time",
)  # fmt: skip


@dataclass(frozen=True)
class State:
    """Everything that a replay, a crash or another division of partitions must not change.

    ``rows`` counts source rows by table; ``risks`` holds each account's latest verdict;
    ``alerts`` the ids of alerts that stand.
    """

    rows: Mapping[str, int]
    risks: Mapping[str, Any]
    alerts: frozenset[str]


def expected_risks(settings: Settings) -> dict[str, Any]:
    """Each account's verdict by the pure core, from PostgreSQL's rows and analysts' decisions."""
    store = MemoryStore()
    store.apply(_events(settings))
    store.apply(_decisions(settings))
    judge = RunningJudge(settings.models_dir, load_policy(settings.policy_file)).current()
    with connect(settings) as connection:
        users = [row[0] for row in connection.execute("SELECT user_id FROM users")]
    known = [n for user in users if (n := store.neighbourhood(user)) is not None]
    return {risk.user_id: verdict(document_of(risk)) for risk in score(known, judge)}


def document_of(risk: Risk) -> dict[str, Any]:
    """A risk as it would be read back from a topic."""
    document = score_document(risk, replaces=None, revision=1, trigger=Trigger.RESCORE)
    return dict(orjson.loads(orjson.dumps(document)))


def verdict(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a published score that are a function of current rows."""
    return {name: document[name] for name in VERDICT}


def risks_in_redis(settings: Settings) -> dict[str, Any]:
    """Each account's latest document in Redis."""
    redis = Redis(
        port=settings.redis_port, password=required(settings.redis_password, "redis_password")
    )
    documents = {}
    for key in redis.scan_iter("risk:*", count=1_000):
        document = redis.hget(key, "document")
        documents[key.decode().removeprefix("risk:")] = orjson.loads(document or b"null")
    redis.close()
    return documents


def risks_in_topic(settings: Settings) -> dict[str, Any]:
    """Each account's newest document in the compacted topic; erased accounts are not in it."""
    newest: dict[str, Any] = {}
    for message in _whole(settings, Topic.RISK_SCORES):
        user, value = (message.key() or b"").decode("utf-8", "replace"), message.value()
        if value is None:
            newest.pop(user, None)
        else:
            newest[user] = orjson.loads(value)
    return newest


def risks_in_clickhouse(settings: Settings) -> dict[str, Any]:
    """Each account's newest score in ClickHouse: revision, score and level."""
    client = reader(settings)
    found = client.query(
        "SELECT user_id, max(revision), argMax(score, revision), argMax(level, revision)"
        " FROM risk_scores FINAL GROUP BY user_id"
    )
    return {user: (revision, score, level) for user, revision, score, level in found.result_rows}


def rows_in_clickhouse(settings: Settings) -> dict[str, int]:
    """Rows of the source tables by FINAL."""
    client = reader(settings)
    tables = ("users", "promo_codes", "promo_usages")
    return {t: client.query(f"SELECT count() FROM {t} FINAL").result_rows[0][0] for t in tables}


def rows_in_postgres(settings: Settings) -> dict[str, int]:
    """Rows of the source tables."""
    tables = ("users", "promo_codes", "promo_usages")
    counts = {}
    with connect(settings) as connection:
        for table in tables:
            row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert row is not None
            counts[table] = row[0]
    return counts


def standing_alerts(settings: Settings) -> frozenset[str]:
    """Ids of the alerts whose newest revision is not cleared."""
    found = reader(settings).query(
        "SELECT toString(alert_id) FROM abuse_alerts FINAL GROUP BY alert_id"
        " HAVING argMax(status, revision) != 'cleared'"
    )
    return frozenset(row[0] for row in found.result_rows)


def state_of(settings: Settings) -> State:
    """The state of a drained stack."""
    risks = {user: verdict(document) for user, document in risks_in_redis(settings).items()}
    return State(rows_in_clickhouse(settings), risks, standing_alerts(settings))


def assert_exact(settings: Settings) -> None:
    """Assert that a drained stack says what the pure core says, in all places alike."""
    assert rows_in_clickhouse(settings) == rows_in_postgres(settings)
    documents = risks_in_redis(settings)
    expected = expected_risks(settings)
    assert documents.keys() == expected.keys()
    wrong = [user for user in expected if verdict(documents[user]) != expected[user]]
    assert not wrong, (len(wrong), expected[wrong[0]], documents[wrong[0]])
    topic = risks_in_topic(settings)
    assert topic == documents
    in_clickhouse = {u: (d["revision"], d["score"], d["level"]) for u, d in documents.items()}
    assert risks_in_clickhouse(settings) == in_clickhouse


def connect(settings: Settings) -> psycopg.Connection[Any]:
    """A session on the source database as the application's role."""
    return psycopg.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        dbname=settings.postgres_database,
        user=settings.postgres_user,
        password=required(settings.postgres_password, "postgres_password"),
        autocommit=True,
    )


def _events(settings: Settings) -> Iterator[Registered | Redeemed | CodeDefined]:
    hashed = hasher_of(settings)
    origin = Origin(1, 0)
    with connect(settings) as connection:
        users = connection.cursor(row_factory=psycopg.rows.dict_row).execute("SELECT * FROM users")
        for row in users:
            yield Registered(profile(_debezium(row), hashed), row["is_abuser"], origin)
        for usage_id, user, code, at, used in connection.execute(
            "SELECT usage_id, user_id, promo_code, used_at, used_promo FROM promo_usages"
        ):
            yield Redeemed(usage_id, user, code, microseconds(at), used, origin)
        for code, kind, value, least in connection.execute("SELECT * FROM promo_codes"):
            yield CodeDefined(code, kind, value, least, origin)


def _decisions(settings: Settings) -> Iterator[Decision | Forgotten | IdentifierDecided]:
    for topic in (Topic.LABELS, Topic.LINK_DECISIONS):
        for message in _whole(settings, topic):
            said = (message.key(), message.value(), headers_of(message))
            decision = decisions.decode(topic, *said)
            if not isinstance(decision, Tombstone):
                yield decision
    for message in _whole(settings, Topic.IDENTIFIER_DECISIONS):
        word = identifier_decisions.decode(message.key(), message.value())
        if not isinstance(word, Tombstone):
            yield word


def _whole(settings: Settings, topic: Topic) -> list[Message]:
    ends = sum(end.end for end in Offsets(settings).ends(topic))
    return read_topic(settings, topic, lambda got: len(got) >= ends, 60)


def _debezium(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as Debezium writes it."""
    plain = dict(row)
    plain["created_at"] = row["created_at"].astimezone(UTC).isoformat()
    if row["dob"] is not None:
        plain["dob"] = (row["dob"] - date(1970, 1, 1)).days
    return plain
