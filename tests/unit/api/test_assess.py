"""Judging registrations that are none yet, and a neighbourhood with one redemption more."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from redis.asyncio import Redis

from api.assess import Assessor, new_redemption, with_redemption
from api.metrics import ApiMetrics
from api.schemas.registration import Registration, ScoreRequest
from connectors.errors import PoisonMessage
from connectors.profile import Hasher, Profile
from ml.policy import STANDARD
from ml.store import CAP, CodeTerms, Neighbourhood, Redemption
from stream_processors.feature_store.redis_store import RedisStore
from stream_processors.scoring.running_judge import RunningJudge

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TERMS = CodeTerms("fixed_amount", Decimal(10), None)


def _around(*moments_us: int) -> Neighbourhood:
    redemptions = tuple(Redemption(at, n, "OLD") for n, at in enumerate(moments_us))
    last = moments_us[-1] if moments_us else None
    return Neighbourhood(Profile("u", 0), redemptions, last, {}, {})


def _redeemed(at_us: int, code: str = "NEW") -> Redemption:
    return new_redemption(at_us, code)


def test_the_redemption_takes_its_place_in_time_and_brings_its_terms() -> None:
    around = with_redemption(_around(10, 30), _redeemed(20), TERMS)
    assert [r.canonical_code for r in around.redemptions] == ["OLD", "NEW", "OLD"]
    assert around.last_redeemed_at_us == 30
    assert around.codes == {"NEW": TERMS}
    assert with_redemption(_around(), _redeemed(20), None).as_of_us == 20


def test_a_redemption_that_is_stored_already_counts_once() -> None:
    around = _around(10, 30)
    assert with_redemption(around, _redeemed(30, "OLD"), TERMS) is around


def test_beyond_the_cap_only_the_time_of_the_last_one_moves() -> None:
    around = _around(*range(CAP))
    more = with_redemption(around, _redeemed(CAP + 5), TERMS)
    assert more.redemptions == around.redemptions
    assert more.codes == {}
    assert more.last_redeemed_at_us == CAP + 5


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
async def test_of_rows_that_break_the_contract_nothing_is_asked() -> None:
    def asked(**columns: object) -> ScoreRequest:
        row = Registration(user_id="u", created_at=EPOCH.isoformat())
        return ScoreRequest(registration=row.model_copy(update=columns))

    nowhere = RedisStore(Redis(port=1))
    judge = RunningJudge(Path("no-models"), STANDARD)
    assessor = Assessor(nowhere, Hasher("key"), judge, ApiMetrics())
    found = await assessor.assess([asked(email=7), asked(is_email_verified="yes")])
    assert [one.reason for one in found if isinstance(one, PoisonMessage)] == [
        "email is a number, not text",
        "is_email_verified is text, not a boolean",
    ]
