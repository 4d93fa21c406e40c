"""One redemption per person: what a checkout is answered, and what frees or uses up a slot."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import httpx
import orjson
import pytest
import redis

from api.schemas.claim import Claim, ClaimRequest, Release, ReleaseRequest
from connectors.settings import Settings, required
from ml.policy import Action
from ml.store import Link
from stream_processors.feature_store.claim_wire import ANSWER_KEPT_S, Attempt, Decision
from stream_processors.feature_store.claims import Claims
from stream_processors.feature_store.redis_store import connect
from tests.conftest import running_stack, stack_settings
from tests.integration.api_client import caller, fresh_metrics, problem
from tests.integration.claimants import (
    claimed,
    defined,
    false_links,
    label,
    person,
    profile_change,
    redemption,
    released,
    sent,
    streamed,
)

TWICE = "TWICE"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The API and what it asks; nobody scores, and one code may be had twice."""
    started = stack_settings(tmp_path_factory.mktemp("claims"), claim_limits=f"{TWICE}=2")
    with running_stack(started, "api") as running:
        streamed(running, *map(defined, ("SPRING", "OTHER", TWICE)))
        yield running


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A caller with the key."""
    with caller(settings) as client:
        yield client


@pytest.fixture
def mark() -> str:
    """Distinguishes this test's people and identifiers."""
    return uuid4().hex[:8]


@pytest.fixture
def pair(settings: Settings, mark: str) -> tuple[str, str]:
    """Two accounts of one device that the stream has seen, four hundred days apart."""
    anna, ben = f"anna-{mark}", f"ben-{mark}"
    rows = [person(user, n, device_id=mark) for n, user in enumerate((anna, ben))]
    streamed(settings, *(profile_change(settings, row) for row in rows))
    return anna, ben


def test_an_account_of_its_own_is_allowed_and_its_slot_reserved(
    settings: Settings, api: httpx.Client, mark: str
) -> None:
    streamed(settings, profile_change(settings, person(mark, device_id=mark)))

    answer = claimed(api, mark)

    assert (answer.user_id, answer.promo_code) == (mark, "SPRING")
    assert (answer.granted, answer.action, answer.denied_by) == (True, Action.ALLOW, None)
    assert (answer.limit, answer.cluster_size, answer.evidence) == (1, 1, [])
    assert answer.model_version == "rules"
    assert answer.expires_at is not None
    assert answer.expires_at - answer.decided_at == timedelta(seconds=settings.claim_ttl_s)


def test_a_linked_account_is_denied_and_told_who_has_the_slot(
    api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, ben = pair
    first = claimed(api, anna)

    answer = claimed(api, ben)

    assert (answer.granted, answer.action, answer.denied_by) == (False, Action.DENY, "limit")
    assert (answer.claim_id, answer.expires_at, answer.cluster_size) == (None, None, 2)
    (holder,) = answer.evidence
    assert (holder.user_id, holder.distance) == (anna, 1)
    assert [(step.user_id, step.through) for step in holder.path] == [(anna, [Link.DEVICE])]
    assert (holder.redemptions, holder.open_claims) == (0, 1)
    assert holder.claimed_at == first.decided_at
    assert holder.since.year == 1981  # when the second of both signed up
    assert claimed(api, ben, "OTHER").granted


def test_a_second_cart_of_the_same_account_is_denied_until_the_first_is_released(
    api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, ben = pair
    first = claimed(api, anna)

    (holder,) = claimed(api, anna).evidence
    assert (holder.user_id, holder.distance, holder.path, holder.open_claims) == (anna, 0, [], 1)

    assert not released(api, ben, first.claim_id)
    assert released(api, anna, first.claim_id)
    assert not released(api, anna, first.claim_id)
    assert claimed(api, ben).granted


def test_every_shared_kind_is_named(settings: Settings, api: httpx.Client, mark: str) -> None:
    facts = {"device_id": mark, "phone": f"1{int(mark, 16):010}", "email": f"{mark}@example.com"}
    rows = [person(f"{mark}-{n}", n * 5, **facts) for n in range(2)]
    streamed(settings, *(profile_change(settings, row) for row in rows))
    claimed(api, f"{mark}-0")

    (holder,) = claimed(api, f"{mark}-1").evidence

    assert set(holder.path[0].through) == {Link.DEVICE, Link.PHONE, Link.EMAIL}


def test_two_links_make_one_person_and_three_do_not(
    settings: Settings, api: httpx.Client, mark: str
) -> None:
    phone, email = f"1{int(mark, 16):010}", f"{mark}@example.com"
    anna, ben, cleo, dora = (f"{name}-{mark}" for name in ("anna", "ben", "cleo", "dora"))
    rows = [
        person(anna, 0, device_id=mark),
        person(ben, 1, device_id=mark, phone=phone),
        person(cleo, 2, phone=phone, email=email),
        person(dora, 3, email=email),
    ]
    streamed(settings, *(profile_change(settings, row) for row in rows))
    claimed(api, anna)

    (holder,) = claimed(api, cleo).evidence

    assert (holder.user_id, holder.distance) == (anna, 2)
    assert [(step.user_id, step.through) for step in holder.path] == [
        (ben, [Link.PHONE]), (anna, [Link.DEVICE]),
    ]  # fmt: skip
    assert claimed(api, dora).granted


def test_an_address_makes_nobody_one_person(
    settings: Settings, api: httpx.Client, mark: str
) -> None:
    rows = [person(f"{mark}-{n}", n, ip_address="203.0.113.77") for n in range(2)]
    streamed(settings, *(profile_change(settings, row) for row in rows))

    assert all(claimed(api, row["user_id"]).granted for row in rows)


def test_a_redemption_without_a_claim_uses_up_the_slot(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, ben = pair
    streamed(settings, redemption(anna, "SPRING"))

    answer = claimed(api, ben)

    (holder,) = answer.evidence
    assert (answer.denied_by, holder.redemptions, holder.open_claims) == ("limit", 1, 0)
    assert holder.last_redeemed_at is not None


def test_a_claim_that_its_redemption_has_followed_counts_once(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, ben = pair
    first = claimed(api, anna, TWICE)
    streamed(settings, redemption(anna, TWICE))

    assert claimed(api, ben, TWICE).granted
    third = claimed(api, anna, TWICE)

    assert (third.denied_by, third.limit) == ("limit", 2)
    assert [(one.user_id, one.redemptions, one.open_claims) for one in third.evidence] == [
        (anna, 1, 0), (ben, 0, 1),
    ]  # fmt: skip
    released(api, anna, first.claim_id)
    assert not claimed(api, anna, TWICE).granted


def test_a_claim_released_unused_leaves_the_later_one_its_own_redemption(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, ben = pair
    first = claimed(api, anna, TWICE)
    assert claimed(api, anna, TWICE).granted
    assert not claimed(api, ben, TWICE).granted
    released(api, anna, first.claim_id)
    streamed(settings, redemption(anna, TWICE))

    assert claimed(api, ben, TWICE).granted
    assert not claimed(api, ben, TWICE).granted


def test_links_that_an_analyst_declared_false_do_not_count(
    settings: Settings, api: httpx.Client, mark: str
) -> None:
    anna, ben, cleo = (f"{name}-{mark}" for name in ("anna", "ben", "cleo"))
    both = {"device_id": mark, "phone": f"1{int(mark, 16):010}"}
    rows = [person(anna, 0, **both), person(ben, 1, **both), person(cleo, 2, device_id=mark)]
    streamed(settings, *(profile_change(settings, row) for row in rows))
    claimed(api, ben)
    assert not claimed(api, anna).granted

    streamed(settings, false_links(ben, (anna, "device")))
    (holder,) = claimed(api, anna).evidence
    assert holder.path[-1].through == [Link.PHONE]

    streamed(settings, false_links(ben, (anna, None)))
    assert claimed(api, anna).granted
    assert [one.user_id for one in claimed(api, cleo).evidence] == [anna, ben]


def test_whoever_is_a_stranger_through_a_device_does_not_come_back_through_a_third_on_it(
    settings: Settings, api: httpx.Client, mark: str
) -> None:
    anna, ben, cleo = (f"{name}-{mark}" for name in ("anna", "ben", "cleo"))
    rows = [person(user, n, device_id=mark) for n, user in enumerate((anna, ben, cleo))]
    streamed(
        settings,
        *(profile_change(settings, row) for row in rows),
        false_links(anna, (cleo, "device")),
    )
    claimed(api, anna)

    assert not claimed(api, ben).granted
    assert claimed(api, cleo).granted


def test_the_risk_denies_and_challenges_too(
    settings: Settings, api: httpx.Client, mark: str
) -> None:
    ring = [person(f"{mark}-{n}", 3, device_id=mark, phone=f"1{mark}") for n in range(5)]
    eve, anna = (person(f"{mark}-{n}", n, device_id=f"{mark}-eve") for n in (7, 8))
    streamed(
        settings,
        *(profile_change(settings, row) for row in (*ring, eve, anna)),
        label(eve["user_id"], True),
    )

    denied = claimed(api, ring[0]["user_id"])
    assert (denied.granted, denied.action, denied.denied_by) == (False, Action.DENY, "risk")
    assert denied.reasons[0].code == "rule.shared_device"
    assert claimed(api, ring[1]["user_id"]).denied_by == "risk"  # the first one reserved nothing

    challenged = claimed(api, anna["user_id"])
    assert (challenged.granted, challenged.action) == (True, Action.CHALLENGE)
    assert challenged.reasons[0].code == "rule.linked_to_abuser"
    assert claimed(api, eve["user_id"]).denied_by == "limit"


def test_a_ring_that_only_its_redemptions_give_away_is_stopped_at_the_claim(
    settings: Settings, api: httpx.Client, mark: str
) -> None:
    place = {"ip_address": f"198.51.{int(mark[:2], 16)}.{int(mark[2:4], 16)}"}
    ring = [person(f"{mark}-{n}", 12, **place) for n in range(6)]
    streamed(
        settings,
        *(profile_change(settings, row) for row in ring),
        *(redemption(row["user_id"], mark) for row in ring[:5]),
        defined(mark),
    )

    assert claimed(api, ring[5]["user_id"], "OTHER").action is Action.ALLOW
    denied = claimed(api, ring[5]["user_id"], mark)
    assert (denied.action, denied.denied_by, denied.evidence) == (Action.DENY, "risk", [])
    assert "rule.same_code_same_ip" in {reason.code for reason in denied.reasons}


def test_everybody_on_a_crowded_device_is_looked_at(
    settings: Settings, api: httpx.Client, mark: str
) -> None:
    crowd = [person(f"{mark}-{n:03}", n % 30, device_id=mark) for n in range(300)]
    streamed(
        settings,
        *(profile_change(settings, row) for row in crowd),
        redemption(crowd[0]["user_id"], mark),
        defined(mark),
    )

    answer = claimed(api, crowd[-1]["user_id"], mark)

    assert (answer.denied_by, answer.cluster_size) == ("limit", 300)
    assert [one.user_id for one in answer.evidence] == [crowd[0]["user_id"]]


def test_an_account_that_the_stream_has_not_seen_claims_with_its_registration(
    api: httpx.Client, mark: str
) -> None:
    anna, ben = (person(f"{mark}-{n}", n, device_id=mark) for n in range(2))
    problem(sent(api, anna["user_id"]), 404, "account-unknown")

    assert claimed(api, anna["user_id"], row=anna).granted
    (holder,) = claimed(api, ben["user_id"], row=ben).evidence

    assert (holder.user_id, holder.distance, holder.open_claims) == (anna["user_id"], 1, 1)


def test_what_an_unseen_account_told_links_others_even_if_it_was_denied(
    settings: Settings, api: httpx.Client, mark: str
) -> None:
    phone = f"1{int(mark, 16):010}"
    anna = person(f"{mark}-0", 0, device_id=mark)
    ben = person(f"{mark}-1", 1, device_id=mark, phone=phone)
    cleo = person(f"{mark}-2", 2, phone=phone)
    streamed(settings, profile_change(settings, cleo))
    claimed(api, anna["user_id"], row=anna)
    assert not claimed(api, ben["user_id"], row=ben).granted

    (holder,) = claimed(api, cleo["user_id"]).evidence

    assert [step.user_id for step in holder.path] == [ben["user_id"], anna["user_id"]]


def test_what_the_stream_has_seen_counts_more_than_what_is_sent(
    api: httpx.Client, pair: tuple[str, str], mark: str
) -> None:
    anna, ben = pair
    claimed(api, anna)

    assert not claimed(api, ben, row=person(ben, device_id=f"new-{mark}")).granted


def test_an_account_that_changes_its_device_is_found_by_the_one_it_claimed_with(
    settings: Settings, api: httpx.Client, pair: tuple[str, str], mark: str
) -> None:
    anna, ben = pair
    claimed(api, anna)
    moved = person(anna, 0, device_id=f"new-{mark}")
    streamed(settings, profile_change(settings, moved, is_update=True))

    assert [one.user_id for one in claimed(api, ben).evidence] == [anna]


def test_the_same_key_gets_the_same_answer_while_its_claim_is_open(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    (anna, ben), (first, second) = pair, (uuid4().hex, "!" * 255)
    granted, denied = sent(api, anna, key=first), sent(api, ben, key=second)
    streamed(settings, label(ben, True))

    assert sent(api, anna, key=first).content == granted.content
    released(api, anna, granted.json()["claim_id"])
    assert sent(api, ben, key=second).content == denied.content
    assert claimed(api, ben).granted


def test_the_same_key_for_another_request_is_a_conflict(
    api: httpx.Client, pair: tuple[str, str]
) -> None:
    (anna, ben), key = pair, uuid4().hex
    first = sent(api, anna, key=key)

    problem(sent(api, ben, key=key), 409, "conflict")
    problem(sent(api, anna, "OTHER", key=key), 409, "conflict")
    problem(sent(api, anna, key=key, row=person(anna)), 409, "conflict")
    assert sent(api, anna, key=key).content == first.content


@pytest.mark.parametrize("key", ["", "two words", "ключ".encode(), "x" * 256])
def test_a_key_must_be_visible_ascii_of_bounded_length(api: httpx.Client, key: str | bytes) -> None:
    body = {"user_id": "a", "promo_code": "b"}
    headers = {b"Idempotency-Key": key if isinstance(key, bytes) else key.encode()}
    answer = api.post("/v1/redemptions/claim", json=body, headers=headers)
    (error,) = problem(answer, 422, "invalid")["errors"]
    assert error["pointer"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("claim", {"promo_code": "b"}, "#/user_id"),
        ("claim", {"user_id": "a"}, "#/promo_code"),
        ("claim", {"user_id": "a", "promo_code": "nul\0"}, "#/promo_code"),
        (
            "claim",
            {"user_id": "a", "promo_code": "b", "registration": person("c")},
            "#/registration/user_id",
        ),
        ("claim", {"user_id": "a", "promo_code": "b", "limit": 9}, "#/limit"),
        ("release", {"user_id": "a", "claim_id": "b"}, "#/claim_id"),
        ("release", {"claim_id": "0" * 32}, "#/user_id"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_named(
    api: httpx.Client, path: str, body: dict[str, object], pointer: str
) -> None:
    answer = api.post(f"/v1/redemptions/{path}", json=body, headers={"Idempotency-Key": "k"})
    (error,) = problem(answer, 422, "invalid")["errors"]
    assert error["pointer"] == pointer


def test_a_claim_needs_a_key(api: httpx.Client) -> None:
    body = {"user_id": "a", "promo_code": "b"}
    answer = api.post("/v1/redemptions/claim", json=body)
    (error,) = problem(answer, 422, "invalid")["errors"]
    assert error["pointer"] == "Idempotency-Key"


def test_of_two_claims_at_the_same_instant_exactly_one_is_granted(
    settings: Settings, api: httpx.Client, mark: str
) -> None:
    rounds, together = 25, Barrier(2)
    rows = [
        [person(f"{mark}-{n}-{side}", side, device_id=f"{mark}-{n}") for side in range(2)]
        for n in range(rounds)
    ]
    streamed(settings, *(profile_change(settings, row) for both in rows for row in both))

    def claims(side: int) -> list[bool]:
        found = []
        with caller(settings) as client:
            for both in rows:
                together.wait(10)
                found.append(claimed(client, both[side]["user_id"]).granted)
        return found

    with ThreadPoolExecutor(2) as clients:
        one, other = clients.map(claims, range(2))
    assert [a + b for a, b in zip(one, other, strict=True)] == [1] * rounds


async def test_a_claim_that_no_redemption_follows_expires(
    settings: Settings, pair: tuple[str, str]
) -> None:
    store = connect(settings)
    claims = Claims(store)

    async def claim(user_id: str) -> Decision:
        attempt = uuid4().hex
        decision = await claims.claim(
            Attempt("tests", attempt, "", user_id, "BRIEF", 1, 1, attempt, None, False, "{}")
        )
        assert decision is not None
        return decision

    anna, ben = pair
    first = await claim(anna)
    started = time.monotonic()
    while not (second := await claim(ben)).granted:
        assert second.decided_at_us < (first.expires_at_us or 0)
        assert time.monotonic() < started + 10
    assert first.granted
    assert second.decided_at_us >= (first.expires_at_us or 0)
    assert not await claims.release(anna, first.attempt_id)
    await store.close()


def test_nothing_that_claims_leave_behind_stays_for_ever(
    settings: Settings, api: httpx.Client, pair: tuple[str, str], mark: str
) -> None:
    unseen = person(f"{mark}-unseen", device_id=mark)
    first, _ = claimed(api, pair[0], TWICE), claimed(api, pair[0], TWICE)
    released(api, pair[0], first.claim_id)
    claimed(api, unseen["user_id"], row=unseen)
    password = required(settings.redis_password, "redis_password")
    with redis.Redis(port=settings.redis_port, password=password) as client:
        keys = list(client.scan_iter("claim*"))
        kinds = {key.split(b":")[0] for key in keys}
        lives_ms = [client.pttl(key) for key in keys]
    assert kinds == {b"claims", b"claimant", b"claimants", b"claim-key"}
    for_ever = -1
    assert for_ever not in lives_ms
    assert max(lives_ms) <= ANSWER_KEPT_S * 1000


def test_claims_are_counted_by_outcome(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    def counted(outcome: str, text: str) -> float:
        for line in text.splitlines():
            if line.startswith(f'promo_api_claims_total{{outcome="{outcome}"}}'):
                return float(line.split()[-1])
        return 0

    outcomes = ("allowed", "denied-by-limit", "repeated", "conflict")
    before = fresh_metrics(api)
    key = uuid4().hex
    for _ in range(2):
        sent(api, pair[0], key=key)
    sent(api, pair[1], key=key)
    sent(api, pair[1])
    after = fresh_metrics(api)
    new = {outcome: counted(outcome, after) - counted(outcome, before) for outcome in outcomes}
    assert new == dict.fromkeys(outcomes, 1)


def test_the_documented_examples_are_true(api: httpx.Client) -> None:
    document = api.get("/openapi.json").json()
    for model in (ClaimRequest, Claim, ReleaseRequest, Release):
        for example in document["components"]["schemas"][model.__name__]["examples"]:
            model.model_validate_json(orjson.dumps(example))
    for path in ("claim", "release"):
        assert document["paths"][f"/v1/redemptions/{path}"]["post"]["x-scope"] == "claim"
