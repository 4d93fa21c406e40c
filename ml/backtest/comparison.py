"""Every account's latest risk under two judges, and what lies between them. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from ml.memory_store import MemoryStore
from ml.policy import ALERTED, Level, Value
from ml.reasons import Reason
from ml.scorer import Judge, Risk, score

_BATCH = 1_000
"""Accounts that are scored with one prediction."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An account whose score or level differs between the judges.

    Attributes:
        user_id: the account.
        label: what is known of it.
        before, after: scores.
        level_before, level_after: levels.
        reasons: what leads the higher of both scores, heaviest first.
        value: what its redemptions gave away.
    """

    user_id: str
    label: bool | None
    before: float
    after: float
    level_before: Level
    level_after: Level
    reasons: tuple[Reason, ...]
    value: Value | None

    @property
    def gained(self) -> bool:
        """It is alerted now, and was not."""
        return self.level_after in ALERTED and self.level_before not in ALERTED

    @property
    def lost(self) -> bool:
        """It was alerted, and is not any more."""
        return self.level_before in ALERTED and self.level_after not in ALERTED


@dataclass(slots=True)
class Alerts:
    """A set of alerts: how many, who of them is labelled, and what they are worth.

    ``value`` adds up what is known; ``lower_bound`` says that a percentage is in it,
    ``unvalued`` counts the accounts of which nothing is known.
    """

    accounts: int = 0
    abusers: int = 0
    honest: int = 0
    value: Decimal = Decimal(0)
    lower_bound: bool = False
    unvalued: int = 0

    def add(self, label: bool | None, value: Value | None) -> None:
        """Count one account's alert."""
        self.accounts += 1
        self.abusers += label is True
        self.honest += label is False
        if value is None:
            self.unvalued += 1
        else:
            self.value += value.amount
            self.lower_bound |= value.is_lower_bound


@dataclass(slots=True)
class Hits:
    """How often a rule applied: acting with so much weight in all, or in shadow."""

    acting: int = 0
    weight: float = 0.0
    shadow: int = 0


@dataclass(slots=True)
class Comparison:
    """What two judges say of all accounts.

    Attributes:
        levels: accounts by level before and after.
        before, after, gained, lost: alerts.
        rules: for each rule's code its hits before and after.
        changed: the accounts that differ, the largest change first (ties by account).
    """

    levels: Counter[tuple[Level, Level]] = field(default_factory=Counter)
    before: Alerts = field(default_factory=Alerts)
    after: Alerts = field(default_factory=Alerts)
    gained: Alerts = field(default_factory=Alerts)
    lost: Alerts = field(default_factory=Alerts)
    rules: Mapping[str, tuple[Hits, Hits]] = field(
        default_factory=lambda: defaultdict(lambda: (Hits(), Hits()))
    )
    changed: list[Changed] = field(default_factory=list)

    @property
    def accounts(self) -> int:
        """How many accounts there are."""
        return self.levels.total()


def compare(store: MemoryStore, before: Judge, after: Judge) -> Comparison:
    """Judge every registered account twice.

    Args:
        store: everything that is known; it is not changed.
        before, after: the judges; challengers have no part in it.
    """
    made = Comparison()
    accounts = iter(sorted(store.accounts()))
    while batch := list(islice(accounts, _BATCH)):
        around = [n for user in batch if (n := store.neighbourhood(user)) is not None]
        for old, new in zip(score(around, before), score(around, after), strict=True):
            _add(made, old, new, store.label(old.user_id))
    made.changed.sort(key=lambda one: (-abs(one.after - one.before), one.user_id))
    return made


def _add(made: Comparison, old: Risk, new: Risk, label: bool | None) -> None:
    made.levels[old.level, new.level] += 1
    for side, risk in enumerate((old, new)):
        _count_rules(made, side, risk)
        if risk.level in ALERTED:
            (made.before, made.after)[side].add(label, risk.value)
    if (old.score, old.level) == (new.score, new.level):
        return
    reasons = (new if new.score >= old.score else old).reasons
    changed = Changed(
        old.user_id, label, old.score, new.score, old.level, new.level, reasons, new.value
    )
    made.changed.append(changed)
    for applies, alerts in ((changed.gained, made.gained), (changed.lost, made.lost)):
        if applies:
            alerts.add(label, changed.value)


def _count_rules(made: Comparison, side: int, risk: Risk) -> None:
    for reason in _of_rules(risk):
        hits = made.rules[reason.code][side]
        hits.acting += 1
        hits.weight += reason.contribution
    for code in risk.shadow.rules:
        made.rules[code][side].shadow += 1


def _of_rules(risk: Risk) -> Iterator[Reason]:
    return (reason for reason in risk.reasons if reason.code.startswith("rule."))
