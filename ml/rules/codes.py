"""Rules about how an account uses codes by itself."""

from collections.abc import Sequence

from ml.rules.rule import Match, Rule
from ml.store import HOUR_US, Neighbourhood, Redemption

USUAL = 3
"""So many different codes within an hour are an evening's shopping."""


def most_within_an_hour(redemptions: Sequence[Redemption]) -> int:
    """How many different codes were redeemed within one hour, at most; redemptions in order."""
    most = min(1, len(redemptions))
    for first, redemption in enumerate(redemptions[:-1]):
        until = redemption.used_at_us + HOUR_US
        together = {r.canonical_code for r in redemptions[first:] if r.used_at_us <= until}
        most = max(most, len(together))
    return most


def _stacking(neighbourhood: Neighbourhood) -> Match | None:
    most = most_within_an_hour(neighbourhood.redemptions)
    if most <= USUAL:
        return None
    return Match(float(most - USUAL), f"redeemed {most} different codes within an hour")


RULES = (
    Rule(
        "code_stacking",
        "Codes are meant one an order; whoever drains the list of codes found a way around it.",
        _stacking,
        first=0.6,
        alone=True,
    ),
)
