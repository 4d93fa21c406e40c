"""Rules about how fast an account redeems."""

from ml.rules.rule import Finding, Rule
from ml.store import Neighbourhood

FAST_US = 15 * 60 * 1_000_000
"""15 minutes. Many honest people sign up at the checkout: weak evidence by itself."""


def _fast_redemption(neighbourhood: Neighbourhood) -> Finding | None:
    if not neighbourhood.redemptions:
        return None
    waited_us = neighbourhood.redemptions[0].used_at_us - neighbourhood.profile.created_at_us
    if not 0 <= waited_us <= FAST_US:
        return None
    return Finding(0.15, f"redeemed a code {_minutes(waited_us)} after signing up")


def _minutes(span_us: int) -> str:
    minutes = span_us // 60_000_000
    return f"{minutes} min" if minutes else "less than a minute"


RULES = (
    Rule(
        "fast_redemption",
        "Bots redeem at once; so do people who sign up at the checkout, hence the low weight.",
        _fast_redemption,
    ),
)
