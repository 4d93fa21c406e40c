"""Every feature, once, in the order of the vector's columns."""

import numpy as np
from numpy.typing import NDArray

from ml.features import likeness, links, own, redemptions, verification
from ml.features.feature import Available, Common, Fact, Feature, as_of, unavailable
from ml.store import Neighbourhood

CATALOG: tuple[Feature, ...] = (
    *links.FEATURES,
    *likeness.FEATURES,
    *own.FEATURES,
    *verification.FEATURES,
    *redemptions.FEATURES,
)
NAMES: tuple[str, ...] = tuple(feature.name for feature in CATALOG)
COMMON_COLUMNS: dict[Fact, int] = {
    fact: CATALOG.index(feature) for fact, feature in own.COMMONNESS.items()
}
"""The only columns that depend on a bundle's :class:`Common`, by the fact they weigh."""

# Which features have a value is asked once an account, not once a feature.
_COMPUTE = {
    redeemed: tuple(
        feature.compute if redeemed or feature.available is Available.REGISTRATION else unavailable
        for feature in CATALOG
    )
    for redeemed in (False, True)
}


def vector(neighbourhood: Neighbourhood, common: Common) -> NDArray[np.float64]:
    """The as-of vector of one account.

    Args:
        neighbourhood: what the feature store knows; anything later than the account's newest
            own event is left out here.
        common: frozen shares of a bundle.

    Returns:
        Shape ``(len(CATALOG),)``; NaN where a value is unknown or not available yet.
    """
    view = as_of(neighbourhood, common)
    computed = [compute(view) for compute in _COMPUTE[bool(view.redemptions)]]
    return np.array(computed, dtype=np.float64)
