"""What may have been missing around an account when it was scored, and what remains without it.

Pure. Nothing here knows what a feature means: a neighbourhood is taken apart into the events it
consists of, and put together again without some of them.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from ml.parity.causes import Cause, Causes, Kind
from ml.parity.vectors import as_it_stood
from ml.store import WINDOW, Link, LinkedAccount, Neighbourhood, Redemption, identifiers
from warehouse.scorings import Scoring


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What today's rows say around a scored account, several windows wide.

    Attributes:
        everyone: with accounts that were declared falsely linked, and through identifiers that
            identify nobody.
        linked: without those accounts.
        counted: the kinds of its identifiers that identify somebody.
    """

    everyone: Neighbourhood
    linked: Neighbourhood
    counted: frozenset[Link]


@dataclass(frozen=True, slots=True)
class Late:
    """An event that holds today and may have been missing.

    Attributes:
        cause: for people.
        user_id: whose row, redemption, link or identifier.
        redemption: which one, None for an account and a decision.
        known_by_us: by when it was known at the latest.
    """

    cause: Cause
    user_id: str
    redemption: Redemption | None
    known_by_us: int


def late_events(scoring: Scoring, around: Surroundings, causes: Causes) -> list[Late]:
    """Everything around a scored account that may have been missing, the latest known first."""
    then, at_us = around.everyone, scoring.event_time_us
    found = list(_redemptions(scoring, scoring.user_id, then.redemptions, causes))
    own_at = [then.profile.created_at_us, *(r.used_at_us for r in then.redemptions)]
    if own_at.count(at_us) == 1:
        # The event that the scoring is dated by was known to it.
        found = [late for late in found if late.redemption and late.redemption.used_at_us != at_us]
    words = list(_words(scoring, then, causes))
    turned = {late.cause.identity for late in words}
    for account in _others(then, at_us, around.counted | {Link(kind) for kind in turned}):
        user = account.user_id
        for cause, known_by in (
            causes.account(scoring, user),
            causes.link_decision(scoring, user),
        ):
            if cause is not None:
                found.append(Late(cause, user, None, known_by))
        found += _redemptions(scoring, user, account.redemptions, causes)
    return sorted(words + found, key=lambda late: (-late.known_by_us, late.cause))


def without(
    missing: Collection[Late], scoring: Scoring, around: Surroundings
) -> Neighbourhood | None:
    """The neighbourhood as it stood, had these been missing; None without its newest event."""
    then = around.everyone
    gone = {late.user_id for late in missing if late.cause.kind in (Kind.REGISTRATION, Kind.UPDATE)}
    undecided = {late.user_id for late in missing if late.cause.kind is Kind.LINK_DECISION}
    turned = {
        late.cause.identity for late in missing if late.cause.kind is Kind.IDENTIFIER_DECISION
    }
    unused = {(late.user_id, late.redemption) for late in missing if late.redemption}
    own = tuple(r for r in then.redemptions if (scoring.user_id, r) not in unused)
    linked = {}
    for link, wide in then.linked.items():
        # A word that was not known yet: what links today did not, or the other way round.
        if (link in around.counted) == (link.value in turned):
            continue
        today = {account.user_id for account in around.linked.linked.get(link, ())}
        there = [account for account in wide if account.user_id not in gone]
        linked[link] = tuple(
            _less(account, unused)
            for account in _window(there, then)
            # A decision that was not known yet: what holds today did not hold.
            if (account.user_id in today) != (account.user_id in undecided)
        )
    fewer = len(own) < len(then.redemptions)
    last = own[-1].used_at_us if own and fewer else None if fewer else then.last_redeemed_at_us
    rest = replace(then, redemptions=own, last_redeemed_at_us=last, linked=linked)
    return as_it_stood(rest, scoring.event_time_us)


def _words(scoring: Scoring, around: Neighbourhood, causes: Causes) -> Iterator[Late]:
    """Words on the account's identifiers that may have been missing."""
    for link, hashed in identifiers(around.profile).items():
        cause, known_by = causes.identifier_decision(scoring, link, hashed)
        if cause is not None:
            yield Late(cause, scoring.user_id, None, known_by)


def _redemptions(
    scoring: Scoring, user_id: str, redemptions: tuple[Redemption, ...], causes: Causes
) -> Iterator[Late]:
    for redemption, (cause, known_by) in causes.redemptions(scoring, user_id, redemptions).items():
        if redemption.used_at_us <= scoring.event_time_us:
            yield Late(cause, user_id, redemption, known_by)


def _others(around: Neighbourhood, moment_us: int, kinds: Collection[Link]) -> list[LinkedAccount]:
    """The accounts linked by then, through some kinds of identifier, each once."""
    found = {
        account.user_id: account
        for link, accounts in around.linked.items()
        if link in kinds
        for account in accounts
        if account.created_at_us <= moment_us
    }
    return list(found.values())


def _less(
    account: LinkedAccount, unused: Collection[tuple[str, Redemption | None]]
) -> LinkedAccount:
    if not unused:
        return account
    kept = tuple(r for r in account.redemptions if (account.user_id, r) not in unused)
    return replace(account, redemptions=kept)


def _window(wide: list[LinkedAccount], around: Neighbourhood) -> list[LinkedAccount]:
    """The window out of several of them."""
    own = around.profile.created_at_us, around.profile.user_id
    at = bisect_left(wide, own, key=lambda account: (account.created_at_us, account.user_id))
    return wide[max(0, at - WINDOW) : at + WINDOW]
