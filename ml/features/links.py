"""How many others share an identifier with this account, weighed as the rules weigh them.

Not plain counts: a model that has seen rings alone would learn that sharing is abuse, and condemn
every campus and library. Closeness in time, and what an established place weighs, are in; who else
came to a campus within the hour is not, as timing alone shall challenge nobody.
"""

from collections.abc import Callable

from ml.features.feature import NAN, AsOf, Available, Feature, Leaning, Unit
from ml.rules.closeness import shared_closeness, weighed
from ml.store import STRONG_LINKS, Link

WORDS = {
    Link.DEVICE: "device",
    Link.IP: "IP address",
    Link.NETWORK: "network",
    Link.PHONE: "phone number",
    Link.EMAIL: "mailbox",
}


def _closeness(link: Link) -> Callable[[AsOf], float]:
    def weigh(view: AsOf) -> float:
        accounts = view.linked.get(link)
        if not accounts:
            return NAN if accounts is None else 0.0
        return weighed(shared_closeness(view.known, link), view.known, link)

    return weigh


FEATURES = tuple(
    Feature(
        f"{link}_closeness",
        f"other accounts on the same {WORDS[link]}, by how close in time they signed up",
        Unit.ACCOUNTS,
        Available.REGISTRATION,
        _closeness(link),
        Leaning.INCRIMINATES,
    )
    for link in STRONG_LINKS
)
