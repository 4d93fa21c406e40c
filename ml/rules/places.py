"""Rules about addresses and networks: places that strangers share.

Being there at the same time is at most a hint; doing the same there is evidence.
"""

from collections.abc import Callable

from ml.reasons import evidence_of
from ml.rules.closeness import (
    Choose,
    alike_by_both,
    alike_by_browser,
    alike_by_code,
    likeness,
    nearby,
    weighed,
)
from ml.rules.rule import Match, Rule, plural
from ml.store import HOUR_US, Link, Neighbourhood

_WORDS = {Link.IP: "IP address", Link.NETWORK: "network"}


def _burst(link: Link, least: int) -> Callable[[Neighbourhood], Match | None]:
    def condition(neighbourhood: Neighbourhood) -> Match | None:
        accounts = nearby(neighbourhood, link, HOUR_US)
        if len(accounts) < least:
            return None
        return Match(
            weighed(len(accounts) - least + 1, neighbourhood, link),
            f"{plural(len(accounts), 'other account')} signed up on the same {_WORDS[link]}"
            " within an hour of this one",
            evidence_of(neighbourhood.profile.created_at_us, link, accounts),
        )

    return condition


def _alike(
    link: Link,
    choose: Choose,
    did: str,
) -> Callable[[Neighbourhood], Match | None]:
    def condition(neighbourhood: Neighbourhood) -> Match | None:
        alike, strength = likeness(neighbourhood, link, choose)
        if not alike:
            return None
        return Match(
            strength,
            f"{plural(len(alike), 'other account')} of that day on the same {_WORDS[link]} {did}",
            evidence_of(neighbourhood.profile.created_at_us, link, alike),
        )

    return condition


RULES = (
    Rule(
        "ip_burst",
        "A household does not open three accounts within an hour; a lecture hall does.",
        _burst(Link.IP, 2),
        first=0.25,
        limit=0.4,
    ),
    Rule(
        "network_burst",
        "Proxies and data centres rotate addresses within a network.",
        _burst(Link.NETWORK, 5),
        first=0.15,
        limit=0.3,
    ),
    Rule(
        "same_code_same_ip",
        "The same code behind one address on one day; a household may do it once.",
        _alike(Link.IP, alike_by_code, "redeemed the same code"),
        first=0.3,
    ),
    Rule(
        "same_code_same_network",
        "The same code in one network on one day: rotating addresses does not hide it.",
        _alike(Link.NETWORK, alike_by_code, "redeemed the same code"),
        first=0.2,
    ),
    Rule(
        "same_browser_same_network",
        "An emulator changes device and address for each account, and forgets its browser's build.",
        _alike(Link.NETWORK, alike_by_browser, "use the same build of a browser"),
        first=0.1,
        limit=0.5,
    ),
    Rule(
        "same_browser_same_code",
        "Either may be chance, and both together hardly: one machine, however it changes address.",
        _alike(Link.NETWORK, alike_by_both, "use the same build of a browser and the same code"),
        first=0.35,
    ),
)
