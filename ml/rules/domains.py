"""Rules about e-mail domains that are not everybody's: a firm's, a university's, one person's."""

from collections.abc import Sequence

from ml.reasons import evidence_of
from ml.rules.closeness import alike_by_code, closeness, gap_us
from ml.rules.rule import Match, Rule, plural
from ml.store import DAY_US, HOUR_US, Link, LinkedAccount, Neighbourhood

FADES_US = 6 * HOUR_US
"""Signing up at one domain weighs half at this distance: a policy choice, between an address's
three hours and a strong link's days."""

USUAL_SHARE = 0.5
"""Colleagues who were sent a code use it, and so do strangers at a provider that nobody has on a
list; half of those who ever came from there, within a day and from homes of their own, is as far
as that goes."""


def _burst(neighbourhood: Neighbourhood) -> Match | None:
    there = [
        other
        for other in neighbourhood.linked.get(Link.DOMAIN, ())
        if gap_us(neighbourhood, other) <= DAY_US
    ]
    alike = alike_by_code(neighbourhood, _apart(neighbourhood, there))
    share = (len(alike) / len(there) - USUAL_SHARE) / (1 - USUAL_SHARE) if there else 0.0
    if share <= 0:
        return None
    return Match(
        closeness(neighbourhood, alike, FADES_US) * share,
        f"{plural(len(alike), 'other account')} of that day at the same e-mail domain redeemed the"
        f" same code, of {len(there)} that the shop has had from there",
        evidence_of(neighbourhood.profile.created_at_us, Link.DOMAIN, alike),
    )


def _apart(
    neighbourhood: Neighbourhood, accounts: Sequence[LinkedAccount]
) -> tuple[LinkedAccount, ...]:
    """Those of the day that share nothing else: an office's address has rules of its own."""
    near = {
        other.user_id
        for link, others in neighbourhood.linked.items()
        if link is not Link.DOMAIN
        for other in others
    }
    return tuple(
        [
            other
            for other in accounts
            if abs(gap_us(neighbourhood, other)) <= DAY_US and other.user_id not in near
        ]
    )


RULES = (
    Rule(
        "same_code_same_domain",
        "Whoever has a domain has as many mailboxes as he likes. A shop that knows a domain by a"
        " day's accounts alone, which nearly all took one code, knows one person by it; or a firm"
        " whose people were told of a code, hence it challenges and never denies by itself.",
        _burst,
        first=0.25,
        limit=0.65,
    ),
)
