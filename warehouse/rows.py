"""From events and documents to rows, one for one. Pure.

A row is written as JSON under its columns' names; ClickHouse parses it by the table's types.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, assert_never, cast

import orjson

from connectors.amounts import LEAST, MOST, held
from connectors.columns import (
    count,
    flag,
    key_text,
    listed,
    moment_us,
    nested,
    number,
    text,
    uuid_text,
)
from connectors.errors import PoisonMessage
from connectors.events import (
    CodeDefined,
    CodeWithdrawn,
    Erased,
    IdentifierDecided,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    RowChange,
    Updated,
)
from connectors.moments import FIRST_US, LAST_US, iso

_LARGEST_PARTITION = 2**31 - 1
_AS_WE_WRITE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
"""Moments of our own messages: these are not read and written again, which takes longer."""

Document = Mapping[str, object]
"""A message that was published as JSON; others than our own parts may have written it."""


class Table(StrEnum):
    """The tables of the warehouse: the last is the monitor's, the others the worker's."""

    USERS = "users"
    PROMO_CODES = "promo_codes"
    PROMO_USAGES = "promo_usages"
    RISK_SCORES = "risk_scores"
    ABUSE_ALERTS = "abuse_alerts"
    LABELS = "labels"
    LINK_DECISIONS = "link_decisions"
    IDENTIFIER_DECISIONS = "identifier_decisions"
    AUDIT_LOG = "audit_log"
    DEAD_LETTERS = "dead_letters"
    HEARTBEATS = "heartbeats"
    PIPELINE_METRICS = "pipeline_metrics"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one table: JSON values by column; a column left out has its default."""

    table: Table
    values: Mapping[str, Any]


def source_row(change: RowChange) -> Row:
    """The row of a change: its newest version wins, a deletion is a version too."""
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
            return Row(Table.PROMO_CODES, {**_code_names(change), **_deleted(change)})
        case _:
            assert_never(change)


def score_row(document: Document) -> Row:
    """The row of a published score.

    Raises:
        PoisonMessage: this document, as those below, is not what its topic's messages are.
    """
    shadow = nested(document, "shadow")
    return Row(
        Table.RISK_SCORES,
        {
            "user_id": key_text(document, "user_id"),
            "event_id": uuid_text(document, "event_id"),
            **_judged(document),
            "features": _json(nested(document, "features")),
            "shadow_rules": _texts(shadow, "rules"),
            "challenger_version": text(shadow, "challenger_version"),
            "challenger_score": _number_or_none(shadow, "challenger_score"),
            "challenger_level": text(shadow, "challenger_level"),
        },
    )


def alert_row(document: Document) -> Row:
    """The row of one revision of an alert; a value beyond all stores is the most, or unknown."""
    value, is_lower_bound = _value_at_risk(document)
    return Row(
        Table.ABUSE_ALERTS,
        {
            "user_id": key_text(document, "user_id"),
            "alert_id": uuid_text(document, "alert_id"),
            "status": key_text(document, "status"),
            "value_is_lower_bound": is_lower_bound,
            **_judged(document),
            "evidence": _json(_objects(document, "evidence")),
            "value_at_risk": value,
        },
    )


def label_row(document: Document) -> Row:
    """The row of an analyst's word on an account."""
    return Row(
        Table.LABELS,
        {
            **_decision(document),
            "is_abuser": flag(document, "is_abuser"),
            "decided_by": text(document, "decided_by") or "",
            "note": text(document, "note") or "",
        },
    )


def link_decisions_row(document: Document) -> Row:
    """The row of an account's falsely linked accounts."""
    return Row(
        Table.LINK_DECISIONS,
        {**_decision(document), "ignored": _json(_objects(document, "ignored"))},
    )


def identifier_decision_row(decision: IdentifierDecided) -> Row:
    """The row of a word on whether an identifier identifies anybody."""
    return Row(
        Table.IDENTIFIER_DECISIONS,
        {
            "kind": decision.kind,
            "hash": decision.hashed,
            "authority": decision.authority,
            "identifies": decision.identifies,
            "decided_at": iso(decision.origin.version),
            "decided_by": decision.decided_by,
            "why": decision.why,
            "shared_by": decision.shared_by,
            "version": decision.origin.version,
        },
    )


def audit_row(document: Document) -> Row:
    """The row of something that somebody did."""
    texts = ("actor", "key_id", "action", "subject", "request_id")
    return Row(
        Table.AUDIT_LOG,
        {
            "audit_id": uuid_text(document, "audit_id"),
            "at": _moment(document, "at"),
            **{name: key_text(document, name) for name in texts},
            "detail": _json(nested(document, "detail"), orjson.OPT_SORT_KEYS),
        },
    )


def dead_letter_row(headers: Mapping[str, bytes]) -> Row:
    """The row of a dead letter: where it lay and why, none of its bytes."""
    words = {name: value.decode("utf-8", "replace") for name, value in headers.items()}
    try:
        numbers = {name: int(words[name]) for name in ("partition", "offset", "failed_at")}
    except (KeyError, ValueError) as error:
        raise PoisonMessage("decode", f"a dead letter without position: {error!r:.100}") from None
    if not FIRST_US <= numbers["failed_at"] <= LAST_US:
        raise PoisonMessage("decode", "failed_at is not in years 1-9999")
    return Row(
        Table.DEAD_LETTERS,
        {
            **{name: key_text(words, name) for name in ("topic", "stage", "error")},
            "partition": count(numbers, "partition", _LARGEST_PARTITION),
            "offset": count(numbers, "offset"),
            "failed_at": iso(numbers["failed_at"]),
        },
    )


def heartbeat_row(partition: int, beat_us: int) -> Row:
    """The row of a partition's newest heartbeat; the one that is inserted last stays."""
    return Row(Table.HEARTBEATS, {"partition": partition, "beat_us": beat_us})


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


def _decision(document: Document) -> dict[str, Any]:
    """The columns that labels and links share."""
    decided_at_us = moment_us(document, "decided_at")
    if decided_at_us < 0:
        raise PoisonMessage("decode", "decided_at is before 1970")
    return {
        "user_id": key_text(document, "user_id"),
        "decided_at": iso(decided_at_us),
        "version": decided_at_us,
        "about": 0 if document.get("about") is None else count(document, "about"),
    }


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
        **_code_names(change),
        "used_at": iso(change.used_at_us),
        "used_promo": change.used_promo,
    }


def _code(change: CodeDefined) -> dict[str, Any]:
    return {
        **_code_names(change),
        **_versioned(change),
        "discount_type": change.discount_type,
        "discount_value": _amount(change.discount_value),
        "min_purchase_amount": _amount(change.min_purchase_amount),
        "not_held": list(change.not_held),
    }


def _code_names(change: Redeemed | CodeDefined | CodeWithdrawn) -> dict[str, str]:
    return {"promo_code": change.promo_code, "canonical_code": change.canonical_code}


def _versioned(change: RowChange) -> dict[str, Any]:
    origin = change.origin
    return {"version": origin.version, "committed_at": iso(origin.committed_at_us)}


def _deleted(change: RowChange) -> dict[str, Any]:
    return {**_versioned(change), "is_deleted": 1}


def _judged(document: Document) -> dict[str, Any]:
    """The columns that scores and alerts share."""
    reasons = _objects(document, "reasons")
    texts = ("level", "action", "model_version", "trigger")
    moments = ("event_time", "scored_at")
    return {
        "revision": count(document, "revision"),
        "score": number(document, "score"),
        **{name: key_text(document, name) for name in texts},
        **{name: _moment(document, name) for name in moments},
        "reasons": _json(reasons),
        "reason_codes": [key_text(reason, "code") for reason in reasons],
    }


def _value_at_risk(document: Document) -> tuple[str | None, bool]:
    value = _number_or_none(document, "value_at_risk")
    is_lower_bound = flag(document, "value_is_lower_bound") is True
    if value is None:
        return None, is_lower_bound
    amount = Decimal(str(value))
    if amount > MOST:
        return _amount(MOST), True
    return (None if amount < LEAST else _amount(held(amount))), is_lower_bound


def _objects(document: Document, name: str) -> list[Document]:
    found = listed(document, name)
    if not all(isinstance(one, dict) for one in found):
        raise PoisonMessage("decode", f"{name} is not a list of objects")
    return cast(list[Document], found)


def _texts(document: Document, name: str) -> list[object]:
    found = listed(document, name)
    if not all(isinstance(one, str) for one in found):
        raise PoisonMessage("decode", f"{name} is not a list of texts")
    return found


def _number_or_none(document: Document, name: str) -> float | None:
    return None if document.get(name) is None else number(document, name)


def _moment(document: Document, name: str) -> str:
    value = document.get(name)
    if isinstance(value, str) and _AS_WE_WRITE.fullmatch(value):
        with suppress(ValueError):  # a day or a minute that there is not
            datetime.fromisoformat(value)
            return value
    return iso(moment_us(document, name))


def _json(value: object, option: int = 0) -> str:
    try:
        return orjson.dumps(value, option=option).decode()
    except orjson.JSONEncodeError:
        raise PoisonMessage("decode", "nested too deep to be written again") from None


def _amount(value: Decimal | None) -> str | None:
    """Plain digits; whatever :func:`connectors.amounts.held` lets through fits."""
    return None if value is None else f"{value:f}"
