"""What a rule is."""

from collections.abc import Callable
from dataclasses import dataclass

from ml.reasons import Evidence
from ml.store import Neighbourhood


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: how much it weighs in [0, 1], in words, and the accounts behind it."""

    weight: float
    description: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: data, and one small pure function.

    Attributes:
        name: stable; the reason's code is ``rule.<name>``.
        why: the reason it exists.
        find: the finding, or None where the rule does not apply.
    """

    name: str
    why: str
    find: Callable[[Neighbourhood], Finding | None]


def saturating(first: float, others: int, limit: float = 1.0) -> float:
    """The weight of a link to ``others`` accounts: each further one halves what is missing.

    ``first`` for one account, then ``limit - (limit - first) / 2**(others - 1)``; 0 for none.
    A policy choice, not a measurement: the second account may be a household, the fourth is not.
    """
    return limit - (limit - first) / 2.0 ** (others - 1) if others > 0 else 0.0


def plural(count: int, what: str) -> str:
    """``1 account``, ``2 accounts``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
