"""When a risk is news, and that a crash between keeping and delivering loses none."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson

from connectors.topics import Topic
from ml.policy import Value
from ml.rules.rule import Mode
from ml.scorer import Risk, Shadow
from stream_processors.feature_store.redis_store import NewRisk
from stream_processors.feature_store.wire import LatestRisk
from stream_processors.scoring.documents import Status
from stream_processors.scoring.publication import Publication, publication, retirement
from stream_processors.scoring.rescore import RescoreRequest, Trigger
from tests.warehouse_rows import risky

LOW = risky(others=0)
HIGH = risky(others=2)
REQUEST = RescoreRequest(LOW.user_id, Trigger.REGISTRATION, 0)


def publish(
    risk: Risk, latest: LatestRisk | None = None, *, now_us: int = 100, anyway: bool = False
) -> Publication | None:
    return publication(replace(REQUEST, publish_anyway=anyway), latest, risk, now_us)


def news(risk: Risk, latest: LatestRisk | None = None, **more: Any) -> Publication:
    found = publish(risk, latest, **more)
    assert found is not None
    return found


def kept(risk: NewRisk, *, undelivered: bool = False) -> LatestRisk:
    """What the store answers about a risk that it keeps."""
    return LatestRisk(risk.revision, risk.replaces, risk.digest, risk.alert, undelivered)


def document(found: Publication, topic: Topic) -> dict[str, Any]:
    (message,) = [message for message in found.messages if message.topic == topic]
    return dict(orjson.loads(message.value or b""))


def topics(found: Publication) -> list[str]:
    return [message.topic for message in found.messages]


def test_a_first_risk_is_published_and_a_low_one_raises_no_alert() -> None:
    first = news(LOW)
    assert topics(first) == [Topic.RISK_SCORES]
    assert (first.kept.revision, first.kept.replaces, first.status) == (100, None, None)


def test_an_unchanged_risk_is_not_published_again() -> None:
    latest = kept(news(HIGH).kept)
    assert publish(HIGH, latest) is None


def test_a_changed_risk_replaces_the_one_before_and_grows_though_the_clock_stands() -> None:
    first = news(LOW)
    second = news(HIGH, kept(first.kept), now_us=100)
    assert (second.kept.revision, second.kept.replaces) == (101, 100)
    assert second.kept.compared_with == 100
    assert second.status is Status.OPEN


def test_an_undelivered_risk_is_published_again_as_the_same_scoring() -> None:
    first = news(HIGH)
    again = news(HIGH, kept(first.kept, undelivered=True), now_us=500)
    assert topics(again) == [Topic.RISK_SCORES, Topic.ABUSE_ALERTS]
    one, other = document(first, Topic.RISK_SCORES), document(again, Topic.RISK_SCORES)
    assert one["event_id"] == other["event_id"]
    assert other["revision"] > one["revision"]


def test_an_undelivered_alert_is_cleared_when_the_risk_is_gone_by_then() -> None:
    latest = kept(news(HIGH).kept, undelivered=True)
    assert news(LOW, latest).status is Status.CLEARED


def test_an_undelivered_first_risk_that_is_low_raises_no_alert_either() -> None:
    latest = kept(news(LOW).kept, undelivered=True)
    assert topics(news(LOW, latest)) == [Topic.RISK_SCORES]


def test_a_request_to_publish_anyway_publishes_what_did_not_change() -> None:
    latest = kept(news(HIGH).kept)
    assert topics(news(HIGH, latest, anyway=True)) == [Topic.RISK_SCORES, Topic.ABUSE_ALERTS]


def test_an_alert_with_news_of_its_own_leaves_the_score_as_it_is() -> None:
    latest = kept(news(HIGH).kept)
    worth_more = news(replace(HIGH, value=Value(Decimal(9), is_lower_bound=False)), latest)
    assert topics(worth_more) == [Topic.ABUSE_ALERTS]
    assert (worth_more.kept.revision, worth_more.kept.document) == (latest.revision, "")
    assert document(worth_more, Topic.ABUSE_ALERTS)["revision"] > latest.revision


def test_an_erased_account_ends_in_a_tombstone_and_its_standing_alert_is_cleared() -> None:
    ended = retirement("u1", kept(news(HIGH).kept), now_us=900)
    tombstone, cleared = ended.messages
    assert (tombstone.topic, tombstone.value) == (Topic.RISK_SCORES, None)
    assert orjson.loads(cleared.value or b"")["status"] == Status.CLEARED


def test_an_erased_account_without_an_alert_ends_in_its_tombstone_alone() -> None:
    ended = retirement("u1", kept(news(LOW).kept), now_us=900)
    assert [message.value for message in ended.messages] == [None]


def test_an_account_that_is_gone_and_that_nobody_knows_ends_in_both_topics() -> None:
    tombstone, cleared = retirement("u1", None, now_us=900).messages
    assert (tombstone.topic, tombstone.value) == (Topic.RISK_SCORES, None)
    assert orjson.loads(cleared.value or b"")["status"] == Status.CLEARED


def test_rules_that_act_or_are_tried_are_counted_with_the_score() -> None:
    tried = replace(HIGH, shadow=Shadow(("rule.tried",)))

    hits = dict(news(tried).rule_hits)
    assert hits["rule.tried"] is Mode.SHADOW
    assert {code for code, mode in hits.items() if mode is Mode.ACTING} == {
        reason.code for reason in HIGH.reasons
    }
    assert news(LOW).rule_hits == ()
