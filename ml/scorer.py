"""From neighbourhoods to risks: features, model, rules, policy. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.bundle import Model
from ml.features.catalog import CATALOG, NAMES, vector
from ml.features.feature import Common, Feature, Unit
from ml.policy import (
    ALERTED,
    Action,
    Level,
    Value,
    action_of,
    combine,
    level_of,
    value_at_risk,
)
from ml.reasons import Reason
from ml.rules.book import findings
from ml.store import Neighbourhood

RULES_ONLY = "rules"
"""The model version of a score that was made before there was a model."""

_MOST_MODEL_REASONS = 5
_LEAST_SHARE = 0.00005
_LEAST_CONTRIBUTION = 0.25


@dataclass(frozen=True, slots=True)
class Risk:
    """The verdict on one account, a function of its neighbourhood and the bundle alone.

    Attributes:
        user_id: the account.
        score: in [0, 1].
        level, action: what the policy makes of it.
        reasons: heaviest first, the rules' before the model's.
        model_version: the bundle's, or :data:`RULES_ONLY`.
        features: the exact as-of vector by name; None where unknown.
        event_time_us: event time of the account's newest own event.
        value: what its redemptions gave away, None where unknown.
    """

    user_id: str
    score: float
    level: Level
    action: Action
    reasons: tuple[Reason, ...]
    model_version: str
    features: Mapping[str, float | None]
    event_time_us: int
    value: Value | None


def score(neighbourhoods: Sequence[Neighbourhood], model: Model | None) -> list[Risk]:
    """Score accounts with one prediction for all of them.

    Args:
        neighbourhoods: what the feature store knows of each account.
        model: the running bundle; None scores by rules alone.

    Returns:
        One risk for each neighbourhood, in order.
    """
    if not neighbourhoods:
        return []
    common = model.bundle.common if model else Common()
    vectors = np.stack([vector(neighbourhood, common) for neighbourhood in neighbourhoods])
    probabilities = model.probabilities(vectors) if model else np.zeros(len(neighbourhoods))
    return [
        _judge(neighbourhood, row, float(probability), model)
        for neighbourhood, row, probability in zip(
            neighbourhoods, vectors, probabilities, strict=True
        )
    ]


def _judge(
    neighbourhood: Neighbourhood,
    row: NDArray[np.float64],
    probability: float,
    model: Model | None,
) -> Risk:
    rules = findings(neighbourhood)
    believed = model.bundle.thresholds.score(probability) if model else 0.0
    total = combine(believed, rules)
    level = level_of(total)
    explained = _explained(row, model) if model and level in ALERTED else ()
    return Risk(
        user_id=neighbourhood.profile.user_id,
        score=total,
        level=level,
        action=action_of(level),
        reasons=(*rules, *explained),
        model_version=model.bundle.version if model else RULES_ONLY,
        features={
            name: None if math.isnan(value) else value
            for name, value in zip(NAMES, row.tolist(), strict=True)
        },
        event_time_us=neighbourhood.as_of_us,
        value=value_at_risk(neighbourhood),
    )


def _explained(row: NDArray[np.float64], model: Model) -> tuple[Reason, ...]:
    """The model's weightiest reasons for suspicion, in words."""
    shares = model.contributions(row)
    heaviest = np.argsort(-shares, kind="stable")[:_MOST_MODEL_REASONS]
    return tuple(
        Reason(
            f"model.{CATALOG[i].name}",
            _in_words(CATALOG[i], float(row[i])),
            round(float(shares[i]), 6),
        )
        for i in heaviest
        if shares[i] >= _LEAST_CONTRIBUTION
    )


def _in_words(feature: Feature, value: float) -> str:
    return f"{feature.meaning}: {shown(feature.unit, value)}"


def shown(unit: Unit, value: float) -> str:
    """A feature's value as a person would say it."""
    if math.isnan(value):
        return "unknown"
    match unit:
        case Unit.SHARE:
            return f"{value:.2%} of all" if value >= _LEAST_SHARE else "hardly any"
        case Unit.SECONDS:
            return _span(value)
        case Unit.FLAG:
            return "yes" if value else "no"
        case Unit.YEARS:
            return f"{value:.0f} years"
        case _:
            return f"{value:.0f}"


def _span(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.0f} s"
