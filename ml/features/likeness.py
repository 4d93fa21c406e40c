"""Whether accounts that share an identifier also do the same, weighed as the rules weigh it."""

from collections.abc import Callable

from ml.features.feature import NAN, AsOf, Available, Feature, Leaning, Unit
from ml.features.links import WORDS
from ml.rules.closeness import (
    Choose,
    alike_by_both,
    alike_by_browser,
    alike_by_code,
    likeness,
)
from ml.store import STRONG_LINKS, Link


def _alike(link: Link, choose: Choose) -> Callable[[AsOf], float]:
    def weigh(view: AsOf) -> float:
        if link not in view.linked:
            return NAN
        return likeness(view.known, link, choose)[1]

    return weigh


def _feature(
    name: str, link: Link, did: str, choose: Choose, available: Available = Available.REDEMPTION
) -> Feature:
    return Feature(
        name,
        f"others on the same {WORDS[link]} {did}, by closeness in time and by their share",
        Unit.ACCOUNTS,
        available,
        _alike(link, choose),
        Leaning.INCRIMINATES,
    )


FEATURES = (
    *(
        _feature(f"same_code_{link}", link, "that redeemed this account's codes", alike_by_code)
        for link in (*STRONG_LINKS, Link.IP, Link.NETWORK)
    ),
    _feature(
        "same_browser_network",
        Link.NETWORK,
        "with the same build of a browser",
        alike_by_browser,
        Available.REGISTRATION,
    ),
    _feature(
        "same_browser_code_network",
        Link.NETWORK,
        "with the same build of a browser that redeemed this account's codes",
        alike_by_both,
    ),
)
