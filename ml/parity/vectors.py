"""Vectors recomputed and compared with published ones, number for number. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ml.features.catalog import COMMON_COLUMNS, NAMES, vector
from ml.features.feature import Common
from ml.store import CAP, Neighbourhood

Vector = Mapping[str, float | None]
"""A vector by name; None where unknown."""

OF_COMMON = frozenset(NAMES[column] for column in COMMON_COLUMNS.values())
"""The features that only a bundle's shares tell."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that does not follow from the warehouse's events."""

    user_id: str
    event_id: str
    feature: str
    stored: float | None
    recomputed: float | None


def recomputed(around: Neighbourhood, common: Common | None) -> dict[str, float | None]:
    """The as-of vector; without the features of shares where the bundle is gone."""
    values = vector(around, common or Common()).tolist()
    return {
        name: None if math.isnan(value) else value
        for name, value in zip(NAMES, values, strict=True)
        if common is not None or name not in OF_COMMON
    }


def unequal(stored: Vector, found: Vector, gone: bool) -> list[str]:
    """The features whose numbers differ, or that only one side has; in order of name.

    ``gone`` says that the bundle is gone: its shares are not compared.
    """
    names = (stored.keys() | found.keys()) - (OF_COMMON if gone else frozenset())
    missing = object()
    return sorted(n for n in names if stored.get(n, missing) != found.get(n, missing))


def as_it_stood(around: Neighbourhood, moment_us: int) -> Neighbourhood | None:
    """A neighbourhood at one of its account's own events, from today's rows.

    None where the account has no event of its own at that moment (any more). What linked
    accounts did later is dropped by :func:`ml.features.feature.as_of`.
    """
    redemptions = tuple(r for r in around.redemptions if r.used_at_us <= moment_us)
    last = redemptions[-1].used_at_us if redemptions else None
    if len(redemptions) == CAP and around.last_redeemed_at_us is not None:
        # Redemptions beyond the first CAP are not known one by one.
        last = min(moment_us, around.last_redeemed_at_us)
    then = replace(around, redemptions=redemptions, last_redeemed_at_us=last)
    return then if then.as_of_us == moment_us else None
