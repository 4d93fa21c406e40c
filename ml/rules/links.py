"""Rules about identifiers that accounts share."""

from collections.abc import Callable

from ml.reasons import evidence_of
from ml.rules.rule import Finding, Rule, plural, saturating
from ml.store import DAY_US, HOUR_US, STRONG_LINKS, Link, LinkedAccount, Neighbourhood


def _near(neighbourhood: Neighbourhood, link: Link, span_us: int) -> tuple[LinkedAccount, ...]:
    own = neighbourhood.profile.created_at_us
    return tuple(
        account
        for account in neighbourhood.linked.get(link, ())
        if abs(account.created_at_us - own) <= span_us
    )


def _shared(
    link: Link, what: str, first: float, limit: float = 1.0
) -> Callable[[Neighbourhood], Finding | None]:
    def find(neighbourhood: Neighbourhood) -> Finding | None:
        accounts = neighbourhood.linked.get(link, ())
        if not accounts:
            return None
        return Finding(
            saturating(first, len(accounts), limit),
            f"{plural(len(accounts), 'other account')} on the same {what}",
            evidence_of(neighbourhood.profile.created_at_us, link, accounts),
        )

    return find


def _burst(
    link: Link, what: str, span_us: int, words: str, least: int, first: float
) -> Callable[[Neighbourhood], Finding | None]:
    def find(neighbourhood: Neighbourhood) -> Finding | None:
        accounts = _near(neighbourhood, link, span_us)
        if len(accounts) < least:
            return None
        return Finding(
            saturating(first, len(accounts) - least + 1),
            f"{plural(len(accounts), 'other account')} signed up on the same {what}"
            f" within {words} of this one",
            evidence_of(neighbourhood.profile.created_at_us, link, accounts),
        )

    return find


def _aliased(neighbourhood: Neighbourhood) -> Finding | None:
    accounts = neighbourhood.linked.get(Link.EMAIL, ())
    if not accounts or not neighbourhood.profile.email_is_alias:
        return None
    return Finding(
        saturating(0.15, len(accounts)),
        f"the e-mail address is an alias of a mailbox with"
        f" {plural(len(accounts), 'other account')}",
        evidence_of(neighbourhood.profile.created_at_us, Link.EMAIL, accounts),
    )


def _labelled(neighbourhood: Neighbourhood) -> Finding | None:
    evidence = tuple(
        found
        for link in STRONG_LINKS
        for found in evidence_of(
            neighbourhood.profile.created_at_us,
            link,
            tuple(a for a in neighbourhood.linked.get(link, ()) if a.label),
        )
    )
    abusers = {found.user_id for found in evidence}
    if not abusers:
        return None
    return Finding(
        saturating(0.7, len(abusers)),
        f"shares a device, phone or mailbox with {plural(len(abusers), 'known abuser')}",
        evidence,
    )


def _same_code(
    link: Link, what: str, near_us: int | None, first: float
) -> Callable[[Neighbourhood], Finding | None]:
    def find(neighbourhood: Neighbourhood) -> Finding | None:
        own = {redemption.promo_code for redemption in neighbourhood.redemptions}
        linked = neighbourhood.linked.get(link, ())
        if near_us is not None:
            linked = _near(neighbourhood, link, near_us)
        accounts = tuple(
            account
            for account in linked
            if any(redemption.promo_code in own for redemption in account.redemptions)
        )
        if not accounts:
            return None
        return Finding(
            saturating(first, len(accounts)),
            f"{plural(len(accounts), 'other account')} on the same {what} redeemed the same code",
            evidence_of(neighbourhood.profile.created_at_us, link, accounts),
        )

    return find


RULES = (
    Rule(
        "shared_device",
        "A device is the dearest identifier to change; two accounts may be a household.",
        _shared(Link.DEVICE, "device", 0.35),
    ),
    Rule(
        "shared_phone",
        "A phone number receives the verification codes: whoever holds it holds the accounts.",
        _shared(Link.PHONE, "phone number", 0.35),
    ),
    Rule(
        "shared_mailbox",
        "One mailbox is one person or one household. Honest people are among them (in the Noaat"
        " data 326 accounts share 160 mailboxes, 4 of them abusers): it never challenges alone.",
        _shared(Link.EMAIL, "mailbox", 0.2, limit=0.5),
    ),
    Rule(
        "aliased_mailbox",
        "Aliases of one mailbox are the cheapest way to many accounts.",
        _aliased,
    ),
    Rule(
        "ip_burst",
        "A household does not open three accounts within an hour.",
        _burst(Link.IP, "IP address", HOUR_US, "an hour", 2, 0.35),
    ),
    Rule(
        "network_burst",
        "Proxies and data centres rotate addresses within a network.",
        _burst(Link.NETWORK, "network", HOUR_US, "an hour", 5, 0.3),
    ),
    Rule(
        "same_code_same_device",
        "Using a code again through another account is the abuse itself.",
        _same_code(Link.DEVICE, "device", None, 0.6),
    ),
    Rule(
        "same_code_same_ip",
        "The same, behind one address and on the same day; a household may do it once.",
        _same_code(Link.IP, "IP address", DAY_US, 0.25),
    ),
    Rule(
        "linked_to_abuser",
        "What analysts have confirmed reaches the accounts that share a strong identifier.",
        _labelled,
    ),
)
