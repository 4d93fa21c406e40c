"""How an account redeems."""

from ml.features.feature import AsOf, Available, Feature, Leaning, Unit
from ml.rules.codes import most_within_an_hour
from ml.store import HOUR_US


def _count(view: AsOf) -> float:
    return float(len(view.redemptions))


SLOW_US = HOUR_US // 2
"""From half an hour on a redemption is simply not fast. Without this bound a model that has seen
minutes and years alone would split half way, and call a customer of three months fast."""


def _seconds_to_first(view: AsOf) -> float:
    waited_us = view.redemptions[0].used_at_us - view.profile.created_at_us
    return min(waited_us, SLOW_US) / 1_000_000


FEATURES = (
    Feature("redemptions", "redemptions so far", Unit.REDEMPTIONS, Available.REGISTRATION, _count),
    Feature(
        "seconds_to_first_redemption",
        "time from the sign-up to the first redemption, half an hour at most",
        Unit.SECONDS,
        Available.REDEMPTION,
        _seconds_to_first,
        Leaning.EXONERATES,
    ),
    Feature(
        "most_codes_an_hour",
        "different codes redeemed within an hour, at most",
        Unit.REDEMPTIONS,
        Available.REDEMPTION,
        lambda view: float(most_within_an_hour(view.redemptions)),
        Leaning.INCRIMINATES,
    ),
)
