"""Analysts' decisions at the API: what is accepted, published, kept, refused, and repeated."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from api.decide_identifier import LEAST_SHARED
from api.schemas.decision import LabelDecision, LabelRequest, LinkDecision, LinkRequest, Links
from api.schemas.identifier import IdentifierDecision
from connectors.decisions import MOST_IGNORED
from connectors.events import (
    Authority,
    Change,
    IdentifierDecided,
    IgnoredLink,
    LinksDecided,
    Origin,
)
from connectors.settings import Settings
from connectors.topics import Topic
from ml.scorer import Judge, score
from stream_processors.feature_store.redis_store import NewRisk, connect
from stream_processors.feature_store.wire import Sourced
from stream_processors.scoring.documents import score_document
from stream_processors.scoring.rescore import Trigger
from tests.integration.api_client import caller, problem
from tests.reading import read_topic
from tests.unit.ml.builders import account, neighbourhood, redeemed, registered

ROW_VERSION = 1
"""Of the accounts' rows, which decisions say that they are about."""


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    """The API and what it asks; nobody scores."""
    return partial_stack("api")


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A caller with the key."""
    with caller(settings) as client:
        yield client


@pytest.fixture
def pair(settings: Settings) -> tuple[str, str]:
    """Two accounts of this test's own on one device, as the scoring worker leaves them."""
    mark = uuid4().hex[:8]
    users = f"anna-{mark}", f"ben-{mark}"
    profiles = [account(user, hours=n, device=mark) for n, user in enumerate(users)]
    code = redeemed(users[1], hours=2, usage_id=int(mark[:6], 16))
    store(settings, *(registered(profile, version=ROW_VERSION) for profile in profiles), code)
    for user in users:
        keep_risk(settings, user)
    return users


def store(settings: Settings, *changes: Change) -> None:
    async def run() -> None:
        redis = connect(settings)
        await redis.exchange([Sourced(change, "tests-0") for change in changes], ())
        await redis.close()

    asyncio.run(run())


def keep_risk(settings: Settings, user: str) -> None:
    (risk,) = score([neighbourhood(account(user))], Judge())
    document = score_document(risk, replaces=None, revision=1, trigger=Trigger.REGISTRATION)
    kept = NewRisk(user, None, None, 1, "", "", orjson.dumps(document).decode())

    async def run() -> None:
        redis = connect(settings)
        await redis.keep([kept])
        await redis.close()

    asyncio.run(run())


def published(settings: Settings, topic: Topic, user: str, count: int = 1) -> list[dict[str, Any]]:
    """The messages of one account, once so many are there."""
    key = user.encode()

    def of_the_user(messages: Any) -> list[Any]:
        return [message for message in messages if message.key() == key]

    found = read_topic(settings, topic, lambda got: len(of_the_user(got)) >= count)
    return [orjson.loads(message.value()) for message in of_the_user(found)]


def label(api: httpx.Client, user: str, **body: object) -> httpx.Response:
    return api.post(f"/v1/users/{user}/label", json=body)


def ignore(api: httpx.Client, user: str, other: str, **body: object) -> httpx.Response:
    return api.post("/v1/links/ignore", json={"user_id": user, "other_user_id": other, **body})


def between(api: httpx.Client, answer: httpx.Response) -> list[tuple[str, str | None, str]]:
    assert answer.status_code == 202, answer.text
    found = LinkDecision.model_validate_json(answer.content).ignored
    return [(link.user_id, link.through and link.through.value, link.note) for link in found]


def links_of(api: httpx.Client, user: str) -> Links:
    answer = api.get(f"/v1/users/{user}/links")
    assert answer.is_success, answer.text
    return Links.model_validate_json(answer.content)


def test_a_label_is_published_with_who_why_and_when(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, _ = pair
    words = (("abuser", True), ("honest", False), (None, None))
    for count, (word, flag) in enumerate(words, start=1):
        answer = label(api, anna, label=word, note="because")
        assert answer.status_code == 202, answer.text
        decision = LabelDecision.model_validate_json(answer.content)
        assert (decision.user_id, decision.label, decision.decided_by) == (anna, word, "operator")
        newest = published(settings, Topic.LABELS, anna, count)[-1]
        assert newest == {
            "user_id": anna, "is_abuser": flag, "decided_by": "operator", "note": "because",
            "decided_at": answer.json()["decided_at"], "about": ROW_VERSION,
        }  # fmt: skip


def test_each_decision_is_later_than_the_one_before(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    with ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(lambda n: label(api, pair[0], label="abuser"), range(8)))
    assert {answer.status_code for answer in answers} == {202}
    moments = [one["decided_at"] for one in published(settings, Topic.LABELS, pair[0], 8)]
    assert moments == sorted(set(moments))


def test_ignoring_publishes_the_whole_list_each_time(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, ben = pair
    assert between(api, ignore(api, anna, ben, through="device", note="a family")) == [
        (anna, "device", "a family")
    ]
    assert between(api, ignore(api, anna, ben, through="ip")) == [
        (anna, "device", "a family"), (anna, "ip", ""),
    ]  # fmt: skip
    first, second = published(settings, Topic.LINK_DECISIONS, anna, 2)
    assert [entry["through"] for entry in first["ignored"]] == ["device"]
    assert [(e["through"], e["note"], e["decided_by"]) for e in second["ignored"]] == [
        ("device", "a family", "operator"), ("ip", "", "operator"),
    ]  # fmt: skip
    assert second["decided_at"] > first["decided_at"]
    assert second["ignored"][0] == first["ignored"][0]


def test_ignoring_what_is_ignored_is_accepted_and_changes_nothing(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, ben = pair
    first = ignore(api, anna, ben, note="the first word")
    again = ignore(api, ben, anna, note="another")
    assert between(api, first) == [(anna, None, "the first word")]
    assert first.json()["ignored"] == again.json()["ignored"]
    assert len(published(settings, Topic.LINK_DECISIONS, anna)) == 1


@pytest.mark.parametrize("turned", [False, True])
def test_taking_back_finds_the_entry_in_whichever_list_it_is(
    settings: Settings, api: httpx.Client, pair: tuple[str, str], turned: bool
) -> None:
    anna, ben = pair
    ignore(api, anna, ben, through="device")
    ignore(api, anna, ben, through="phone")
    asked = (ben, anna) if turned else (anna, ben)
    assert between(api, ignore(api, *asked, through="phone", ignore=False)) == [
        (anna, "device", "")
    ]
    assert between(api, ignore(api, *asked, ignore=False)) == []
    assert between(api, ignore(api, *asked, ignore=False)) == []
    assert published(settings, Topic.LINK_DECISIONS, anna, 4)[-1]["ignored"] == []


def test_decisions_about_one_account_at_the_same_time_lose_nothing(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    kinds = ["device", "phone", "email", "ip", "network", None]
    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(lambda kind: ignore(api, *pair, through=kind), kinds))
    assert {answer.status_code for answer in answers} == {202}
    newest = published(settings, Topic.LINK_DECISIONS, pair[0], len(kinds))[-1]
    assert {entry["through"] for entry in newest["ignored"]} == set(kinds)


def test_links_tell_who_through_what_and_since_when_and_which_are_ignored(
    api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, ben = pair
    (found,) = links_of(api, anna).linked
    assert (found.user_id, [*found.through], found.label, found.redemptions) == (
        ben, ["device"], None, 1,
    )  # fmt: skip
    assert links_of(api, ben).linked[0].since == found.since

    label(api, ben, label="abuser")
    assert links_of(api, anna).linked[0].label == "abuser"

    ignore(api, anna, ben, note="a family")
    for user in pair:
        links = links_of(api, user)
        assert links.linked == []
        assert [(one.user_id, one.other_user_id, one.note) for one in links.ignored] == [
            (anna, ben, "a family")
        ]


def test_more_than_five_hundred_false_links_are_refused(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, ben = pair
    full = tuple(IgnoredLink(f"other-{n}") for n in range(MOST_IGNORED))
    store(settings, LinksDecided(anna, full, Origin(5, 5)))
    problem(ignore(api, anna, ben), 409, "conflict")
    assert between(api, ignore(api, ben, anna)) == [(ben, None, "")]


def test_unknown_accounts_are_problems(api: httpx.Client, pair: tuple[str, str]) -> None:
    problem(label(api, "nobody", label="abuser"), 404, "account-unknown")
    problem(ignore(api, pair[0], "nobody"), 404, "account-unknown")
    problem(ignore(api, "nobody", pair[0]), 404, "account-unknown")
    problem(api.get("/v1/users/nobody/links"), 404, "account-unknown")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/label"),
        ({"label": "suspicious"}, "#/label"),
        ({"label": True}, "#/label"),
        ({"label": "abuser", "note": "x" * 501}, "#/note"),
        ({"label": "abuser", "note": None}, "#/note"),
        ({"label": "abuser", "why": ""}, "#/why"),
    ],
)
def test_a_label_that_does_not_fit_is_refused_and_named(
    api: httpx.Client, body: dict[str, object], pointer: str
) -> None:
    (error,) = problem(label(api, "anybody", **body), 422, "invalid")["errors"]
    assert error["pointer"] == pointer


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"other_user_id": "nul\0"}, "#/other_user_id"),
        ({"through": "smell"}, "#/through"),
        ({"ignore": "yes"}, "#/ignore"),
        ({"ignore": None}, "#/ignore"),
        ({"note": 7}, "#/note"),
        ({"until": "tomorrow"}, "#/until"),
    ],
)
def test_a_link_that_does_not_fit_is_refused_and_named(
    api: httpx.Client, body: dict[str, Any], pointer: str
) -> None:
    asked = {"user_id": "a", "other_user_id": "b", **body}
    (error,) = problem(api.post("/v1/links/ignore", json=asked), 422, "invalid")["errors"]
    assert error["pointer"] == pointer


def test_the_documented_examples_are_true(api: httpx.Client) -> None:
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    for model in (LabelRequest, LabelDecision, LinkRequest, LinkDecision, Links):
        (example,) = schemas[model.__name__]["examples"]
        model.model_validate_json(orjson.dumps(example))


def test_an_account_is_not_linked_with_itself(api: httpx.Client, pair: tuple[str, str]) -> None:
    itself = {"user_id": pair[0], "other_user_id": pair[0]}
    answer = api.post("/v1/links/ignore", json=itself)
    assert "itself" in problem(answer, 409, "conflict")["detail"]


@pytest.fixture
def crowd(settings: Settings) -> tuple[str, ...]:
    """As many strangers on one device as an analyst may decide about, of this test's own."""
    mark = uuid4().hex[:8]
    users = tuple(f"s{n}-{mark}" for n in range(LEAST_SHARED))
    strangers = [account(user, hours=n, device=mark) for n, user in enumerate(users)]
    store(settings, *(registered(one, version=ROW_VERSION) for one in strangers))
    return users


def ignore_device(api: httpx.Client, user: str, **body: object) -> httpx.Response:
    asked = {"user_id": user, "kind": "device", **body}
    return api.post("/v1/identifiers/ignore", json=asked)


def decided(answer: httpx.Response) -> IdentifierDecision:
    assert answer.status_code == 202, answer.text
    return IdentifierDecision.model_validate_json(answer.content)


def measured(settings: Settings, device: str) -> IdentifierDecided:
    """What the measurement says of a device, applied."""
    authority, origin = Authority.MEASUREMENT, Origin(1, 1)
    said = IdentifierDecided(
        "device", device, authority, False, origin, "measurement", "strangers", 600
    )
    store(settings, said)
    return said


def test_an_identifier_that_an_analyst_ignores_links_nobody_and_the_links_say_why(
    settings: Settings, api: httpx.Client, crowd: tuple[str, ...]
) -> None:
    assert len(links_of(api, crowd[0]).linked) == LEAST_SHARED - 1

    found = decided(ignore_device(api, crowd[0], note="our app's name"))

    assert not found.counted
    for user in crowd[:2]:
        links = links_of(api, user)
        assert links.linked == []
        (shared,) = links.identifiers
        assert shared == found.stands
        assert shared.description == f"shared by {LEAST_SHARED} accounts, not counted"
        assert (shared.authority, shared.decided_by, shared.why) == (
            Authority.ANALYST,
            "operator",
            "our app's name",
        )
    (entry,) = published(settings, Topic.AUDIT, crowd[0])
    assert (entry["action"], entry["detail"]) == (
        "identifier",
        {"kind": "device", "ignored": True, "shared_by": LEAST_SHARED},
    )


def test_an_analysts_word_stands_above_the_measurement_until_it_is_taken_back(
    settings: Settings, api: httpx.Client, crowd: tuple[str, ...]
) -> None:
    measured(settings, crowd[0].partition("-")[2])
    assert links_of(api, crowd[0]).linked == []

    assert decided(ignore_device(api, crowd[0], ignore=False)).counted
    assert len(links_of(api, crowd[1]).linked) == LEAST_SHARED - 1

    taken_back = decided(ignore_device(api, crowd[2], ignore=None))
    assert not taken_back.counted
    assert taken_back.stands is not None
    assert (taken_back.stands.authority, taken_back.stands.why) == (
        Authority.MEASUREMENT,
        "strangers",
    )


def test_an_identifier_of_a_few_accounts_is_not_ignored_for_all_of_them(
    api: httpx.Client, pair: tuple[str, str]
) -> None:
    refused = problem(ignore_device(api, pair[0]), 409, "conflict")
    assert refused["detail"].startswith("2 accounts have this device, 20 are wanted")

    none = api.post("/v1/identifiers/ignore", json={"user_id": pair[0], "kind": "phone"})
    assert problem(none, 409, "conflict")["detail"].startswith("This account has no phone")
    weak = api.post("/v1/identifiers/ignore", json={"user_id": pair[0], "kind": "ip"})
    assert weak.status_code == 422
    assert ignore_device(api, "nobody").status_code == 404
