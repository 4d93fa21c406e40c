"""The rule book: every rule, and what they find together."""

from ml.reasons import Reason
from ml.rules import links, speed
from ml.rules.rule import Rule
from ml.store import Neighbourhood

RULES: tuple[Rule, ...] = (*links.RULES, *speed.RULES)


def findings(neighbourhood: Neighbourhood) -> tuple[Reason, ...]:
    """The reasons of all rules that apply, heaviest first (ties by code)."""
    reasons = []
    for rule in RULES:
        found = rule.find(neighbourhood)
        if found is not None:
            reasons.append(
                Reason(f"rule.{rule.name}", found.description, found.weight, found.evidence)
            )
    return tuple(sorted(reasons, key=lambda reason: (-reason.contribution, reason.code)))
