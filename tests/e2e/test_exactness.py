"""Nothing lost, nothing counted twice: replays, crashes and divisions end in the same state."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import numpy as np
import orjson
import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors import identifier_decisions
from connectors.drain import wait_drained
from connectors.events import (
    Authority,
    Decision,
    IdentifierDecided,
    Labelled,
    LinksDecided,
    Origin,
)
from connectors.kafka_client import client_config
from connectors.lag import GROUPS, Offsets
from connectors.load import load
from connectors.profile import hasher_of
from connectors.repartition import COPIED, repartition
from connectors.settings import Settings
from connectors.topics import Topic
from infra.native import stack as native
from ml.bundle import Model
from ml.features.catalog import NAMES
from ml.features.feature import Fact
from ml.policy import combine
from ml.reasons import Reason
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.rescore_all import rescore_all
from stream_processors.scoring.sweep import PAGE
from tests.conftest import running_stack, stack_settings
from tests.e2e.masses import insert_burst
from tests.judgements import decide, some_decisions
from tests.models import publish_small_model
from tests.reading import eventually, read_topic
from tests.traffic import write_traffic
from tests.truth import assert_exact, connect, state_of

RING = "ring-0"
ACCOUNTS = 1_500
WORKERS = ("scoring-0", "scoring-1", "warehouse")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A stack with two scoring workers and a model, into which traffic was loaded."""
    settings = stack_settings(tmp_path_factory.mktemp("exact"), scoring_workers=2)
    publish_small_model(settings.models_dir)
    with running_stack(settings) as ready:
        _load(ready, write_traffic(tmp_path_factory.mktemp("csv"), accounts=ACCOUNTS, seed=1))
        # Strangers will be moved to this device: it is a ring's, whenever it is measured.
        _say(ready, hasher_of(ready)("device", RING), True)
        yield ready


def test_two_workers_end_in_the_state_that_the_pure_core_computes(loaded: Settings) -> None:
    assert_exact(loaded)
    assert state_of(loaded).alerts


def test_replaying_both_groups_from_the_beginning_changes_nothing(loaded: Settings) -> None:
    before = state_of(loaded)
    for worker in WORKERS:
        native.stop_part(loaded, worker)
    for group in GROUPS:
        _rewind(loaded, group)
    for worker in WORKERS:
        native.start_part(loaded, worker)
    wait_drained(loaded)
    assert state_of(loaded) == before
    assert_exact(loaded)


@pytest.mark.parametrize("seed", [2, 3])
def test_killing_workers_while_loading_changes_nothing(
    loaded: Settings, tmp_path: Path, seed: int
) -> None:
    folder = write_traffic(tmp_path, accounts=ACCOUNTS, seed=seed, prefix="k")
    random = Random(seed)
    loading = Thread(target=_load, args=(loaded, folder))
    loading.start()
    for worker in random.sample(WORKERS, len(WORKERS)):
        decide(loaded, some_decisions(loaded, seed, count=20))
        time.sleep(random.uniform(0.1, 0.8))  # a seeded random point of the load, not a wait
        native.kill_part(loaded, worker)
    loading.join()
    wait_drained(loaded)
    assert_exact(loaded)


def test_one_worker_less_changes_nothing(loaded: Settings, tmp_path: Path) -> None:
    native.stop_part(loaded, "scoring-1")
    _load(loaded, write_traffic(tmp_path, accounts=300, seed=4, prefix="o"))
    assert_exact(loaded)
    native.start_part(loaded, "scoring-1")


def test_updates_and_erasures_reach_every_account_they_concern(loaded: Settings) -> None:
    with connect(loaded) as connection:
        connection.execute("UPDATE users SET device_id = %s WHERE user_id LIKE 'u1-%%7'", (RING,))
        connection.execute("UPDATE users SET is_abuser = true WHERE user_id LIKE 'u1-%24'")
        connection.execute("DELETE FROM users WHERE user_id LIKE 'u1-%16'")
        connection.execute("DELETE FROM promo_usages WHERE usage_id % 11 = 0")
        connection.execute("UPDATE promo_usages SET user_id = 'u1-1' WHERE usage_id % 97 = 1")
        lsn = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
    assert lsn is not None
    wait_drained(loaded, lsn[0])
    assert_exact(loaded)


def test_decisions_reach_every_account_they_concern_and_can_be_taken_back(
    loaded: Settings,
) -> None:
    before = {user: risk["score"] for user, risk in state_of(loaded).risks.items()}
    decisions = some_decisions(loaded, seed=5, count=60, like="o4-%")  # nobody decided on them
    decide(loaded, decisions)
    wait_drained(loaded)
    assert_exact(loaded)
    assert {user: risk["score"] for user, risk in state_of(loaded).risks.items()} != before

    decide(loaded, [_taken_back(decision) for decision in decisions])
    wait_drained(loaded)
    assert_exact(loaded)
    assert {user: risk["score"] for user, risk in state_of(loaded).risks.items()} == before


@pytest.mark.parametrize("seed", [8, 9])
def test_killing_workers_while_accounts_are_erased_leaves_no_decision_about_them(
    loaded: Settings, seed: int
) -> None:
    random = Random(seed)
    with connect(loaded) as connection:
        accounts = _users_like(connection, "k%")
        gone = set(random.sample(accounts, len(accounts) // 4))
        decide(loaded, some_decisions(loaded, seed, count=120, like="k%"))
        for worker in random.sample(WORKERS, len(WORKERS)):
            native.kill_part(loaded, worker)
        decide(loaded, some_decisions(loaded, seed + 50, count=40, like="k%"))
        connection.execute("DELETE FROM users WHERE user_id = ANY(%s)", (list(gone),))
        for worker in random.sample(WORKERS, len(WORKERS)):
            native.kill_part(loaded, worker)
        lsn = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
    assert lsn is not None
    wait_drained(loaded, lsn[0])

    decided_on = _decided_on(loaded)
    assert not gone & decided_on
    assert decided_on & set(accounts)
    assert_exact(loaded)


def _users_like(connection: Any, pattern: str) -> list[str]:
    found = connection.execute(
        "SELECT user_id FROM users WHERE user_id LIKE %s ORDER BY user_id", (pattern,)
    )
    return [row[0] for row in found.fetchall()]


def _decided_on(settings: Settings) -> set[str]:
    """The accounts that the newest messages of the topics of decisions are about, or name."""
    newest: dict[tuple[str, bytes], bytes | None] = {}
    for topic in (Topic.LABELS, Topic.LINK_DECISIONS):
        ends = sum(end.end for end in Offsets(settings).ends(topic))
        for message in read_topic(settings, topic, lambda got, n=ends: len(got) >= n, 60):  # type: ignore[misc]
            newest[topic, message.key() or b""] = message.value()
    documents = [orjson.loads(value) for value in newest.values() if value is not None]
    named = {link["other_user_id"] for one in documents for link in one.get("ignored", ())}
    return named | {one["user_id"] for one in documents}


def test_swapping_the_model_under_load_loses_nothing_and_mixes_no_bundles(
    loaded: Settings, tmp_path: Path
) -> None:
    folder = write_traffic(tmp_path, accounts=ACCOUNTS, seed=6, prefix="s")
    loading = Thread(target=_load, args=(loaded, folder))
    loading.start()
    bundles = {}
    for number in range(1, 5):
        seen = _scores_published(loaded)
        bundle = publish_small_model(loaded.models_dir, f"swap-{number}", number, number / 1_000)
        bundles[bundle.version] = Model(bundle)
        eventually(partial(_further_scores, loaded, seen + 50), "fifty further scores")
    loading.join()

    scores = [document for document in _scores(loaded) if document["model_version"] in bundles]
    assert len({document["model_version"] for document in scores}) > 2
    for document in scores:
        assert_made_by(bundles[document["model_version"]], document)
    rescore_all(loaded)
    assert_exact(loaded)


def test_topics_made_anew_with_more_partitions_change_nothing(
    loaded: Settings, tmp_path: Path
) -> None:
    before = state_of(loaded)
    everything = ("api", "monitor", *WORKERS, "connect")
    for part in everything:
        native.stop_part(loaded, part)

    repartition(loaded, 6, tmp_path / "copies")

    for part in reversed(everything):
        native.start_part(loaded, part)
    assert state_of(loaded) == before
    with connect(loaded) as connection:
        connection.execute("DELETE FROM users WHERE user_id LIKE 'u1-%19'")
    _load(loaded, write_traffic(tmp_path, accounts=300, seed=7, prefix="w"))
    assert {len(Offsets(loaded).ends(topic)) for topic in COPIED} == {6}
    assert_exact(loaded)


def assert_made_by(model: Model, document: Mapping[str, Any]) -> None:
    """Assert that a score follows from its vector and its rules by one bundle, and by no other."""
    features = document["features"]
    vector = np.array([[np.nan if features[n] is None else features[n] for n in NAMES]])
    rules = [
        Reason(reason["code"], "", reason["contribution"])
        for reason in document["reasons"]
        if reason["code"].startswith("rule.")
    ]
    (probability,) = model.probabilities(vector)
    assert document["score"] == combine(model.bundle.thresholds.score(float(probability)), rules)
    shares = set(model.bundle.common.shares[Fact.PHONE_SHAPE].values())
    assert features["phone_shape_share"] in {None, 0.0} | shares


def _scores(settings: Settings) -> list[dict[str, Any]]:
    """Every score that lies in the topic."""
    ends = _scores_published(settings)
    messages = read_topic(settings, Topic.RISK_SCORES, lambda got: len(got) >= ends, 60)
    return [orjson.loads(value) for message in messages if (value := message.value()) is not None]


def _further_scores(settings: Settings, than: int) -> bool:
    return _scores_published(settings) > than


def _scores_published(settings: Settings) -> int:
    return sum(end.end for end in Offsets(settings).ends(Topic.RISK_SCORES))


def _taken_back(decision: Decision) -> Decision:
    later = Origin(decision.origin.version + 1_000_000, 0)
    if isinstance(decision, Labelled):
        return Labelled(decision.user_id, None, later)
    return LinksDecided(decision.user_id, (), later)


def _load(settings: Settings, folder: Path) -> None:
    wait_drained(settings, load(settings, folder).lsn)


def _rewind(settings: Settings, group: str) -> None:
    """Set a group that has no members back to the beginning of its topics."""
    admin = AdminClient(client_config(settings))
    partitions = [
        TopicPartition(topic.value, partition, 0)
        for topic in GROUPS[group]
        for partition in range(settings.kafka_partitions)
        if partition == 0 or topic.value != "promo.dead_letter"
    ]
    request = [ConsumerGroupTopicPartitions(group, partitions)]

    def rewound() -> bool:
        try:
            admin.alter_consumer_group_offsets(request)[group].result()
        except KafkaException:
            return False
        return True

    eventually(rewound, f"group {group} has no members left", timeout_s=30)


def test_killing_workers_in_the_middle_of_a_sweep_changes_nothing(loaded: Settings) -> None:
    users = insert_burst(loaded, "swept", "swept-sdk")
    _drain(loaded)
    hashed = hasher_of(loaded)("device", "swept-sdk")
    swept = sum(end.end for end in Offsets(loaded).ends(Topic.SWEEPS))
    _say(loaded, hashed, False)
    eventually(
        lambda: sum(end.end for end in Offsets(loaded).ends(Topic.SWEEPS)) >= swept + 3,
        "a third page of the sweep",
        timeout_s=60,
    )
    for worker in WORKERS:
        native.kill_part(loaded, worker)
    wait_drained(loaded)
    assert_exact(loaded)
    assert not _denied(loaded, users)
    pages = sum(end.end for end in Offsets(loaded).ends(Topic.SWEEPS)) - swept
    assert pages >= len(users) // PAGE

    _say(loaded, hashed, True)
    wait_drained(loaded)
    assert_exact(loaded)
    assert len(_denied(loaded, users)) > len(users) // 2


def _say(settings: Settings, hashed: str, identifies: bool | None) -> None:
    at_us = time.time_ns() // 1_000
    said = IdentifierDecided("device", hashed, Authority.ANALYST, identifies, Origin(at_us, at_us))
    message = Outgoing(
        Topic.IDENTIFIER_DECISIONS,
        identifier_decisions.key(said),
        identifier_decisions.encode(said),
    )
    with Delivery(settings, "tests-words") as delivery:
        asyncio.run(delivery.deliver([message]))


def _drain(settings: Settings) -> None:
    with connect(settings) as connection:
        lsn = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
    assert lsn is not None
    wait_drained(settings, lsn[0])


def _denied(settings: Settings, users: list[str]) -> list[str]:
    risks = state_of(settings).risks
    return [user for user in users if risks[user]["action"] == "deny"]
