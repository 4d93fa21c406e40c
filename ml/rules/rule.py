"""What a rule is."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ml.reasons import Evidence
from ml.store import Neighbourhood

PREFIX = "rule."
"""Reasons of rules have codes that begin so; the model's begin with ``model.``."""


class Mode(StrEnum):
    """Whether a rule's finding counts."""

    ACTING = "acting"
    SHADOW = "shadow"
    """It is looked for and counted, and moves no score: how a rule is tried on live traffic."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule's condition met.

    Attributes:
        strength: how much of it there is, above 0; 1 is one clear case (one other account that
            signed up at the same time, one more code in the hour).
        description: the same in words, without personal data.
        evidence: the accounts behind it.
    """

    strength: float
    description: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: data, and one small pure function.

    Attributes:
        name: stable; the reason's code is ``rule.<name>``.
        why: the reason it exists.
        condition: what it met, None where it does not apply.
        first: weight of one clear case, in [0, 1].
        limit: weight that no number of cases exceeds, in [first, 1].
        mode: whether it counts.
        alone: whether it can apply to an account that shares nothing with anybody.
    """

    name: str
    why: str
    condition: Callable[[Neighbourhood], Match | None]
    first: float
    limit: float = 1.0
    mode: Mode = Mode.ACTING
    alone: bool = False

    @property
    def code(self) -> str:
        """The code of its reason."""
        return f"{PREFIX}{self.name}"

    def weight(self, strength: float) -> float:
        """The weight of a match, see :func:`saturating`; rounded to six digits."""
        return round(saturating(self.first, strength, self.limit), 6)


def saturating(first: float, strength: float, limit: float = 1.0) -> float:
    """The weight of evidence: each further case halves what is missing to the limit.

    ``first * s`` up to one case, then ``limit - (limit - first) / 2**(s - 1)``; 0 for none.
    A policy choice, not a measurement: the second account may be a household, the fourth is not.
    """
    if strength <= 0:
        return 0.0
    if strength < 1:
        return first * strength
    return limit - (limit - first) * math.exp2(1 - strength)


def plural(count: int, what: str) -> str:
    """``1 account``, ``2 accounts``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
