"""A hundred of ten thousand accounts are erased: nothing finds them, and those they knew are free.

Half of them by the API, half by a statement in PostgreSQL. Kafka's and ClickHouse's delays are
lowered first; everything else is as it runs.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from api.schemas.erasure import Erasure
from connectors.drain import wait_drained
from connectors.kafka_client import client_config
from connectors.rolling import close_quiet_segments
from connectors.settings import Settings
from connectors.topics import Topic, is_compacted
from infra.native.layout import layout_of
from ml.parity.__main__ import parity
from tests.conftest import running_stack, stack_settings
from tests.e2e import searching
from tests.e2e.crowd import CODE, DIGESTS, IDS, VALUES, Person, Role, load_crowd, people
from tests.e2e.pipeline import Pipeline, linked
from tests.integration.api_client import caller
from tests.reading import eventually
from tests.truth import assert_exact, connect

pytestmark = pytest.mark.timeout(240)

AT_ONCE = {"segment.ms": "100", "file.delete.delay.ms": "0"}
COMPACTED_AT_ONCE = {
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "1",
    "delete.retention.ms": "0",
    "min.cleanable.dirty.ratio": "0.0",
}
DELETED_AT_ONCE = {"retention.ms": "1"}

TABLES = ("users", "promo_usages", "risk_scores", "abuse_alerts", "labels", "link_decisions")


@dataclass(frozen=True)
class Story:
    """What happened.

    Attributes:
        settings: of the stack that it happened in.
        hundred: who was erased.
        before: the risks of those who stay, by account, before.
        receipts: of those who were erased by the API.
    """

    settings: Settings
    hundred: list[Person]
    before: dict[str, dict[str, Any]]
    receipts: dict[str, str]

    def digests(self) -> set[bytes]:
        hashed = Pipeline(self.settings).hashed
        return set().union(*(person.digests(hashed) for person in self.hundred))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Everybody signs up, analysts decide, and a hundred accounts are erased."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("erasure"))) as settings:
        searching.forget_old_parts_at_once(settings, TABLES)
        hundred = people()
        with connect(settings) as shop:
            load_crowd(shop, hundred)
            _drained(settings, shop)
            _decide(settings, hundred)
            wait_drained(settings, timeout_s=60)
            before = _risks(settings, hundred)
            assert _is_findable(settings, hundred)
            receipts = _erase(settings, hundred[::2])
            directly = [person.user_id for person in hundred[1::2]]
            shop.execute("DELETE FROM users WHERE user_id = ANY(%s)", (directly,))
            _drained(settings, shop)
        yield Story(settings, hundred, before, receipts)


def _drained(settings: Settings, shop: Any) -> None:
    (lsn,) = shop.execute("SELECT pg_current_wal_lsn()::text").fetchone()
    wait_drained(settings, lsn, timeout_s=120)


def _decide(settings: Settings, hundred: list[Person]) -> None:
    """Labels of a third, and links declared false from either side, beside one that stays."""
    with caller(settings) as api:
        for person in hundred[::3]:
            path = f"/v1/users/{quote(person.user_id, safe='')}/label"
            _accepted(api.post(path, json={"label": "abuser", "note": "a chargeback"}))
        for person in hundred:
            if person.role is Role.RING:
                friend, other, third = person.linked
                for one, two in ((person.user_id, friend), (other, person.user_id), (other, third)):
                    body = {"user_id": one, "other_user_id": two, "through": "ip"}
                    _accepted(api.post("/v1/links/ignore", json=body))


def _accepted(answer: httpx.Response) -> None:
    assert answer.status_code == 202, answer.text


def _erase(settings: Settings, some: Iterable[Person]) -> dict[str, str]:
    receipts = {}
    with caller(settings) as api:
        for person in some:
            answer = api.delete(f"/v1/users/{quote(person.user_id, safe='')}")
            _accepted(answer)
            receipts[person.user_id] = answer.json()["receipt_id"]
    return receipts


def _risks(settings: Settings, hundred: list[Person]) -> dict[str, dict[str, Any]]:
    pipeline = Pipeline(settings)
    found = {user: pipeline.risk(user) for person in hundred for user in person.linked}
    return {user: risk for user, risk in found.items() if risk is not None}


def _is_findable(settings: Settings, hundred: list[Person]) -> bool:
    """Whether the searches below find what is there."""
    ids = {IDS.search(person.user_id.encode()) for person in hundred}
    kept = dict(searching.in_redis(settings))
    assert len({found[0] for text in kept.values() for found in IDS.finditer(text)}) == len(ids)
    text = orjson.dumps(list(searching.in_clickhouse(settings)))
    digests = set(DIGESTS.findall(text))
    hashed = Pipeline(settings).hashed
    assert all(person.digests(hashed) <= digests for person in hundred)
    return bool(VALUES.search(b"".join(text for _, text in searching.in_kafka(settings))))


def test_those_who_were_linked_with_them_are_scored_again_without_them(story: Story) -> None:
    gone = {person.user_id for person in story.hundred}
    after = _risks(story.settings, story.hundred)
    assert after.keys() == story.before.keys()
    assert {user for user, risk in story.before.items() if linked(risk) & gone}
    for person in story.hundred:
        for user in person.linked:
            assert not linked(after[user]) & gone
        if person.role is Role.PAIR:
            (user,) = person.linked
            assert after[user]["score"] < story.before[user]["score"]
            assert after[user]["features"]["device_closeness"] == 0


def test_every_place_agrees_with_the_pure_core_and_every_vector_can_be_recomputed(
    story: Story,
) -> None:
    assert_exact(story.settings)
    found = parity(story.settings)
    assert found.holds, (found.differences[:3], found.unexplained[:3], found.orphans[:3])


def test_every_receipt_says_that_the_stores_are_done(story: Story) -> None:
    with caller(story.settings) as api:

        def done(receipt_id: str) -> bool:
            places = Erasure.model_validate_json(
                api.get(f"/v1/erasures/{receipt_id}").content
            ).places
            return {places.postgresql.state, places.redis.state, places.clickhouse.state} == {
                "done"
            }

        for user, receipt_id in story.receipts.items():
            eventually(lambda one=receipt_id: done(one), f"all stores forgot {user}")  # type: ignore[misc]


def test_redis_has_their_ids_in_markers_alone(story: Story) -> None:
    searching.rewrite_the_append_only_file(story.settings)
    digests, markers = story.digests(), set()
    for key, content in searching.in_redis(story.settings):
        assert not VALUES.search(content), key
        assert not digests & set(DIGESTS.findall(content)), key
        if IDS.search(content):
            assert key.startswith("a:"), key
            markers.add(key.removeprefix("a:"))
            # The id is the key's name; the versions and moments are numbers.
            assert not IDS.search(content.split(b"\n", 1)[1]), key
    assert markers == {person.user_id for person in story.hundred}

    for name, content in searching.files(layout_of(story.settings).data / "redis"):
        assert not VALUES.search(content), name
        assert not digests & set(DIGESTS.findall(content)), name


def test_clickhouse_has_their_identity_and_version_alone(story: Story) -> None:
    eventually(
        lambda: searching.old_parts(story.settings, TABLES) == 0, "old parts left", timeout_s=60
    )
    digests, ids = story.digests(), {person.user_id for person in story.hundred}
    kept: dict[str, set[str]] = {}
    for table, row in searching.in_clickhouse(story.settings):
        text = orjson.dumps(row)
        assert not VALUES.search(text), (table, row)
        assert not digests & set(DIGESTS.findall(text)), (table, row)
        if IDS.search(text):
            kept.setdefault(table, set()).add(row.get("user_id", ""))
            assert _names_nothing_but_an_id(table, row, ids), (table, row)
    assert kept.keys() == {"users", "abuse_alerts", "audit_log"}
    assert kept["users"] == ids

    for name, content in searching.files(story.settings.state_dir / "clickhouse"):
        assert not VALUES.search(content), name
        assert not digests & set(DIGESTS.findall(content)), name


def _names_nothing_but_an_id(table: str, row: dict[str, Any], ids: set[str]) -> bool:
    match table:
        case "users":
            filled = {name for name, value in row.items() if value is not None and value != []}
            marker = {"user_id", "version", "is_deleted", "committed_at", "hour"}
            return row["user_id"] in ids and filled == marker and row["hour"] == 0
        case "abuse_alerts":
            said = (row["status"], row["reasons"], row["evidence"], row["score"])
            return row["user_id"] in ids and said == ("cleared", "[]", "[]", 0)
        case "audit_log":
            return row["subject"] in ids or row["action"] == "link"
        case _:
            return False


def test_kafka_has_their_ids_in_the_audit_alone_once_it_has_compacted(story: Story) -> None:
    _lower_delays(story.settings)
    data = layout_of(story.settings).data / "kafka"
    digests = story.digests()

    def left() -> set[str]:
        # A segment is closed by the next message, and a tombstone goes a round after its victims.
        close_quiet_segments(story.settings, quiet_ms=0)
        found = {topic.value for topic, text in searching.in_kafka(story.settings) if names(text)}
        # An index holds numbers alone, and megabytes of nothing.
        segments = searching.files(data, but="*index")
        raw = {Path(name).parts[0] for name, text in segments if names(text)}
        return found | {folder.rsplit("-", 1)[0] for folder in raw}

    def names(text: bytes) -> bool:
        return bool(IDS.search(text) or VALUES.search(text) or digests & set(DIGESTS.findall(text)))

    seen: list[set[str]] = []

    def gone() -> bool:
        seen.append(left())
        return seen[-1] <= {Topic.AUDIT.value}

    try:
        eventually(gone, "Kafka forgot them", timeout_s=120)
    except TimeoutError as error:
        raise AssertionError(f"{error}; last seen in {seen[-1]}") from None

    for topic, text in searching.in_kafka(story.settings):
        if topic is Topic.AUDIT:
            assert not VALUES.search(text)
            assert not digests & set(DIGESTS.findall(text))


def _lower_delays(settings: Settings) -> None:
    """As an operator would who cannot wait. The audit is kept on purpose."""
    admin = AdminClient(client_config(settings))
    changes = []
    for topic in Topic:
        if topic is not Topic.AUDIT:
            ends = COMPACTED_AT_ONCE if is_compacted(topic) else DELETED_AT_ONCE
            entries = [
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in {**AT_ONCE, **ends}.items()
            ]
            changes.append(
                ConfigResource(ResourceType.TOPIC, topic.value, incremental_configs=entries)
            )
    look = ConfigEntry("log.cleaner.backoff.ms", "200", incremental_operation=AlterConfigOpType.SET)
    changes.append(ConfigResource(ResourceType.BROKER, "1", incremental_configs=[look]))
    for future in admin.incremental_alter_configs(changes).values():
        future.result()


def test_no_log_names_them(story: Story) -> None:
    digests = story.digests()
    for name, content in searching.files(layout_of(story.settings).logs):
        for pattern in (IDS, VALUES, re.compile(CODE.encode())):
            assert not pattern.search(content), (name, pattern.search(content))
        assert not digests & set(DIGESTS.findall(content)), name


def test_who_signs_up_again_begins_anew(story: Story) -> None:
    pipeline, person = Pipeline(story.settings), story.hundred[0]
    pipeline.sign_up(person.user_id, email="new@example.org")
    risk = pipeline.risk_when(person.user_id, redemptions=0)
    assert not linked(risk)
    pipeline.drained()
    with caller(story.settings) as api:
        answer = api.get(f"/v1/erasures/{story.receipts[person.user_id]}")
        places = Erasure.model_validate_json(answer.content).places
    assert (places.redis.state, places.clickhouse.state) == ("done", "done")
