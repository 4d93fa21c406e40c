"""One full row for every table of the warehouse, built as the workers and the monitor build it."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson

from connectors import audit
from connectors.audit import Action, AuditEntry
from connectors.decisions import encode_label, encode_links
from connectors.events import (
    Authority,
    IdentifierDecided,
    IgnoredLink,
    Labelled,
    LinksDecided,
    Origin,
    Registered,
)
from connectors.profile import Profile
from ml.scorer import Judge, Risk, score
from stream_processors.scoring.documents import alert_document, next_alert, score_document
from stream_processors.scoring.rescore import Trigger
from tests.unit.connectors.envelopes import profiled
from tests.unit.ml.builders import code_defined, neighbourhood, neighbours, redeemed, redemption
from warehouse.rows import (
    Row,
    Table,
    alert_row,
    audit_row,
    dead_letter_row,
    heartbeat_row,
    identifier_decision_row,
    label_row,
    link_decisions_row,
    metric_row,
    score_row,
    source_row,
)

NOW_US = 1_700_000_000_123_456


def risky(profile: Profile | None = None, others: int = 4) -> Risk:
    """A risk with reasons, evidence and value; ``others`` share its device."""
    around = neighbourhood(
        profile or profiled(), redemptions=(redemption(),), device=neighbours(others)
    )
    return score([around], Judge())[0]


def published(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as it is read back from its topic."""
    return dict(orjson.loads(orjson.dumps(document)))


def score_message(risk: Risk, revision: int = NOW_US) -> dict[str, Any]:
    """What ``promo.risk_scores`` carries of a risk."""
    made = score_document(risk, replaces=None, revision=revision, trigger=Trigger.REGISTRATION)
    return published(made)


def alert_message(risk: Risk, revision: int = NOW_US) -> dict[str, Any]:
    """What ``promo.abuse_alerts`` carries of a risk that is alerted."""
    state = next_alert(None, risk)
    assert state is not None
    return published(alert_document(risk, state, revision=revision, trigger=Trigger.REGISTRATION))


LABEL_MESSAGE: Mapping[str, Any] = MappingProxyType(
    orjson.loads(encode_label(Labelled("anna", True, Origin(NOW_US, NOW_US)), "api", "sold on"))
)

LINKS_MESSAGE: Mapping[str, Any] = MappingProxyType(
    orjson.loads(
        encode_links(
            LinksDecided(
                "anna",
                (IgnoredLink("ben", "device", "api", "a family", NOW_US),),
                Origin(NOW_US, NOW_US),
            )
        )
    )
)

IDENTIFIER_DECIDED = IdentifierDecided(
    "device",
    "d" * 32,
    Authority.MEASUREMENT,
    False,
    Origin(NOW_US, NOW_US),
    "measurement",
    "600 accounts on 40 days",
    600,
)

DEAD_LETTER_HEADERS = MappingProxyType(
    {
        "topic": b"promo.public.users",
        "partition": b"3",
        "offset": b"17",
        "error": b"not JSON: at 0",
        "stage": b"decode",
        "failed_at": str(NOW_US).encode(),
    }
)

AUDIT_MESSAGE: Mapping[str, Any] = MappingProxyType(
    orjson.loads(
        audit.encode(
            AuditEntry(Action.LABEL, "anna", NOW_US, "desk", "k1", {"is_abuser": True}, "request-1")
        )
    )
)

EXAMPLES: Mapping[Table, Row] = MappingProxyType(
    {
        Table.USERS: source_row(Registered(profiled(), True, Origin(7, NOW_US))),
        Table.PROMO_CODES: source_row(code_defined()),
        Table.PROMO_USAGES: source_row(redeemed()),
        Table.RISK_SCORES: score_row(score_message(risky())),
        Table.ABUSE_ALERTS: alert_row(alert_message(risky())),
        Table.LABELS: label_row(LABEL_MESSAGE),
        Table.LINK_DECISIONS: link_decisions_row(LINKS_MESSAGE),
        Table.IDENTIFIER_DECISIONS: identifier_decision_row(IDENTIFIER_DECIDED),
        Table.AUDIT_LOG: audit_row(AUDIT_MESSAGE),
        Table.DEAD_LETTERS: dead_letter_row(DEAD_LETTER_HEADERS),
        Table.HEARTBEATS: heartbeat_row(3, NOW_US),
        Table.PIPELINE_METRICS: metric_row(
            time.time_ns() // 1_000,  # of now: 30 days later it would be removed
            "kafka",
            "promo_consumer_lag",
            {"topic": "promo.rescore", "group": "g"},
            3.0,
        ),
    }
)
