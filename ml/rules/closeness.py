"""How close in time, and how alike, accounts are that share an identifier. Pure.

Sharing an identifier says little by itself: a tablet has a family, a campus has one address.
What tells a ring from people who share a place is *when* its accounts came and *what they do*.
"""

from collections.abc import Callable, Sequence

from ml.store import (
    CONTACT_LINKS,
    DAY_US,
    HOUR_US,
    WEAK_LINKS,
    Link,
    LinkedAccount,
    Neighbourhood,
    verified,
)

STRONG_FADES_US = 15 * DAY_US
"""Sharing a device, phone or mailbox weighs half at this distance in sign-up. A policy choice:
one who works slowly over weeks still adds up, while a second-hand phone of half a year does not."""

WEAK_FADES_US = 3 * HOUR_US
"""Sharing an address weighs half at this distance: leases and proxies last hours."""

BY_CHANCE = 0.2
"""So large a share of strangers is alike by chance: the best-known code, the newest telephone."""

LEAST_HISTORY = 8
"""So many accounts that came at other times make an established place."""

LEAST_BUSY = 16
"""So many that came earlier, if only by an hour, make one of an address: a busy one fills a
window within hours, so no longer past can be asked of it."""

OTHER_TIMES_US = {Link.DEVICE: 30 * DAY_US, Link.IP: DAY_US, Link.NETWORK: DAY_US}
"""How far off other times are; through other links nothing is a place."""

NEAR_US = {Link.DEVICE: DAY_US, Link.IP: HOUR_US, Link.NETWORK: HOUR_US}
"""The span around a sign-up that is compared with a place's usual pace."""

MOST_ABUSERS = {Link.DEVICE: 0.0, Link.IP: 0.2, Link.NETWORK: 0.2}
"""Where a larger share are known abusers, nothing is excused."""

SAME_CODE_SHARE = 0.5
"""Where more of the others redeemed the same code, a place's age excuses nothing; but for an
address where that is so at other times, too: a shop may have one code for all."""

MORE_THAN_USUAL = 0.3
"""How much larger than at other times the share with the same code may be at an address."""

BURST_FACTOR, BURST_SLACK = 3.0, 2
"""There may be so many times a place's usual number of sign-ups, and these on top."""

ESTABLISHED_DISCOUNT = 0.15
"""What sharing an established place weighs beside sharing any other."""

MOST_IN_A_PLACE = 0.5
"""However many are there: half a clear case."""

MOST_BORROWED = 0.5
"""What those weigh who gave this account's verified contact as their own, unverified, however many
they are: a policy choice. Anybody can do it to anybody, so they never challenge alone."""


Choose = Callable[[Neighbourhood, Sequence[LinkedAccount]], tuple[LinkedAccount, ...]]
"""Which of some accounts are alike to the neighbourhood's own."""


def fading(gap_us: int, half_us: int) -> float:
    """1 for no gap, one half at ``half_us``, then as its inverse: ``half / (half + gap)``."""
    return half_us / (half_us + abs(gap_us))


def gap_us(neighbourhood: Neighbourhood, other: LinkedAccount) -> int:
    """How long after the account the other one signed up; negative for before."""
    return other.created_at_us - neighbourhood.profile.created_at_us


def others(neighbourhood: Neighbourhood, link: Link) -> tuple[LinkedAccount, ...]:
    """The neighbours through a kind of identifier that speak against the account.

    Through the network those at other addresses: who has the address in common has the network too,
    which is no further evidence. Through a phone number or a mailbox all but its borrowers.
    """
    accounts = neighbourhood.linked.get(link, ())
    if not accounts:
        return accounts
    match link:
        case Link.NETWORK:
            left_out = {other.user_id for other in neighbourhood.linked.get(Link.IP, ())}
        case Link.PHONE | Link.EMAIL:
            left_out = {other.user_id for other in borrowers(neighbourhood, link)}
        case _:
            return accounts
    return tuple([other for other in accounts if other.user_id not in left_out])


def borrowers(neighbourhood: Neighbourhood, link: Link) -> tuple[LinkedAccount, ...]:
    """Those that gave an account's verified contact as theirs, and have not verified it.

    Anybody can write somebody else's number into a form. Where a shop does not say what is
    verified, nobody is a borrower.
    """
    if link not in CONTACT_LINKS or not verified(neighbourhood.profile).through(link):
        return ()
    accounts = neighbourhood.linked.get(link, ())
    return tuple([other for other in accounts if other.verified.through(link) is False])


def nearby(neighbourhood: Neighbourhood, link: Link, span_us: int) -> tuple[LinkedAccount, ...]:
    """Those that signed up within a span before or after."""
    return tuple(
        [o for o in others(neighbourhood, link) if abs(gap_us(neighbourhood, o)) <= span_us]
    )


def alike_by_code(
    neighbourhood: Neighbourhood, accounts: Sequence[LinkedAccount]
) -> tuple[LinkedAccount, ...]:
    """Those of some accounts that redeemed a code which this account redeemed too."""
    own = {redemption.canonical_code for redemption in neighbourhood.redemptions}
    if not own:
        return ()
    return tuple([o for o in accounts if any(used.canonical_code in own for used in o.redemptions)])


def alike_by_browser(
    neighbourhood: Neighbourhood, accounts: Sequence[LinkedAccount]
) -> tuple[LinkedAccount, ...]:
    """Those of some accounts that use the same build of a browser."""
    own = neighbourhood.profile.agent
    return tuple([other for other in accounts if own is not None and other.agent == own])


def alike_by_both(
    neighbourhood: Neighbourhood, accounts: Sequence[LinkedAccount]
) -> tuple[LinkedAccount, ...]:
    """Those of some accounts with the same build of a browser and the same code."""
    return alike_by_code(neighbourhood, alike_by_browser(neighbourhood, accounts))


def closeness(
    neighbourhood: Neighbourhood, accounts: Sequence[LinkedAccount], half_us: int
) -> float:
    """Accounts, each counted by how close in time it signed up: at most their number."""
    return sum(fading(gap_us(neighbourhood, other), half_us) for other in accounts)


def shared_closeness(neighbourhood: Neighbourhood, link: Link) -> float:
    """Closeness of all with whom a strong identifier is shared; borrowers weigh little."""
    full = closeness(neighbourhood, others(neighbourhood, link), STRONG_FADES_US)
    lent = closeness(neighbourhood, borrowers(neighbourhood, link), STRONG_FADES_US)
    return full + min(lent, MOST_BORROWED)


def concentrated(
    neighbourhood: Neighbourhood,
    alike: Sequence[LinkedAccount],
    among: Sequence[LinkedAccount],
    half_us: int,
) -> float:
    """Closeness of the accounts that are alike, times their share beyond :data:`BY_CHANCE`.

    Behind a carrier's address some always use the same popular code or telephone; in a ring
    nearly all do. The share is taken of all that are there, and is 1 where all are alike.
    """
    if not alike:
        return 0.0
    share = max(0.0, len(alike) / len(among) - BY_CHANCE) / (1 - BY_CHANCE)
    return closeness(neighbourhood, alike, half_us) * share


def is_established(neighbourhood: Neighbourhood, link: Link) -> bool:
    """Whether the identifier belongs to a place: a campus, an office, a library's computer.

    That is: many accounts came at other times, hardly any of those that were there is a known
    abuser, few redeemed what this account redeemed (or no more than usual), and it was no
    busier than at other times. Of an address only what came before, or within a day, is looked
    at: later strangers there change nothing about an old account, for better or worse.
    """
    if link not in OTHER_TIMES_US:
        return False
    there = others(neighbourhood, link)
    if link in WEAK_LINKS:
        there = tuple([o for o in there if gap_us(neighbourhood, o) <= DAY_US])
    gaps = [gap_us(neighbourhood, other) for other in there]
    if not _has_a_past(link, gaps) or _is_burst(link, gaps):
        return False
    abusers = sum(other.label is True for other in there)
    return abusers <= MOST_ABUSERS[link] * len(there) and _is_mixed(neighbourhood, link, there)


def _has_a_past(link: Link, gaps: Sequence[int]) -> bool:
    at_other_times = sum(abs(gap) > OTHER_TIMES_US[link] for gap in gaps)
    earlier = sum(gap < -HOUR_US for gap in gaps)
    return at_other_times >= LEAST_HISTORY or (link in WEAK_LINKS and earlier >= LEAST_BUSY)


def _is_burst(link: Link, gaps: Sequence[int]) -> bool:
    """Whether there were more sign-ups around the account's than the others led to expect."""
    near_us = NEAR_US[link]
    elsewhen = [abs(gap) for gap in gaps if abs(gap) > near_us]
    usual = 2 * near_us * len(elsewhen) / max(elsewhen)
    return len(gaps) - len(elsewhen) > BURST_FACTOR * usual + BURST_SLACK


def _is_mixed(neighbourhood: Neighbourhood, link: Link, there: Sequence[LinkedAccount]) -> bool:
    """Whether people there do not all redeem what this account redeemed."""
    alike = {other.user_id for other in alike_by_code(neighbourhood, there)}
    if len(alike) < SAME_CODE_SHARE * len(there):
        return True
    if link not in WEAK_LINKS:
        return False
    now, else_when = [0, 0], [0, 0]
    for other in there:
        near = abs(gap_us(neighbourhood, other)) <= WEAK_FADES_US
        counts = now if near else else_when
        counts[0] += other.user_id in alike
        counts[1] += 1
    if else_when[1] < LEAST_HISTORY:
        return False
    usual = else_when[0] / else_when[1]
    return now[0] <= (usual + MORE_THAN_USUAL) * now[1]


def weighed(strength: float, neighbourhood: Neighbourhood, link: Link) -> float:
    """What the strength of a match weighs: itself, or little in an established place."""
    if strength and is_established(neighbourhood, link):
        return min(strength * ESTABLISHED_DISCOUNT, MOST_IN_A_PLACE)
    return strength


def likeness(
    neighbourhood: Neighbourhood, link: Link, choose: Choose
) -> tuple[tuple[LinkedAccount, ...], float]:
    """Who is alike among those who share an identifier, and what that weighs; 0 for nobody.

    Through a strong link everybody is looked at, through a weak one those of the day.
    """
    if link in WEAK_LINKS:
        there, half_us = nearby(neighbourhood, link, DAY_US), WEAK_FADES_US
    else:
        there, half_us = others(neighbourhood, link), STRONG_FADES_US
    alike = choose(neighbourhood, there)
    strength = concentrated(neighbourhood, alike, there, half_us)
    return alike, weighed(strength, neighbourhood, link)
