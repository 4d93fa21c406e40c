"""A neighbourhood in which an account redeems one more code."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from api.assess import with_redemption
from api.schemas.registration import FirstRedemption
from connectors.profile import Profile
from ml.store import CAP, CodeTerms, Neighbourhood, Redemption

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TERMS = CodeTerms("fixed_amount", Decimal(10), None)


def _around(*moments_us: int) -> Neighbourhood:
    redemptions = tuple(Redemption(at, n, "OLD") for n, at in enumerate(moments_us))
    last = moments_us[-1] if moments_us else None
    return Neighbourhood(Profile("u", 0), redemptions, last, {}, {})


def _redeemed(at_us: int, code: str = "NEW") -> FirstRedemption:
    return FirstRedemption(
        promo_code=code, used_at=(EPOCH + timedelta(microseconds=at_us)).isoformat()
    )


def test_the_redemption_takes_its_place_in_time_and_brings_its_terms() -> None:
    around = with_redemption(_around(10, 30), _redeemed(20), TERMS)
    assert [r.promo_code for r in around.redemptions] == ["OLD", "NEW", "OLD"]
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
