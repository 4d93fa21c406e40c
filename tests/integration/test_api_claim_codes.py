"""A code is one code however it is written, and only what is a code can be claimed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest

from api.claim_codes import ClaimCodes
from api.problems import Refused
from api.schemas.claim import Claim
from api.schemas.problem import Kind
from connectors.profile import Conventions
from connectors.settings import Settings
from stream_processors.feature_store.redis_store import connect
from stream_processors.feature_store.wire import Sourced
from tests.integration.api_client import caller, problem
from tests.integration.claimants import (
    claimed,
    defined,
    person,
    profile_change,
    redemption,
    released,
    sent,
    streamed,
    undefined,
)

WRITINGS: tuple[Callable[[str], str], ...] = (
    str.upper,
    str.lower,
    lambda code: f"{code} ",
    lambda code: f" {code}",
    str.capitalize,
    lambda code: f"{code}\n",
    lambda code: f"{code}\u200b",
    lambda code: code.replace("O", "\u043e"),
    lambda code: code.replace("W", "\uff37"),
    lambda code: f"\ufeff\u00a0{code}\u00ad\t",
)


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
def mark() -> str:
    """Distinguishes this test's people and codes."""
    return uuid4().hex[:8]


@pytest.fixture
def code(settings: Settings, mark: str) -> str:
    """A code that is defined."""
    made = f"WELCOME10-{mark.upper()}"
    streamed(settings, defined(made))
    return made


@pytest.fixture
def pair(settings: Settings, mark: str) -> tuple[str, str]:
    """Two accounts of one device that the stream has seen, four hundred days apart."""
    users = f"anna-{mark}", f"ben-{mark}"
    rows = [person(user, n, device_id=mark) for n, user in enumerate(users)]
    streamed(settings, *(profile_change(settings, row) for row in rows))
    return users


def test_all_writings_of_a_code_share_its_slots(
    api: httpx.Client, pair: tuple[str, str], code: str
) -> None:
    answers = [claimed(api, pair[n % 2], write(code)) for n, write in enumerate(WRITINGS)]

    assert [answer.granted for answer in answers] == [True] + [False] * 9
    assert {answer.denied_by for answer in answers[1:]} == {"limit"}


def test_the_answer_names_the_code_as_it_was_asked(
    api: httpx.Client, pair: tuple[str, str], code: str
) -> None:
    written = f" {code.lower()}"

    assert claimed(api, pair[0], written).promo_code == written


@pytest.mark.parametrize("write", WRITINGS)
def test_a_redemption_in_any_writing_uses_up_the_slot_and_the_claim(
    settings: Settings,
    api: httpx.Client,
    pair: tuple[str, str],
    code: str,
    write: Callable[[str], str],
) -> None:
    anna, ben = pair
    key = uuid4().hex
    assert sent(api, anna, code.lower(), key=key).json()["granted"]

    streamed(settings, redemption(anna, write(code)))

    again = Claim.model_validate_json(sent(api, anna, code.lower(), key=key).content)
    assert again.ended == "used"
    (holder,) = claimed(api, ben, code).evidence
    assert (holder.redemptions, holder.open_claims) == (1, 0)


def test_a_release_frees_the_slot_for_every_writing(
    api: httpx.Client, pair: tuple[str, str], code: str
) -> None:
    anna, ben = pair
    first = claimed(api, anna, code.lower())

    assert released(api, anna, first.claim_id)
    assert claimed(api, ben, f"{code} ").granted


@pytest.mark.parametrize("empty", ["", " ", "\n\t", "\u200b", "\u3164 \u00ad", "\u2800"])
def test_a_code_of_which_nothing_can_be_seen_is_refused(
    api: httpx.Client, pair: tuple[str, str], empty: str
) -> None:
    refused = problem(sent(api, pair[0], empty), 422, "code-empty")

    assert "promo_code" in refused["detail"]


def test_an_unknown_code_is_refused_until_a_writing_of_it_is_defined(
    settings: Settings, api: httpx.Client, pair: tuple[str, str], mark: str
) -> None:
    key = uuid4().hex
    answer = sent(api, pair[0], f"NEW-{mark}", key=key)
    refused = problem(answer, 404, "code-unknown")
    assert "try again" in refused["detail"]
    assert "PROMO_CLAIM_UNKNOWN_CODES" in refused["detail"]
    assert f"NEW-{mark}" not in refused["detail"]
    assert int(answer.headers["retry-after"]) == 1

    streamed(settings, defined(f"new-{mark} "))

    assert sent(api, pair[0], f"NEW-{mark}", key=key).json()["granted"]


def test_a_code_is_known_until_its_last_writing_is_withdrawn(
    settings: Settings, api: httpx.Client, pair: tuple[str, str], code: str
) -> None:
    streamed(settings, defined(code.lower()), undefined(code))
    key = uuid4().hex
    granted = sent(api, pair[0], code, key=key)
    assert granted.json()["granted"]

    streamed(settings, undefined(code.lower()))

    problem(sent(api, pair[1], code), 404, "code-unknown")
    assert sent(api, pair[0], code, key=key).content == granted.content


async def test_a_shop_may_admit_unknown_codes_and_never_empty_ones(settings: Settings) -> None:
    store = connect(settings)
    codes = ClaimCodes(store, Conventions(), admits_unknown=True)

    await codes.check("no-such-code")
    with pytest.raises(Refused) as refused:
        await codes.check("\u200b")

    assert refused.value.trouble.kind is Kind.CODE_EMPTY
    await store.close()


async def test_where_case_counts_another_case_is_unknown(settings: Settings, mark: str) -> None:
    form = Conventions(code_case_counts=True)
    store = connect(settings)
    change = replace(defined(f"Case{mark}"), canonical_code=f"Case{mark}")
    await store.exchange([Sourced(change, "tests-0")], ())
    codes = ClaimCodes(store, form, admits_unknown=False)

    await codes.check(f"Case{mark}\u200b")
    with pytest.raises(Refused) as refused:
        await codes.check(f"CASE{mark}")

    assert refused.value.trouble.kind is Kind.CODE_UNKNOWN
    await store.close()


async def test_a_store_that_an_older_version_filled_knows_its_codes_until_it_is_told_of_them(
    settings: Settings, mark: str
) -> None:
    store = connect(settings)
    await store._redis.hset(f"c:old-{mark}", mapping={"v": "1", "d": "[null,null,null]"})
    codes = ClaimCodes(store, Conventions(), admits_unknown=False)

    await codes.check(f"old-{mark}")

    for change in (defined(f"old-{mark}"), undefined(f"old-{mark}")):
        await store.exchange([Sourced(change, "tests-0")], ())
    with pytest.raises(Refused):
        await codes.check(f"old-{mark}")
    await store.close()
