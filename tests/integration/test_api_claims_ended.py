"""A repeated Idempotency-Key says what is true now: nobody is allowed a slot that is not held."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from api.schemas.claim import Claim
from connectors.settings import Settings
from ml.policy import Action
from stream_processors.feature_store.claim_wire import Ending
from tests.conftest import running_stack, stack_settings
from tests.integration.api_client import caller
from tests.integration.claimants import (
    claimed,
    defined,
    person,
    profile_change,
    redemption,
    released,
    sent,
    streamed,
)
from tests.reading import eventually

TTL_S = 3
CODE = "SPRING"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The API with claims that end soon."""
    made = stack_settings(tmp_path_factory.mktemp("ended"), claim_ttl_s=TTL_S)
    with running_stack(made, "api") as running:
        streamed(running, defined(CODE))
        yield running


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A caller with the key."""
    with caller(settings) as client:
        yield client


@pytest.fixture
def pair(settings: Settings) -> tuple[str, str]:
    """Two accounts of one device."""
    mark = uuid4().hex[:8]
    users = f"anna-{mark}", f"ben-{mark}"
    rows = [person(user, n, device_id=mark) for n, user in enumerate(users)]
    streamed(settings, *(profile_change(settings, row) for row in rows))
    return users


def repeated(api: httpx.Client, user: str, key: str) -> Claim:
    answer = sent(api, user, CODE, key=key)
    assert answer.status_code == httpx.codes.OK, answer.text
    return Claim.model_validate_json(answer.content)


def has_expired(claim: Claim) -> bool:
    assert claim.expires_at is not None
    return datetime.now(UTC) > claim.expires_at


def release(settings: Settings, api: httpx.Client, claim: Claim) -> None:
    assert released(api, claim.user_id, claim.claim_id)


def redeem(settings: Settings, api: httpx.Client, claim: Claim) -> None:
    streamed(settings, redemption(claim.user_id, CODE))


def wait(settings: Settings, api: httpx.Client, claim: Claim) -> None:
    eventually(lambda: has_expired(claim), "it has expired")


def redeem_too_late(settings: Settings, api: httpx.Client, claim: Claim) -> None:
    wait(settings, api, claim)
    redeem(settings, api, claim)


ENDINGS: list[tuple[Callable[[Settings, httpx.Client, Claim], None], Ending]] = [
    (release, Ending.RELEASED),
    (redeem, Ending.USED),
    (wait, Ending.EXPIRED),
    (redeem_too_late, Ending.USED),
]


@pytest.mark.parametrize(("end", "how"), ENDINGS, ids=lambda one: getattr(one, "__name__", one))
@pytest.mark.parametrize("is_taken", [False, True], ids=["free", "taken"])
def test_an_ended_claim_is_told_as_one_and_allows_nothing(
    settings: Settings,
    api: httpx.Client,
    pair: tuple[str, str],
    end: Callable[[Settings, httpx.Client, Claim], None],
    how: Ending,
    is_taken: bool,
) -> None:
    anna, ben = pair
    key = uuid4().hex
    first = repeated(api, anna, key)
    assert (first.granted, first.ended, first.action) == (True, None, Action.ALLOW)
    assert repeated(api, anna, key) == first

    end(settings, api, first)
    if is_taken:
        claimed(api, ben, CODE)
    again = repeated(api, anna, key)

    assert (again.granted, again.ended) == (True, how)
    assert (again.claim_id, again.expires_at) == (first.claim_id, first.expires_at)
    is_denied = is_taken or how is Ending.USED
    assert again.action == (Action.DENY if is_denied else Action.CHALLENGE)
    if is_denied:
        assert again.denied_by == "limit"
        assert again.evidence


def test_asking_again_reserves_nothing(api: httpx.Client, pair: tuple[str, str]) -> None:
    anna, ben = pair
    key = uuid4().hex
    released(api, anna, repeated(api, anna, key).claim_id)
    for _ in range(3):
        assert repeated(api, anna, key).ended is Ending.RELEASED
    assert claimed(api, ben, CODE).granted
    assert repeated(api, anna, key).action is Action.DENY


def test_what_was_denied_stays_denied_under_its_key(
    api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, ben = pair
    first, key = claimed(api, anna, CODE), uuid4().hex
    denied = sent(api, ben, CODE, key=key)
    released(api, anna, first.claim_id)
    assert sent(api, ben, CODE, key=key).content == denied.content


def test_a_claim_released_beside_another_is_no_use_of_its_redemption(
    settings: Settings, api: httpx.Client, pair: tuple[str, str]
) -> None:
    anna, _ = pair
    old, new = uuid4().hex, uuid4().hex
    released(api, anna, repeated(api, anna, old).claim_id)
    assert repeated(api, anna, new).ended is None
    assert repeated(api, anna, old).ended is Ending.RELEASED
    streamed(settings, redemption(anna, CODE))
    assert repeated(api, anna, new).ended is Ending.USED
