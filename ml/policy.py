"""From evidence to a verdict: one number, its level, and what the checkout should do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from ml.reasons import Reason
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
    """Probabilities of a model at which the levels begin, ``0 < medium < high < critical < 1``."""

    medium: float
    high: float
    critical: float

    def score(self, probability: float) -> float:
        """Map a probability onto the policy's scale, linearly between the thresholds."""
        knots = (
            (0.0, 0.0),
            (self.medium, MEDIUM_FROM),
            (self.high, HIGH_FROM),
            (self.critical, CRITICAL_FROM),
            (1.0, 1.0),
        )
        for (x0, y0), (x1, y1) in pairwise(knots):
            if probability <= x1:
                return y0 + (y1 - y0) * (probability - x0) / (x1 - x0)
        return 1.0


def combine(model_score: float, rules: Sequence[Reason]) -> float:
    """Noisy-or of the model and the rules: ``1 - (1 - model) * prod(1 - weight)``, in [0, 1].

    Each is taken as an independent cause (Pearl, Probabilistic Reasoning, 1988, 4.3.2), so
    evidence only ever adds up. Rounded to six digits: the published number is the number.
    """
    innocent = 1.0 - model_score
    for reason in rules:
        innocent *= 1.0 - reason.contribution
    return round(min(1.0, max(0.0, 1.0 - innocent)), 6)


def level_of(score: float) -> Level:
    """The level of a score."""
    if score >= CRITICAL_FROM:
        return Level.CRITICAL
    if score >= HIGH_FROM:
        return Level.HIGH
    return Level.MEDIUM if score >= MEDIUM_FROM else Level.LOW


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
    None where no redeemed code has terms that tell.
    """
    values = [
        value
        for redemption in neighbourhood.redemptions
        if (value := _given(neighbourhood, redemption.promo_code)) is not None
    ]
    if not values:
        return None
    total = sum((value.amount for value in values), Decimal(0))
    return Value(total, any(value.is_lower_bound for value in values))


def _given(neighbourhood: Neighbourhood, promo_code: str) -> Value | None:
    terms = neighbourhood.codes.get(promo_code)
    if terms is None or terms.discount_value is None:
        return None
    if terms.discount_type == "fixed_amount":
        return Value(terms.discount_value, is_lower_bound=False)
    if terms.discount_type == "percentage" and terms.min_purchase_amount is not None:
        given = terms.min_purchase_amount * terms.discount_value / 100
        return Value(given, is_lower_bound=True)
    return None
