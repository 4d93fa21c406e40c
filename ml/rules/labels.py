"""Rules about what analysts and the shop have confirmed."""

from collections.abc import Callable, Sequence

from ml.reasons import Evidence, evidence_of
from ml.rules.closeness import STRONG_FADES_US, WEAK_FADES_US, closeness, nearby, others
from ml.rules.rule import Match, Rule, plural
from ml.store import DAY_US, Link, LinkedAccount, Neighbourhood


def _abusers(accounts: Sequence[LinkedAccount]) -> tuple[LinkedAccount, ...]:
    return tuple([account for account in accounts if account.label])


def _shared(links: Sequence[Link], what: str) -> Callable[[Neighbourhood], Match | None]:
    def condition(neighbourhood: Neighbourhood) -> Match | None:
        found: dict[str, LinkedAccount] = {}
        evidence: list[Evidence] = []
        for link in links:
            abusers = _abusers(others(neighbourhood, link))
            found |= {abuser.user_id: abuser for abuser in abusers}
            evidence += evidence_of(neighbourhood.profile.created_at_us, link, abusers)
        if not found:
            return None
        return Match(
            # One abuser is one clear case, however long ago it signed up.
            max(1.0, closeness(neighbourhood, tuple(found.values()), STRONG_FADES_US)),
            f"shares a {what} with {plural(len(found), 'known abuser')}",
            tuple(evidence),
        )

    return condition


def _near(neighbourhood: Neighbourhood) -> Match | None:
    abusers = _abusers(nearby(neighbourhood, Link.IP, DAY_US))
    if not abusers:
        return None
    return Match(
        closeness(neighbourhood, abusers, WEAK_FADES_US),
        f"{plural(len(abusers), 'known abuser')} signed up on the same IP address on that day",
        evidence_of(neighbourhood.profile.created_at_us, Link.IP, abusers),
    )


RULES = (
    Rule(
        "linked_to_abuser",
        "What analysts have confirmed reaches the accounts that share a device or a phone,"
        " however long ago.",
        _shared((Link.DEVICE, Link.PHONE), "device or phone"),
        first=0.7,
    ),
    Rule(
        "mailbox_of_abuser",
        "The same through a mailbox, which honest people share with abusers now and then (4 in"
        " the Noaat data): it never challenges alone.",
        _shared((Link.EMAIL,), "mailbox"),
        first=0.45,
        limit=0.55,
    ),
    Rule(
        "near_abuser",
        "Where one account was confirmed, those of the same address and day deserve a look.",
        _near,
        first=0.3,
        limit=0.55,
    ),
)
