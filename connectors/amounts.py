"""Amounts of money as every store can hold them: 38 digits, six of them after the point. Pure.

PostgreSQL's ``numeric`` holds more: NaN and infinities, 131,072 digits before the point and 16,383
after it. ClickHouse's widest plain Decimal(38, 6) is the measure, and it is taken once, before any
store is written, so that Redis, ClickHouse and the API never differ.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

LIMIT = Decimal(10) ** 32
"""The first amount that is too large."""

MOST = Decimal("99999999999999999999999999999999.999999")
LEAST = MOST.copy_negate()
"""The largest amount, where a larger sum stays as a lower bound, and the smallest. Written out:
decimal's operators round to 28 digits, its comparisons are exact."""

_STEP = Decimal("0.000001")
_DECIMALS = 6
_WIDE = Context(prec=100, rounding=ROUND_HALF_EVEN)


def held(amount: Decimal) -> Decimal | None:
    """An amount rounded to six decimals, half to even; None if no store can hold it: NaN, an
    infinity, or from 10^32 on in either direction."""
    if not amount.is_finite() or amount.adjusted() >= LIMIT.adjusted():
        return None
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent < -_DECIMALS:
        amount = amount.quantize(_STEP, context=_WIDE)
    return amount if LEAST <= amount <= MOST else None


def share(amount: Decimal, percent: Decimal) -> Decimal:
    """That many per cent of an amount, exactly."""
    return _WIDE.divide(_WIDE.multiply(amount, percent), Decimal(100))


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum of held amounts, exactly, whatever their order."""
    found = Decimal(0)
    for amount in amounts:
        found = _WIDE.add(found, amount)
    return found
