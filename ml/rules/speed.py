"""Rules about how fast an account redeems."""

from collections.abc import Callable

from connectors.profile import Profile
from ml.rules.rule import Match, Rule
from ml.store import Neighbourhood

FAST_US = 15 * 60 * 1_000_000
"""15 minutes. Many honest people sign up at the checkout: weak evidence by itself."""

INSTANT_US = 5 * 1_000_000
"""Five seconds: nobody types a code so fast. Shops that apply a code at sign-up exist, so it
does not challenge alone."""

SCRIPTED_US = 15 * 1_000_000
"""15 seconds: a page to load, a code to find and type. A policy choice, as nobody has measured it;
honest first buyers take half a minute and more in what we know of checkouts."""


def _within(span_us: int) -> Callable[[Neighbourhood], Match | None]:
    def condition(neighbourhood: Neighbourhood) -> Match | None:
        if not neighbourhood.redemptions:
            return None
        waited_us = _waited_us(neighbourhood)
        if not 0 <= waited_us <= span_us:
            return None
        return Match(1.0, f"redeemed a code {_words(waited_us)} after signing up")

    return condition


def _scripted(neighbourhood: Neighbourhood) -> Match | None:
    match = _within(SCRIPTED_US)(neighbourhood)
    if match is None or not _is_unverified(neighbourhood.profile):
        return None
    return Match(1.0, f"{match.description}, with nothing verified")


def _is_unverified(profile: Profile) -> bool:
    """Whether something is known to be unverified, and nothing to be verified."""
    known = (profile.is_email_verified, profile.is_phone_verified)
    return False in known and True not in known


def _waited_us(neighbourhood: Neighbourhood) -> int:
    return neighbourhood.redemptions[0].used_at_us - neighbourhood.profile.created_at_us


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
    Rule(
        "scripted_redemption",
        "Faster than people shop, and nobody vouches for the contact: a script. Verifying the"
        " mailbox or the phone, which is what a challenge asks for, takes it back. A shop that"
        " applies codes at sign-up itself puts it into shadow.",
        _scripted,
        first=0.55,
        alone=True,
    ),
)
