"""What a redemption gives away. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from connectors.profile import Profile
from connectors.promo_codes import canonical_code
from ml.policy import value_at_risk
from ml.store import CodeTerms, Neighbourhood, Redemption
from simulator.shop import PROMO_CODES, PromoCode


def values() -> Mapping[str, Decimal]:
    """By code, in the shop's currency, as :func:`ml.policy.value_at_risk` has it.

    Of a percentage it is a lower bound: its share of the minimum purchase.
    """
    return {code.promo_code: _value(code) for code in PROMO_CODES}


def _value(code: PromoCode) -> Decimal:
    terms = CodeTerms(code.discount_type, code.discount_value, code.min_purchase_amount)
    canonical = canonical_code(code.promo_code)
    once = (Redemption(0, 0, canonical),)
    value = value_at_risk(Neighbourhood(Profile("", 0), once, 0, {}, {canonical: terms}))
    return value.amount if value else Decimal(0)
