"""Rules about how fast an account redeems."""

from collections.abc import Callable

from ml.rules.rule import Match, Rule
from ml.store import Neighbourhood

FAST_US = 15 * 60 * 1_000_000
"""15 minutes. Many honest people sign up at the checkout: weak evidence by itself."""

INSTANT_US = 5 * 1_000_000
"""Five seconds: nobody types a code so fast. Shops that apply a code at sign-up exist, so it
does not challenge alone."""


def _within(span_us: int) -> Callable[[Neighbourhood], Match | None]:
    def condition(neighbourhood: Neighbourhood) -> Match | None:
        if not neighbourhood.redemptions:
            return None
        waited_us = neighbourhood.redemptions[0].used_at_us - neighbourhood.profile.created_at_us
        if not 0 <= waited_us <= span_us:
            return None
        return Match(1.0, f"redeemed a code {_words(waited_us)} after signing up")

    return condition


def _words(span_us: int) -> str:
    minutes, seconds = divmod(span_us // 1_000_000, 60)
    return f"{minutes} min" if minutes else f"{seconds} s"


RULES = (
    Rule(
        "fast_redemption",
        "Bots redeem at once; so do people who sign up at the checkout, hence the low weight.",
        _within(FAST_US),
        first=0.15,
        alone=True,
    ),
    Rule(
        "instant_redemption",
        "A person needs longer than that to type a code.",
        _within(INSTANT_US),
        first=0.3,
        alone=True,
    ),
)
