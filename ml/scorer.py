"""From neighbourhoods to risks: features, model, rules, policy. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ml.bundle import Model
from ml.features.catalog import CATALOG, NAMES, vector
from ml.features.feature import COMMON_FROM, Common, Fact, Feature, Unit
from ml.policy import (
    ALERTED,
    STANDARD,
    Action,
    Level,
    Policy,
    Value,
    action_of,
    combine,
    value_at_risk,
)
from ml.reasons import Reason
from ml.rules.book import Findings, findings
from ml.store import WINDOW, Link, Neighbourhood

RULES_ONLY = "rules"
"""The model version of a score that was made before there was a model."""

_MOST_MODEL_REASONS = 5
_LEAST_SHARE = 0.00005
_LEAST_CONTRIBUTION = 0.25


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything that turns what is known of an account into a verdict.

    Attributes:
        model: the running bundle; None scores by rules alone.
        policy: levels and rules.
        challenger: a bundle that is tried in shadow: its verdict is published beside the
            other, and counts for nothing.
    """

    model: Model | None = None
    policy: Policy = STANDARD
    challenger: Model | None = None


@dataclass(frozen=True, slots=True)
class Shadow:
    """What would have been said, had it counted.

    Attributes:
        rules: codes of shadow rules that applied.
        challenger_version: the challenger's version, None if there is none.
        challenger_score, challenger_level: its verdict with the acting rules.
    """

    rules: tuple[str, ...] = ()
    challenger_version: str | None = None
    challenger_score: float | None = None
    challenger_level: Level | None = None


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
        shadow: what rules and a challenger in shadow would have said.
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
    shadow: Shadow = Shadow()


def score(neighbourhoods: Sequence[Neighbourhood], judge: Judge) -> list[Risk]:
    """Score accounts with one prediction for all of them.

    Args:
        neighbourhoods: what the feature store knows of each account.
        judge: by whom.

    Returns:
        One risk for each neighbourhood, in order.
    """
    if not neighbourhoods:
        return []
    vectors, probabilities = _believed(neighbourhoods, judge.model)
    challenging = probabilities
    if judge.challenger is not None:
        _, challenging = _believed(neighbourhoods, judge.challenger)
    return [
        _judge(neighbourhood, row, float(probability), float(challenge), judge)
        for neighbourhood, row, probability, challenge in zip(
            neighbourhoods, vectors, probabilities, challenging, strict=True
        )
    ]


def _believed(
    neighbourhoods: Sequence[Neighbourhood], model: Model | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The vectors as a model sees them, and its probability of each."""
    common = model.bundle.common if model else Common()
    vectors = np.stack([vector(neighbourhood, common) for neighbourhood in neighbourhoods])
    return vectors, model.probabilities(vectors) if model else np.zeros(len(neighbourhoods))


def _judge(
    neighbourhood: Neighbourhood,
    row: NDArray[np.float64],
    probability: float,
    challenge: float,
    judge: Judge,
) -> Risk:
    model, boundaries = judge.model, judge.policy.boundaries
    common = model.bundle.common if model else Common()
    found = findings(_without_common_domain(neighbourhood, common), judge.policy.rules)
    believed = model.bundle.thresholds.score(probability) if model else 0.0
    total = combine(believed, found.reasons)
    level = boundaries.level(total)
    explained = _explained(row, model) if model and level in ALERTED else ()
    return Risk(
        user_id=neighbourhood.profile.user_id,
        score=total,
        level=level,
        action=action_of(level),
        reasons=(*found.reasons, *explained),
        model_version=model.bundle.version if model else RULES_ONLY,
        features={
            name: None if math.isnan(value) else value
            for name, value in zip(NAMES, row.tolist(), strict=True)
        },
        event_time_us=neighbourhood.as_of_us,
        value=value_at_risk(neighbourhood),
        shadow=_shadow(found, challenge, judge),
    )


def _without_common_domain(neighbourhood: Neighbourhood, common: Common) -> Neighbourhood:
    """Without neighbours through a domain that is simply common here: a provider that no list has.

    It has to fill a window too, as in a small shop a ring is a large share of all accounts.
    """
    there = neighbourhood.linked.get(Link.DOMAIN, ())
    share = common.share(Fact.EMAIL_DOMAIN, neighbourhood.profile.email_domain)
    if len(there) < WINDOW or not share >= COMMON_FROM:
        return neighbourhood
    return replace(neighbourhood, linked={**neighbourhood.linked, Link.DOMAIN: ()})


def _shadow(found: Findings, challenge: float, judge: Judge) -> Shadow:
    if judge.challenger is None:
        return Shadow(found.shadow)
    bundle = judge.challenger.bundle
    total = combine(bundle.thresholds.score(challenge), found.reasons)
    return Shadow(found.shadow, bundle.version, total, judge.policy.boundaries.level(total))


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
