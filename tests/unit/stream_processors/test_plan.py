"""What a batch asks for."""

import pytest

from connectors.events import Erased, Redeemed, Registered, Updated
from connectors.topics import Topic
from stream_processors.feature_store.wire import Affected
from stream_processors.scoring import rescore
from stream_processors.scoring.plan import Plan, plan, requests
from stream_processors.scoring.rescore import RescoreRequest, Trigger
from tests.unit.connectors.envelopes import COMMITTED_US, HASHED
from tests.unit.stream_processors.messages import (
    garbage,
    message,
    redeemed_message,
    rescore_message,
    signed_up,
)


def planned(*messages: object) -> Plan:
    return plan(messages, HASHED)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("op", "event", "trigger"),
    [
        ("c", Registered, Trigger.REGISTRATION),
        ("r", Registered, Trigger.REGISTRATION),
        ("u", Updated, Trigger.RESCORE),
        ("d", Erased, Trigger.RESCORE),
    ],
)
def test_an_account_change_is_applied_and_its_account_scored(
    op: str, event: type, trigger: Trigger
) -> None:
    made = planned(signed_up(op=op))
    assert [type(sourced.change) for sourced in made.changes] == [event]
    assert made.changes[0].source == "promo.public.users-1"
    assert made.subjects == {"anna": RescoreRequest("anna", trigger, COMMITTED_US)}


def test_a_redemption_is_applied_and_scored_by_the_owner_of_its_account() -> None:
    made = planned(redeemed_message())
    assert [type(sourced.change) for sourced in made.changes] == [Redeemed]
    assert made.subjects == {}


def test_a_tombstone_asks_for_nothing() -> None:
    assert planned(message(Topic.USERS, None)) == Plan()


def test_a_request_to_score_again_is_a_subject() -> None:
    made = planned(rescore_message())
    assert made.subjects == {"anna": RescoreRequest("anna", Trigger.RESCORE, 5)}
    assert made.changes == []


def test_an_account_is_scored_once_a_batch_for_its_first_cause() -> None:
    made = planned(signed_up(), rescore_message(), signed_up(op="u", offset=1))
    assert list(made.subjects) == ["anna"]
    assert made.subjects["anna"].trigger is Trigger.REGISTRATION
    assert len(made.changes) == 2


def test_a_wish_to_publish_anyway_is_kept_whichever_cause_comes_first() -> None:
    for messages in (
        (signed_up(), rescore_message(publish_anyway=True)),
        (rescore_message(publish_anyway=True), signed_up()),
    ):
        assert planned(*messages).subjects["anna"].publish_anyway


def test_poison_is_named_and_what_surrounds_it_goes_on() -> None:
    made = planned(signed_up("anna"), garbage(offset=1), signed_up("ben", offset=2))
    assert [poison.stage for _, poison in made.poison] == ["decode"]
    assert made.poison[0][0].position == "promo.public.users-1@1"
    assert list(made.subjects) == ["anna", "ben"]


def test_every_message_is_a_change_a_subject_or_poison() -> None:
    made = planned(signed_up(), redeemed_message(), rescore_message("ben"), garbage())
    assert (len(made.changes), len(made.subjects), len(made.poison)) == (2, 2, 1)


def test_the_affected_are_passed_on_once_with_the_commit_of_what_affected_them() -> None:
    made = planned(redeemed_message("ben"))
    asked = requests(made, [Affected("cleo", 0, "rescore"), Affected("cleo", 0, "rescore")])
    assert asked == [RescoreRequest("cleo", Trigger.RESCORE, COMMITTED_US)]


def test_the_more_telling_cause_is_passed_on() -> None:
    made = planned(redeemed_message("ben"))
    affected = [Affected("ben", 0, "rescore"), Affected("ben", 0, "redemption")]
    assert requests(made, affected)[0].trigger is Trigger.REDEMPTION
    assert requests(made, affected[::-1])[0].trigger is Trigger.REDEMPTION


def test_whom_the_batch_scores_anyway_is_not_passed_on() -> None:
    made = planned(signed_up("anna"), redeemed_message("anna"))
    assert requests(made, [Affected("anna", 1, "redemption")]) == []


@pytest.mark.parametrize("trigger", list(Trigger))
def test_a_request_survives_its_topic(trigger: Trigger) -> None:
    request = RescoreRequest("anna|ben", trigger, 17, publish_anyway=True)
    sent = rescore.encode(request)
    assert sent.topic == Topic.RESCORE
    assert sent.key == b"anna|ben"
    assert rescore.decode(sent.value) == request
