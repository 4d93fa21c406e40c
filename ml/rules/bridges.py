"""Rules about what an account's arrival says of others: it joins accounts that shared nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from ml.reasons import Evidence, evidence_of
from ml.rules.closeness import is_established, others
from ml.rules.rule import Match, Rule, plural
from ml.store import STRONG_LINKS, Link, LinkedAccount, Neighbourhood

_Kinds = frozenset[Link]
_Sides = dict[_Kinds, list[LinkedAccount]]


def _bridge(neighbourhood: Neighbourhood) -> Match | None:
    kinds = _kinds(neighbourhood)
    joined: dict[str, LinkedAccount] = {}
    for sides in _by_code(neighbourhood, kinds):
        for one, other in combinations(sides, 2):
            if not one & other and not _are_one_device(sides[one] + sides[other]):
                joined |= {account.user_id: account for account in sides[one] + sides[other]}
    if not joined:
        return None
    return Match(
        1.0,
        f"joins {plural(len(joined), 'account')} that redeemed the same code and share nothing"
        " else",
        tuple(sorted(_evidence(neighbourhood, joined.values(), kinds))),
    )


def _kinds(neighbourhood: Neighbourhood) -> dict[str, _Kinds]:
    """Through what each account is strongly linked; strangers in an established place are not."""
    found: defaultdict[str, set[Link]] = defaultdict(set)
    for link in STRONG_LINKS:
        accounts = others(neighbourhood, link)
        if accounts and not is_established(neighbourhood, link):
            for account in accounts:
                found[account.user_id].add(link)
    return {user_id: frozenset(links) for user_id, links in found.items()}


def _by_code(neighbourhood: Neighbourhood, kinds: Mapping[str, _Kinds]) -> Iterable[_Sides]:
    """For each code the accounts that redeemed it, by the kinds of identifier that link them."""
    codes: defaultdict[str, _Sides] = defaultdict(lambda: defaultdict(list))
    if len(set(kinds.values())) > 1:
        linked = {a.user_id: a for link in STRONG_LINKS for a in others(neighbourhood, link)}
        for user_id, links in kinds.items():
            for code in {redemption.canonical_code for redemption in linked[user_id].redemptions}:
                codes[code][links].append(linked[user_id])
    return codes.values()


def _are_one_device(accounts: Iterable[LinkedAccount]) -> bool:
    """Whether all have one device in common, which is not the bridge's own."""
    devices = {account.device for account in accounts}
    return len(devices) == 1 and None not in devices


def _evidence(
    neighbourhood: Neighbourhood, accounts: Iterable[LinkedAccount], kinds: Mapping[str, _Kinds]
) -> Iterator[Evidence]:
    for account in accounts:
        for link in kinds[account.user_id]:
            yield from evidence_of(neighbourhood.profile.created_at_us, link, (account,))


RULES = (
    Rule(
        "bridges_redemptions",
        "Two who share nothing redeem a code once each, and then one account turns up on the"
        " device of the one and the phone of the other: they may have been one person all along."
        " When they signed up says nothing about that, so it does not fade; a family may look"
        " the same, so it challenges and never denies by itself.",
        _bridge,
        first=0.6,
        limit=0.6,
    ),
)
