"""From evidence to a verdict: one number, its level, and what the checkout should do. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from connectors.amounts import LEAST, MOST, share, total
from ml.reasons import Reason
from ml.rules import labels
from ml.rules.book import RULES
from ml.rules.rule import Rule
from ml.store import Neighbourhood


class Level(StrEnum):
    """How sure we are; a policy's boundaries on the score decide."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Action(StrEnum):
    """What the checkout should do."""

    ALLOW = "allow"
    CHALLENGE = "challenge"
    DENY = "deny"


MEDIUM_FROM, HIGH_FROM, CRITICAL_FROM = 0.3, 0.6, 0.85
"""Boundaries of the levels on the score: a convention, the model is mapped onto it."""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Scores at which the levels begin, ``0 < medium < high < critical <= 1``."""

    medium: float = MEDIUM_FROM
    high: float = HIGH_FROM
    critical: float = CRITICAL_FROM

    def level(self, score: float) -> Level:
        """The level of a score."""
        if score >= self.critical:
            return Level.CRITICAL
        if score >= self.high:
            return Level.HIGH
        return Level.MEDIUM if score >= self.medium else Level.LOW


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator decides about scores: the levels' boundaries, and the rules."""

    boundaries: Boundaries = field(default_factory=Boundaries)
    rules: tuple[Rule, ...] = RULES


STANDARD = Policy()
"""The policy that holds where no policy file says otherwise."""

ALERTED = frozenset({Level.HIGH, Level.CRITICAL})
"""Levels for which an alert is raised."""

_ACTIONS = {
    Level.LOW: Action.ALLOW,
    Level.MEDIUM: Action.ALLOW,
    Level.HIGH: Action.CHALLENGE,
    Level.CRITICAL: Action.DENY,
}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Calibrated probabilities at which the levels begin, ``0 < medium < high < critical < 1``."""

    medium: float
    high: float
    critical: float

    @property
    def knots(self) -> tuple[tuple[float, float], ...]:
        """Probabilities and what they are on the policy's scale."""
        return (
            (0.0, 0.0),
            (self.medium, MEDIUM_FROM),
            (self.high, HIGH_FROM),
            (self.critical, CRITICAL_FROM),
            (1.0, 1.0),
        )

    def score(self, probability: float) -> float:
        """Map a probability onto the policy's scale, linearly between the thresholds."""
        for (x0, y0), (x1, y1) in pairwise(self.knots):
            if probability <= x1:
                return y0 + (y1 - y0) * (probability - x0) / (x1 - x0)
        return 1.0


_BEYOND_THE_MODEL = frozenset(rule.code for rule in labels.RULES)
"""Codes of the rules that know what no model is told: the labels of linked accounts."""


def combine(model_score: float, rules: Sequence[Reason]) -> float:
    """One score of the model's and the rules', in [0, 1].

    Rules about links, likeness and speed read the same evidence as the model: of the two
    readings the stronger one counts, as counting both would count a household's tablet twice.
    Among each other, and with what is known of labels, rules are taken as independent causes:
    noisy-or, ``1 - prod(1 - weight)`` (Pearl, Probabilistic Reasoning, 1988, 4.3.2). Evidence
    only ever adds up. Rounded to six digits: the published number is the number.
    """
    read = 1.0 - _innocent(rule for rule in rules if rule.code not in _BEYOND_THE_MODEL)
    labelled = _innocent(rule for rule in rules if rule.code in _BEYOND_THE_MODEL)
    return round(min(1.0, max(0.0, 1.0 - (1.0 - max(model_score, read)) * labelled)), 6)


def _innocent(rules: Iterable[Reason]) -> float:
    innocent = 1.0
    for rule in rules:
        innocent *= 1.0 - rule.contribution
    return innocent


def action_of(level: Level) -> Action:
    """What the checkout should do at a level."""
    return _ACTIONS[level]


@dataclass(frozen=True, slots=True)
class Value:
    """Promo value at risk in the shop's currency; a lower bound where a percentage is in it."""

    amount: Decimal
    is_lower_bound: bool


def value_at_risk(neighbourhood: Neighbourhood) -> Value | None:
    """What the account's redemptions gave away, as far as the codes' terms are known.

    A fixed discount gives its value; a percentage at least its share of the minimum purchase.
    What is worth more than any store can hold counts as the most that one can, a lower bound.
    None where no redeemed code has terms that tell, or where it is less than any store can hold.
    """
    values = [
        value
        for redemption in neighbourhood.redemptions
        if (value := _value_of(neighbourhood, redemption.canonical_code)) is not None
    ]
    if not values:
        return None
    return _within(
        total(value.amount for value in values), any(value.is_lower_bound for value in values)
    )


def _value_of(neighbourhood: Neighbourhood, canonical_code: str) -> Value | None:
    terms = neighbourhood.codes.get(canonical_code)
    if terms is None or terms.discount_value is None:
        return None
    if terms.discount_type == "fixed_amount":
        return Value(terms.discount_value, is_lower_bound=False)
    if terms.discount_type == "percentage" and terms.min_purchase_amount is not None:
        given = share(terms.min_purchase_amount, terms.discount_value)
        return _within(given, is_lower_bound=True)
    return None


def _within(amount: Decimal, is_lower_bound: bool) -> Value | None:
    """Saturated at what a store can hold."""
    if amount > MOST:
        return Value(MOST, is_lower_bound=True)
    return None if amount < LEAST else Value(amount, is_lower_bound)
