"""Rules about strong identifiers that accounts share: device, phone, mailbox."""

from collections.abc import Callable

from ml.reasons import Evidence, evidence_of
from ml.rules.closeness import (
    STRONG_FADES_US,
    alike_by_code,
    borrowers,
    closeness,
    is_established,
    likeness,
    others,
    shared_closeness,
    weighed,
)
from ml.rules.rule import Match, Rule, plural
from ml.store import Link, LinkedAccount, Neighbourhood

_WORDS = {Link.DEVICE: "device", Link.PHONE: "phone number", Link.EMAIL: "mailbox"}


def _shared(link: Link) -> Callable[[Neighbourhood], Match | None]:
    def condition(neighbourhood: Neighbourhood) -> Match | None:
        accounts = neighbourhood.linked.get(link, ())
        if not accounts:
            return None
        return Match(
            weighed(shared_closeness(neighbourhood, link), neighbourhood, link),
            f"{plural(len(accounts), 'other account')} on the same {_WORDS[link]}"
            + _excuse(neighbourhood, link),
            _evidence(neighbourhood, link, accounts),
        )

    return condition


def _same_code(link: Link) -> Callable[[Neighbourhood], Match | None]:
    def condition(neighbourhood: Neighbourhood) -> Match | None:
        alike, strength = likeness(neighbourhood, link, alike_by_code)
        if not alike:
            return None
        return Match(
            strength,
            f"{plural(len(alike), 'other account')} on the same {_WORDS[link]}"
            " redeemed the same code",
            _evidence(neighbourhood, link, alike),
        )

    return condition


def _aliased(neighbourhood: Neighbourhood) -> Match | None:
    accounts = others(neighbourhood, Link.EMAIL)
    if not accounts or not neighbourhood.profile.email_is_alias:
        return None
    return Match(
        closeness(neighbourhood, accounts, STRONG_FADES_US),
        f"the e-mail address is an alias of a mailbox with"
        f" {plural(len(accounts), 'other account')}",
        _evidence(neighbourhood, Link.EMAIL, accounts),
    )


def _excuse(neighbourhood: Neighbourhood, link: Link) -> str:
    if is_established(neighbourhood, link):
        return "; it is shared by strangers"
    lent = len(borrowers(neighbourhood, link))
    return f"; {lent} of them did not verify it, as this one did" if lent else ""


def _evidence(
    neighbourhood: Neighbourhood, link: Link, accounts: tuple[LinkedAccount, ...]
) -> tuple[Evidence, ...]:
    return evidence_of(neighbourhood.profile.created_at_us, link, accounts)


RULES = (
    Rule(
        "shared_device",
        "A device is the dearest identifier to change; two accounts may be a household, or the"
        " second life of a telephone. A library's computer is a place, and weighs little.",
        _shared(Link.DEVICE),
        first=0.35,
    ),
    Rule(
        "shared_phone",
        "A phone number receives the verification codes: whoever holds it holds the accounts."
        " Carriers give numbers out again, after months.",
        _shared(Link.PHONE),
        first=0.35,
    ),
    Rule(
        "shared_mailbox",
        "One mailbox is one person or one household. Honest people are among them (in the Noaat"
        " data 326 accounts share 160 mailboxes, 4 of them abusers): it never challenges alone.",
        _shared(Link.EMAIL),
        first=0.2,
        limit=0.5,
    ),
    Rule(
        "aliased_mailbox",
        "Aliases of one mailbox are the cheapest way to many accounts.",
        _aliased,
        first=0.15,
    ),
    Rule(
        "same_code_same_device",
        "Using a code again through another account is the abuse itself.",
        _same_code(Link.DEVICE),
        first=0.6,
    ),
    Rule(
        "same_code_same_phone",
        "The same, through one phone number.",
        _same_code(Link.PHONE),
        first=0.6,
    ),
    Rule(
        "same_code_same_mailbox",
        "The same, through one mailbox; a couple that shares it is asked to prove that it is two.",
        _same_code(Link.EMAIL),
        first=0.55,
    ),
)
