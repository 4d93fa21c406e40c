"""What a play comes to, pack by pack. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from statistics import median

from ml.policy import ALERTED, Level
from simulator.gate.cast import CAST, GatePack, Kind
from simulator.gate.ledger import Account, Ledger

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """In [0, 1]; None of nothing."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Figures:
    """A pack's.

    Attributes:
        pack: whose.
        stories, accounts: how many were told, and signed up.
        flagged: high or critical when all was drained.
        challenged, denied: of these, high and critical.
        ever_flagged: high or critical at any time.
        at_registration: flagged when their own registration was scored.
        first_caught: for each story the smallest n such that its nth account was flagged at its
            own registration, None where none was.
        caught_after_s: for each story the event time, in seconds, from its first sign-up to the
            event after which one of its accounts was flagged, None where none ever was.
        saved, lost: value redeemed while flagged, and otherwise.
        by_nth: of all nth accounts of stories, how many were flagged at their registration.
        third_within_a_day: the same of third accounts that came within 24 h of the first.
    """

    pack: GatePack
    stories: int
    accounts: int
    flagged: Share
    challenged: Share
    denied: Share
    ever_flagged: Share
    at_registration: Share
    first_caught: Sequence[int | None]
    caught_after_s: Sequence[float | None]
    saved: Decimal
    lost: Decimal
    by_nth: Mapping[int, Share] = field(default_factory=dict)
    third_within_a_day: Share = Share(0, 0)

    def from_nth(self, nth: int) -> Share:
        """Accounts from the nth on that were flagged at their registration."""
        later = [share for n, share in self.by_nth.items() if n >= nth]
        return Share(sum(s.count for s in later), sum(s.of for s in later))

    @property
    def median_first_caught(self) -> float | None:
        """Median over stories, None if in half of them no registration was flagged."""
        return _median(self.first_caught)

    @property
    def median_caught_after_s(self) -> float | None:
        """Median over stories, None if half of them were never caught."""
        return _median(self.caught_after_s)


def figures(ledger: Ledger) -> list[Figures]:
    """Figures of each pack in a play, in the cast's order."""
    stories: dict[str, list[list[Account]]] = {}
    packs: dict[str, GatePack] = {}
    for tale, accounts in zip(ledger.tales, ledger.accounts, strict=True):
        packs[tale.pack.name] = tale.pack
        stories.setdefault(tale.pack.name, []).append(
            [account for account in accounts.values() if account.is_counted]
        )
    order = {pack.name: place for place, pack in enumerate(CAST)}
    return [_of(packs[name], stories[name]) for name in sorted(stories, key=order.__getitem__)]


def together(found: Iterable[Figures], kind: Kind, which: Callable[[Figures], Share]) -> Share:
    """One share over all packs of a kind."""
    shares = [which(one) for one in found if one.pack.kind is kind]
    return Share(sum(s.count for s in shares), sum(s.of for s in shares))


def _of(pack: GatePack, stories: Sequence[Sequence[Account]]) -> Figures:
    accounts = [account for story in stories for account in story]
    return Figures(
        pack=pack,
        stories=len(stories),
        accounts=len(accounts),
        flagged=_share(accounts, lambda a: a.level in ALERTED),
        challenged=_share(accounts, lambda a: a.level is Level.HIGH),
        denied=_share(accounts, lambda a: a.level is Level.CRITICAL),
        ever_flagged=_share(accounts, lambda a: a.worst in ALERTED),
        at_registration=_share(accounts, _at_once),
        first_caught=[_first_caught(story) for story in stories],
        caught_after_s=[_caught_after_s(story) for story in stories],
        saved=sum((a.saved for a in accounts), Decimal(0)),
        lost=sum((a.lost for a in accounts), Decimal(0)),
        by_nth=_by_nth(accounts),
        third_within_a_day=_share(
            [s[2] for s in stories if len(s) > 2 and s[2].created_at - s[0].created_at < DAY],
            _at_once,
        ),
    )


def _at_once(account: Account) -> bool:
    return account.at_registration in ALERTED


def _share(accounts: Sequence[Account], holds: Callable[[Account], bool]) -> Share:
    return Share(sum(map(holds, accounts)), len(accounts))


def _by_nth(accounts: Sequence[Account]) -> dict[int, Share]:
    grouped: dict[int, list[Account]] = {}
    for account in accounts:
        grouped.setdefault(account.nth, []).append(account)
    return {nth: _share(grouped[nth], _at_once) for nth in sorted(grouped)}


def _first_caught(story: Sequence[Account]) -> int | None:
    return min((a.nth for a in story if _at_once(a)), default=None)


def _caught_after_s(story: Sequence[Account]) -> float | None:
    caught = [a.flagged_at for a in story if a.flagged_at is not None]
    if not caught:
        return None
    return (min(caught) - min(a.created_at for a in story)).total_seconds()


def _median(values: Sequence[float | None]) -> float | None:
    """Where None is later than everything."""
    never = float("inf")
    middle = median([never if value is None else value for value in values])
    return None if middle == never else middle
