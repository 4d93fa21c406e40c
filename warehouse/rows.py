"""From events and documents to rows, one for one. Pure.

A row is written as JSON under its columns' names; ClickHouse parses it by the table's types.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, assert_never

import orjson

from connectors.columns import microseconds
from connectors.errors import PoisonMessage
from connectors.events import (
    CodeDefined,
    CodeWithdrawn,
    Erased,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    RowChange,
    Updated,
)
from connectors.moments import iso

_AMOUNTS_BELOW = Decimal(10) ** 32
"""38 digits, six of them after the point."""


class Table(StrEnum):
    """The tables of the warehouse: the last is the monitor's, the others the worker's."""

    USERS = "users"
    PROMO_CODES = "promo_codes"
    PROMO_USAGES = "promo_usages"
    RISK_SCORES = "risk_scores"
    ABUSE_ALERTS = "abuse_alerts"
    LABELS = "labels"
    LINK_DECISIONS = "link_decisions"
    AUDIT_LOG = "audit_log"
    DEAD_LETTERS = "dead_letters"
    PIPELINE_METRICS = "pipeline_metrics"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one table: JSON values by column; a column left out has its default."""

    table: Table
    values: Mapping[str, Any]


def source_row(change: RowChange) -> Row:
    """The row of a change: its newest version wins, a deletion is a version too.

    Raises:
        PoisonMessage: a promo code's amount is beyond what ClickHouse can hold.
    """
    match change:
        case Registered() | Updated():
            return Row(Table.USERS, _user(change))
        case Erased():
            return Row(Table.USERS, {"user_id": change.user_id, **_deleted(change)})
        case Redeemed():
            return Row(Table.PROMO_USAGES, _usage(change))
        case RedemptionWithdrawn():
            identity = {"usage_id": change.usage_id, "user_id": "", "promo_code": ""}
            return Row(Table.PROMO_USAGES, {**identity, **_deleted(change)})
        case CodeDefined():
            return Row(Table.PROMO_CODES, _code(change))
        case CodeWithdrawn():
            return Row(Table.PROMO_CODES, {"promo_code": change.promo_code, **_deleted(change)})
        case _:
            assert_never(change)


def score_row(document: Mapping[str, Any]) -> Row:
    """The row of a published score."""
    return Row(
        Table.RISK_SCORES,
        {
            **_copied(document, "user_id", "event_id"),
            **_judged(document),
            "features": orjson.dumps(document["features"]).decode(),
            "shadow_rules": document["shadow"]["rules"],
            **_copied(
                document["shadow"], "challenger_version", "challenger_score", "challenger_level"
            ),
        },
    )


def alert_row(document: Mapping[str, Any]) -> Row:
    """The row of one revision of an alert."""
    return Row(
        Table.ABUSE_ALERTS,
        {
            **_copied(document, "user_id", "alert_id", "status", "value_is_lower_bound"),
            **_judged(document),
            "evidence": orjson.dumps(document["evidence"]).decode(),
            "value_at_risk": _amount(document["value_at_risk"]),
        },
    )


def label_row(document: Mapping[str, Any]) -> Row:
    """The row of an analyst's word on an account."""
    return Row(
        Table.LABELS,
        {
            **_copied(document, "user_id", "is_abuser", "decided_at"),
            "decided_by": str(document.get("decided_by") or ""),
            "note": str(document.get("note") or ""),
            "version": _decided(document),
            "about": int(document.get("about") or 0),
        },
    )


def link_decisions_row(document: Mapping[str, Any]) -> Row:
    """The row of an account's falsely linked accounts."""
    return Row(
        Table.LINK_DECISIONS,
        {
            **_copied(document, "user_id", "decided_at"),
            "ignored": orjson.dumps(document["ignored"]).decode(),
            "version": _decided(document),
            "about": int(document.get("about") or 0),
        },
    )


def audit_row(document: Mapping[str, Any]) -> Row:
    """The row of something that somebody did."""
    return Row(
        Table.AUDIT_LOG,
        {
            **_copied(document, "audit_id", "at", "actor", "key_id", "action", "subject"),
            **_copied(document, "request_id"),
            "detail": orjson.dumps(document["detail"], option=orjson.OPT_SORT_KEYS).decode(),
        },
    )


def dead_letter_row(headers: Mapping[str, bytes]) -> Row:
    """The row of a dead letter: where it lay and why, none of its bytes."""
    text = {name: value.decode("utf-8", "replace") for name, value in headers.items()}
    return Row(
        Table.DEAD_LETTERS,
        {
            **_copied(text, "topic", "stage", "error"),
            "partition": int(text["partition"]),
            "offset": int(text["offset"]),
            "failed_at": iso(int(text["failed_at"])),
        },
    )


def metric_row(
    sampled_at_us: int, part: str, metric: str, labels: Mapping[str, str], value: float
) -> Row:
    """The row of one sample of a part's metric; ``value`` is finite."""
    return Row(
        Table.PIPELINE_METRICS,
        {
            "sampled_at": iso(sampled_at_us),
            "part": part,
            "metric": metric,
            "labels": orjson.dumps(labels, option=orjson.OPT_SORT_KEYS).decode(),
            "value": value,
        },
    )


def _decided(document: Mapping[str, Any]) -> int:
    return microseconds(datetime.fromisoformat(document["decided_at"]))


def _user(change: Registered | Updated) -> dict[str, Any]:
    profile = asdict(change.profile)
    created_at_us = profile.pop("created_at_us")
    return {
        **profile,
        **_versioned(change),
        "created_at": iso(created_at_us),
        "is_abuser": change.label,
    }


def _usage(change: Redeemed) -> dict[str, Any]:
    return {
        "usage_id": change.usage_id,
        **_versioned(change),
        "user_id": change.user_id,
        "promo_code": change.promo_code,
        "used_at": iso(change.used_at_us),
        "used_promo": change.used_promo,
    }


def _code(change: CodeDefined) -> dict[str, Any]:
    return {
        "promo_code": change.promo_code,
        **_versioned(change),
        "discount_type": change.discount_type,
        "discount_value": _amount(change.discount_value),
        "min_purchase_amount": _amount(change.min_purchase_amount),
    }


def _versioned(change: RowChange) -> dict[str, Any]:
    origin = change.origin
    return {"version": origin.version, "committed_at": iso(origin.committed_at_us)}


def _deleted(change: RowChange) -> dict[str, Any]:
    return {**_versioned(change), "is_deleted": 1}


def _judged(document: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that scores and alerts share."""
    return {
        **_copied(document, "revision", "score", "level", "action", "model_version", "trigger"),
        **_copied(document, "event_time", "scored_at"),
        "reasons": orjson.dumps(document["reasons"]).decode(),
        "reason_codes": [reason["code"] for reason in document["reasons"]],
    }


def _copied(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: document[name] for name in names}


def _amount(value: Decimal | float | None) -> str | None:
    if value is None:
        return None
    amount = Decimal(str(value))
    if abs(amount) >= _AMOUNTS_BELOW:
        raise PoisonMessage("insert", "an amount does not fit into ClickHouse's Decimal(38, 6)")
    return f"{amount:f}"
