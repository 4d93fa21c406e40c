"""What a new risk publishes, and what Redis keeps of it. Pure."""

from dataclasses import dataclass

import orjson

from connectors.topics import Topic
from ml.policy import Level
from ml.rules.rule import PREFIX, Mode
from ml.scorer import Risk
from stream_processors.delivery import Outgoing
from stream_processors.feature_store.redis_store import NewRisk
from stream_processors.feature_store.wire import LatestRisk
from stream_processors.scoring import documents
from stream_processors.scoring.documents import AlertState, Status
from stream_processors.scoring.rescore import RescoreRequest


@dataclass(frozen=True, slots=True)
class Publication:
    """News about an account.

    Attributes:
        kept: what Redis keeps of it.
        messages: the score, the alert, or both.
        level: the published score's level, None if only the alert has news.
        status: the published alert's status, None if only the score has news.
        rule_hits: codes of the rules behind the published score, and whether they act.
    """

    kept: NewRisk
    messages: tuple[Outgoing, ...]
    level: Level | None
    status: Status | None
    rule_hits: tuple[tuple[str, Mode], ...] = ()


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of an erased account: its score's tombstone, and its alert's end if it had one."""

    user_id: str
    messages: tuple[Outgoing, ...]


def publication(
    request: RescoreRequest, latest: LatestRisk | None, risk: Risk, now_us: int
) -> Publication | None:
    """What to publish of a risk; None where it says nothing new.

    Args:
        request: why the account was scored.
        latest: what was kept before; an undelivered one may not have reached its topic.
        risk: the new verdict.
        now_us: microseconds since 1970 UTC.
    """
    digest = documents.risk_digest(risk)
    before = AlertState.parse(latest.alert) if latest else None
    alert = documents.next_alert(before, risk)
    again = request.publish_anyway or (latest is not None and latest.undelivered)
    same = latest is not None and latest.digest == digest
    scored = again or not same
    alerted = alert is not None and (again or alert != before)
    if not scored and not alerted:
        return None
    revision, replaces = _succession(latest, same, scored, now_us)
    document = b""
    messages = []
    if scored:
        document = orjson.dumps(
            documents.score_document(
                risk, replaces=replaces, revision=revision, trigger=request.trigger
            )
        )
        messages.append(Outgoing(Topic.RISK_SCORES, risk.user_id.encode(), document))
    if alert is not None and alerted:
        raised = documents.alert_document(
            risk, alert, revision=_after(latest, now_us), trigger=request.trigger
        )
        messages.append(Outgoing(Topic.ABUSE_ALERTS, risk.user_id.encode(), orjson.dumps(raised)))
    kept = NewRisk(
        user_id=risk.user_id,
        compared_with=latest.revision if latest else None,
        replaces=replaces,
        revision=revision,
        digest=digest,
        alert=str(alert or ""),
        document=document.decode(),
    )
    return Publication(
        kept,
        tuple(messages),
        risk.level if scored else None,
        alert.status if alert is not None and alerted else None,
        _rule_hits(risk) if scored else (),
    )


def retirement(user_id: str, latest: LatestRisk | None, now_us: int) -> Retirement:
    """What to publish of an account that was erased and has a latest risk, or may have had one.

    An alert that was cleared before ends too: whoever keeps its earlier revisions removes them.
    Where nothing is known of an alert (None), one may stand in the topic.
    """
    key = user_id.encode()
    messages = [Outgoing(Topic.RISK_SCORES, key, None)]
    if latest is None or AlertState.parse(latest.alert) is not None:
        cleared = documents.erasure_alert(user_id, revision=_after(latest, now_us))
        messages.append(Outgoing(Topic.ABUSE_ALERTS, key, orjson.dumps(cleared)))
    return Retirement(user_id, tuple(messages))


def _rule_hits(risk: Risk) -> tuple[tuple[str, Mode], ...]:
    acting = (reason.code for reason in risk.reasons if reason.code.startswith(PREFIX))
    return (
        *((code, Mode.ACTING) for code in acting),
        *((code, Mode.SHADOW) for code in risk.shadow.rules),
    )


def _succession(
    latest: LatestRisk | None, same: bool, scored: bool, now_us: int
) -> tuple[int, int | None]:
    """The revision of what is published, and the one that it replaces.

    The same content keeps what it replaces, and with it its identity: published again, it is
    the same scoring. If only the alert has news, the score keeps its revision too.
    """
    if latest is None:
        return now_us, None
    if not scored:
        return latest.revision, latest.replaces
    return _after(latest, now_us), latest.replaces if same else latest.revision


def _after(latest: LatestRisk | None, now_us: int) -> int:
    """A revision after the latest: the time, or one more where the clock stood still."""
    return now_us if latest is None else max(now_us, latest.revision + 1)
