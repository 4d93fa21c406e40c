"""What may have been missing around an account when it was scored, and what remains without it.

Pure. Nothing here knows what a feature means: a neighbourhood is taken apart into the events it
consists of, and put together again without some of them.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from ml.parity.causes import Cause, Causes, Kind
from ml.parity.vectors import as_it_stood
from ml.store import WINDOW, LinkedAccount, Neighbourhood, Redemption
from warehouse.scorings import Scoring


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What today's rows say around a scored account, several windows wide.

    Attributes:
        everyone: with accounts that were declared falsely linked.
        linked: without them.
    """

    everyone: Neighbourhood
    linked: Neighbourhood


@dataclass(frozen=True, slots=True)
class Late:
    """An event that holds today and may have been missing.

    Attributes:
        cause: for people.
        user_id: whose row, redemption or link.
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
    for account in _others(then, at_us):
        user = account.user_id
        for cause, known_by in (
            causes.account(scoring, user),
            causes.link_decision(scoring, user),
        ):
            if cause is not None:
                found.append(Late(cause, user, None, known_by))
        found += _redemptions(scoring, user, account.redemptions, causes)
    return sorted(found, key=lambda late: (-late.known_by_us, late.cause))


def without(
    missing: Collection[Late], scoring: Scoring, around: Surroundings
) -> Neighbourhood | None:
    """The neighbourhood as it stood, had these been missing; None without its newest event."""
    then = around.everyone
    gone = {late.user_id for late in missing if late.cause.kind in (Kind.REGISTRATION, Kind.UPDATE)}
    undecided = {late.user_id for late in missing if late.cause.kind is Kind.LINK_DECISION}
    unused = {(late.user_id, late.redemption) for late in missing if late.redemption}
    own = tuple(r for r in then.redemptions if (scoring.user_id, r) not in unused)
    linked = {}
    for link, wide in then.linked.items():
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


def _redemptions(
    scoring: Scoring, user_id: str, redemptions: tuple[Redemption, ...], causes: Causes
) -> Iterator[Late]:
    for redemption, (cause, known_by) in causes.redemptions(scoring, user_id, redemptions).items():
        if redemption.used_at_us <= scoring.event_time_us:
            yield Late(cause, user_id, redemption, known_by)


def _others(around: Neighbourhood, moment_us: int) -> list[LinkedAccount]:
    """The accounts linked by then, through whatever, each once."""
    found = {
        account.user_id: account
        for accounts in around.linked.values()
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
