"""A comparison as text and as JSON. Pure, and the same for the same comparison."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ml.backtest.comparison import Alerts, Changed, Comparison, Hits
from ml.policy import Level, Value
from ml.scorer import RULES_ONLY, Judge

_LEADING = 3


def text(found: Comparison, before: Judge, after: Judge, limit: int, currency: str) -> str:
    """The report for a person.

    Args:
        found: the comparison.
        before, after: its judges.
        limit: how many accounts to name.
        currency: of the money.
    """
    return "\n".join(
        (
            f"{found.accounts:,} accounts; model {name_of(before)} before, {name_of(after)} after",
            "",
            *_levels(found),
            "",
            *_alerts(found, currency),
            "",
            *_rules(found, before, after),
            "",
            *_accounts(found, limit, currency),
        )
    )


def document(found: Comparison, before: Judge, after: Judge, limit: int) -> dict[str, Any]:
    """The report for a program."""
    return {
        "accounts": found.accounts,
        "models": {"before": name_of(before), "after": name_of(after)},
        "levels": [
            {"before": old, "after": new, "accounts": found.levels[old, new]}
            for old in Level
            for new in Level
            if found.levels[old, new]
        ],
        "alerts": {
            "before": _alerts_document(found.before),
            "after": _alerts_document(found.after),
            "gained": _alerts_document(found.gained),
            "lost": _alerts_document(found.lost),
        },
        "rules": {
            code: {
                "before": {"mode": mode_before, **_hits_document(hits[0])},
                "after": {"mode": mode_after, **_hits_document(hits[1])},
            }
            for code, mode_before, mode_after, hits in _by_rule(found, before, after)
        },
        "changed": len(found.changed),
        "look_at": [_changed_document(one) for one in found.changed[:limit]],
    }


def name_of(judge: Judge) -> str:
    """The version of a judge's model."""
    return judge.model.bundle.version if judge.model else RULES_ONLY


def _levels(found: Comparison) -> Iterator[str]:
    yield f"{'level before / after':<22}" + "".join(f"{level:>10}" for level in Level)
    for old in Level:
        yield f"{old:<22}" + "".join(f"{found.levels[old, new]:>10,}" for new in Level)


def _alerts(found: Comparison, currency: str) -> Iterator[str]:
    yield f"{'alerts':<10}{'accounts':>10}{'abusers':>10}{'honest':>10}  value at risk ({currency})"
    for name, alerts in (
        ("before", found.before),
        ("after", found.after),
        ("gained", found.gained),
        ("lost", found.lost),
    ):
        counts = "".join(f"{n:>10,}" for n in (alerts.accounts, alerts.abusers, alerts.honest))
        yield f"{name:<10}{counts}  {_worth(alerts)}"


def _worth(alerts: Alerts) -> str:
    least = "at least " if alerts.lower_bound else ""
    unknown = f", unknown for {alerts.unvalued:,}" if alerts.unvalued else ""
    return f"{least}{alerts.value:,.2f}{unknown}"


def _rules(found: Comparison, before: Judge, after: Judge) -> Iterator[str]:
    yield f"{'rule':<34}{'before':<28}after (hits, mean weight)"
    for code, mode_before, mode_after, (old, new) in _by_rule(found, before, after):
        yield f"{code:<34}{_hits(old, mode_before):<28}{_hits(new, mode_after)}"


def _by_rule(
    found: Comparison, before: Judge, after: Judge
) -> Iterator[tuple[str, str, str, tuple[Hits, Hits]]]:
    """Every rule of the book, those without a hit too, in the book's order."""
    modes = {rule.code: rule.mode for rule in after.policy.rules}
    for rule in before.policy.rules:
        hits = found.rules.get(rule.code, (Hits(), Hits()))
        yield rule.code, rule.mode, modes[rule.code], hits


def _hits(hits: Hits, mode: str) -> str:
    if hits.shadow:
        return f"{hits.shadow:,} in shadow"
    if not hits.acting:
        return "none" if mode == "acting" else mode
    return f"{hits.acting:,}, {hits.weight / hits.acting:.3f}"


def _accounts(found: Comparison, limit: int, currency: str) -> Iterator[str]:
    shown = found.changed[:limit]
    yield f"{len(found.changed):,} accounts change" + (
        f"; the {len(shown):,} that change most:" if shown else ""
    )
    for one in shown:
        yield (
            f"  {one.user_id}: {one.before:.3f} {one.level_before} -> {one.after:.3f}"
            f" {one.level_after}{_known(one)}{_value(one.value, currency)}"
        )
        for reason in one.reasons[:_LEADING]:
            yield f"      {reason.code} {reason.contribution:.3f}: {reason.description}"


def _known(one: Changed) -> str:
    return "" if one.label is None else ", known abuser" if one.label else ", known honest"


def _value(value: Value | None, currency: str) -> str:
    if value is None:
        return ""
    return f", {'at least ' if value.is_lower_bound else ''}{value.amount:,.2f} {currency}"


def _alerts_document(alerts: Alerts) -> Mapping[str, Any]:
    return {
        "accounts": alerts.accounts,
        "abusers": alerts.abusers,
        "honest": alerts.honest,
        "value_at_risk": float(alerts.value),
        "value_is_lower_bound": alerts.lower_bound,
        "value_unknown": alerts.unvalued,
    }


def _hits_document(hits: Hits) -> Mapping[str, Any]:
    return {"acting": hits.acting, "weight": round(hits.weight, 6), "shadow": hits.shadow}


def _changed_document(one: Changed) -> Mapping[str, Any]:
    return {
        "user_id": one.user_id,
        "label": one.label,
        "before": {"score": one.before, "level": one.level_before},
        "after": {"score": one.after, "level": one.level_after},
        "reasons": _reasons(one),
        "value_at_risk": None if one.value is None else float(one.value.amount),
        "value_is_lower_bound": one.value is not None and one.value.is_lower_bound,
    }


def _reasons(one: Changed) -> Sequence[Mapping[str, Any]]:
    return [
        {"code": reason.code, "description": reason.description, "weight": reason.contribution}
        for reason in one.reasons[:_LEADING]
    ]
