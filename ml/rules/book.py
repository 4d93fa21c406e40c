"""The rule book: every rule, what they find together, and how an operator changes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.errors import PolicyError
from ml.reasons import Reason
from ml.rules import bridges, codes, domains, labels, places, sharing, speed
from ml.rules.rule import Mode, Rule
from ml.store import Neighbourhood

RULES: tuple[Rule, ...] = (
    *sharing.RULES,
    *bridges.RULES,
    *places.RULES,
    *domains.RULES,
    *codes.RULES,
    *labels.RULES,
    *speed.RULES,
)
"""The standard book."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a book finds.

    Attributes:
        reasons: of the acting rules, heaviest first (ties by code).
        shadow: codes of the shadow rules that would have acted, in the book's order.
    """

    reasons: tuple[Reason, ...]
    shadow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What an operator may change of a rule; None leaves it."""

    mode: Mode | None = None
    first: float | None = None
    limit: float | None = None


def findings(neighbourhood: Neighbourhood, rules: Sequence[Rule] = RULES) -> Findings:
    """Ask every rule that is not off."""
    reasons, shadow = [], []
    linked = any(neighbourhood.linked.values())  # most accounts share nothing with anybody
    for rule in rules:
        if rule.mode is Mode.OFF or not (linked or rule.alone):
            continue
        match = rule.condition(neighbourhood)
        if match is None:
            continue
        if rule.mode is Mode.SHADOW:
            shadow.append(rule.code)
        else:
            weight = rule.weight(match.strength)
            reasons.append(Reason(rule.code, match.description, weight, match.evidence))
    reasons.sort(key=lambda reason: (-reason.contribution, reason.code))
    return Findings(tuple(reasons), tuple(shadow))


def changed(changes: Mapping[str, RuleChange], rules: Sequence[Rule] = RULES) -> tuple[Rule, ...]:
    """A book with some rules changed.

    Raises:
        PolicyError: there is no such rule, or not ``0 <= first <= limit <= 1``.
    """
    unknown = sorted(changes.keys() - {rule.name for rule in rules})
    if unknown:
        known = ", ".join(sorted(rule.name for rule in rules))
        raise PolicyError(f"there is no rule {unknown[0]!r}: the rules are {known}")
    return tuple(_changed(rule, changes.get(rule.name, RuleChange())) for rule in rules)


def _changed(rule: Rule, change: RuleChange) -> Rule:
    fresh = replace(
        rule,
        mode=rule.mode if change.mode is None else change.mode,
        first=rule.first if change.first is None else change.first,
        limit=rule.limit if change.limit is None else change.limit,
    )
    if not 0 <= fresh.first <= fresh.limit <= 1:
        raise PolicyError(
            f"rule {rule.name}: first {fresh.first:g} and limit {fresh.limit:g} must be"
            " 0 <= first <= limit <= 1"
        )
    return fresh
