"""How an account redeems, and whether accounts linked to it redeem the same codes."""

from collections.abc import Callable

from ml.features.feature import NAN, AsOf, Available, Feature, Leaning, Unit
from ml.store import HOUR_US, Link


def _count(view: AsOf) -> float:
    return float(len(view.redemptions))


SLOW_US = HOUR_US // 2
"""From half an hour on a redemption is simply not fast. Without this bound a model that has seen
minutes and years alone would split half way, and call a customer of three months fast."""


def _seconds_to_first(view: AsOf) -> float:
    waited_us = view.redemptions[0].used_at_us - view.profile.created_at_us
    return min(waited_us, SLOW_US) / 1_000_000


def _same_code(link: Link) -> Callable[[AsOf], float]:
    def count(view: AsOf) -> float:
        accounts = view.linked.get(link)
        if not accounts:
            return NAN if accounts is None else 0.0
        own = {redemption.promo_code for redemption in view.redemptions}
        return float(
            sum(
                redemption.promo_code in own and redemption.used_at_us <= view.moment_us
                for account in accounts
                for redemption in account.redemptions
            )
        )

    return count


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
        "same_code_device",
        "redemptions of this account's codes by others on the same device",
        Unit.REDEMPTIONS,
        Available.REDEMPTION,
        _same_code(Link.DEVICE),
        Leaning.INCRIMINATES,
    ),
    Feature(
        "same_code_ip",
        "redemptions of this account's codes by others on the same IP address",
        Unit.REDEMPTIONS,
        Available.REDEMPTION,
        _same_code(Link.IP),
        Leaning.INCRIMINATES,
    ),
)
