"""What is known of every account while a play goes on, and what it was worth. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ml.policy import ALERTED, Level
from simulator.events import Event, Redeemed, SignedUp
from simulator.gate.cast import Tale
from simulator.gate.waves import Wave


@dataclass(frozen=True, slots=True)
class Verdict:
    """A published score: whose, why it was made, and its level."""

    user_id: str
    is_registration: bool
    level: Level


@dataclass(slots=True)
class Account:
    """An account of a tale.

    Attributes:
        nth: it was the tale's so-manyeth sign-up, from 1 on.
        created_at: its sign-up.
        is_counted: whether its pack is about it.
        level: the latest.
        at_registration: the level of its own registration's scoring, before anything later.
        worst: the highest level it ever had.
        flagged_at: event time of the tale's event after which it first was high or critical.
        saved: value of what it redeemed while it was flagged: the checkout would have asked.
        lost: value of everything else it redeemed.
    """

    nth: int
    created_at: datetime
    is_counted: bool = True
    level: Level = Level.LOW
    at_registration: Level | None = None
    worst: Level = Level.LOW
    flagged_at: datetime | None = None
    saved: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)


_RANK = {level: rank for rank, level in enumerate(Level)}


class Ledger:
    """All accounts of some tales; told what was written, and then what was said of it."""

    def __init__(self, tales: Sequence[Tale], values: Mapping[str, Decimal]) -> None:
        self.tales = tales
        self.accounts: list[dict[str, Account]] = [{} for _ in tales]
        self.strangers = 0
        self._values = values
        self._tale_of: dict[str, int] = {}
        self._moments: dict[int, datetime] = {}

    def wrote(self, wave: Wave) -> None:
        """A wave is written: what it redeems is judged by the levels from before it."""
        self._moments = {tale: max(e.happened_at for e in step) for tale, step in wave}
        for tale, step in wave:
            for event in step:
                self._note(tale, event)

    def said(self, verdicts: Sequence[Verdict]) -> None:
        """What was published after the last wave, in each account's order."""
        for verdict in verdicts:
            tale = self._tale_of.get(verdict.user_id)
            if tale is None:
                self.strangers += 1
                continue
            account = self.accounts[tale][verdict.user_id]
            account.level = verdict.level
            account.worst = max(account.worst, verdict.level, key=_RANK.__getitem__)
            if verdict.is_registration and account.at_registration is None:
                account.at_registration = verdict.level
            if verdict.level in ALERTED and account.flagged_at is None:
                account.flagged_at = self._moments.get(tale)

    def unscored(self) -> list[str]:
        """Accounts of which nothing was ever said."""
        return [
            user
            for accounts in self.accounts
            for user, account in accounts.items()
            if account.at_registration is None
        ]

    def _note(self, tale: int, event: Event) -> None:
        accounts = self.accounts[tale]
        if isinstance(event, SignedUp):
            accounts[event.user_id] = Account(len(accounts) + 1, event.created_at, event.is_counted)
            self._tale_of[event.user_id] = tale
        elif isinstance(event, Redeemed) and event.used:
            account, value = accounts[event.user_id], self._values[event.promo_code]
            if account.level in ALERTED:
                account.saved += value
            else:
                account.lost += value
