"""One batch of the scoring worker, from messages to delivered scores."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from connectors.errors import PoisonMessage
from connectors.profile import Hasher
from connectors.topics import Topic
from ml.scorer import Risk, score
from stream_processors.dead_letters import Ceiling, DeadLetters
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.dependencies import until_up
from stream_processors.feature_store.redis_store import NewRisk, RedisStore
from stream_processors.feature_store.wire import Answer, Known
from stream_processors.intake import Message
from stream_processors.metrics import Metrics
from stream_processors.scoring import documents, rescore
from stream_processors.scoring.documents import AlertState, Status
from stream_processors.scoring.plan import Plan, plan, requests
from stream_processors.scoring.rescore import RescoreRequest, Trigger
from stream_processors.scoring.running_model import RunningModel


@dataclass(slots=True)
class _Output:
    """What a batch publishes, and what Redis keeps once that is delivered."""

    messages: list[Outgoing] = field(default_factory=list)
    risks: list[NewRisk] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)


class ScoringProcessor:
    """Applies changes to the feature store, scores accounts, publishes, then remembers."""

    def __init__(
        self,
        store: RedisStore,
        delivery: Delivery,
        model: RunningModel,
        hashed: Hasher,
        ceiling: Ceiling,
        metrics: Metrics,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._store = store
        self._delivery = delivery
        self._model = model
        self._hashed = hashed
        self._dead_letters = DeadLetters(delivery, ceiling, metrics, clock_us)
        self._metrics = metrics
        self._clock_us = clock_us
        self._batches = 0
        self._name = f"{clock_us()}"

    async def process(self, messages: Sequence[Message]) -> None:
        """See :class:`stream_processors.worker.Processor`."""
        made = plan(messages, self._hashed)
        for message, poison in made.poison:
            await self.set_aside(message, poison)
        if not made.changes and not made.subjects:
            return
        self._batches += 1
        token = f"{self._name}-{self._batches}"
        known = await until_up(
            "redis",
            lambda: self._store.exchange(made.changes, list(made.subjects), token),
            self._metrics,
        )
        output = self._score(made, known)
        passed_on = self._pass_on(made, known)
        await self._deliver([*passed_on, *output.messages])
        lost = await until_up(
            "redis",
            lambda: self._store.settle(output.risks, output.erased, known.left_over),
            self._metrics,
        )
        await self._deliver([self._again(user, made) for user in lost])
        self._observe(made, output)

    async def set_aside(self, message: Message, poison: PoisonMessage) -> None:
        """See :class:`stream_processors.worker.Processor`."""
        await self._dead_letters.set_aside(message, poison)

    async def _deliver(self, messages: Sequence[Outgoing]) -> None:
        if messages:
            await until_up("kafka", lambda: self._delivery.deliver(messages), self._metrics)

    def _pass_on(self, made: Plan, known: Answer) -> list[Outgoing]:
        asked = requests(made, known.affected)
        now = self._clock_us()
        already = made.subjects.keys() | {request.user_id for request in asked}
        kept = {entry.user_id for entry in known.left_over} - already
        asked += [RescoreRequest(user, Trigger.RESCORE, now) for user in sorted(kept)]
        for request in asked:
            self._metrics.rescores.labels(request.trigger).inc()
        return [rescore.encode(request) for request in asked]

    def _score(self, made: Plan, known: Answer) -> _Output:
        output = _Output()
        pairs = list(zip(made.subjects.values(), known.subjects, strict=True))
        registered = [(r, k) for r, k in pairs if k.neighbourhood is not None]
        risks = score(
            [k.neighbourhood for _, k in registered if k.neighbourhood], self._model.current()
        )
        for (request, account), risk in zip(registered, risks, strict=True):
            self._publish(output, request, account, risk)
        for request, account in pairs:
            if account.neighbourhood is None and account.latest is not None:
                self._retire(output, request.user_id, account)
        return output

    def _publish(self, output: _Output, request: RescoreRequest, known: Known, risk: Risk) -> None:
        """The score if it says something new, the alert if that does, or nothing."""
        latest, digest = known.latest, documents.risk_digest(risk)
        before = AlertState.parse(latest.alert) if latest else None
        alert = documents.next_alert(before, risk)
        again = request.publish_anyway
        says_new = again or latest is None or latest.digest != digest
        alerts_new = alert is not None and (alert != before or again)
        if not says_new and not alerts_new:
            return
        replaces = latest.revision if latest else None
        revision = max(self._clock_us(), (replaces or 0) + 1)
        text = b""
        if says_new:
            text = self._publish_score(output, request, risk, replaces, revision)
        if alert is not None and alerts_new:
            self._publish_alert(output, request, risk, alert, revision)
        output.risks.append(
            NewRisk(
                user_id=risk.user_id,
                replaces=replaces,
                revision=revision if says_new or replaces is None else replaces,
                digest=digest,
                alert=str(alert or ""),
                document=text.decode(),
            )
        )

    def _publish_score(
        self,
        output: _Output,
        request: RescoreRequest,
        risk: Risk,
        replaces: int | None,
        revision: int,
    ) -> bytes:
        document = documents.score_document(
            risk, replaces=replaces, revision=revision, trigger=request.trigger
        )
        text = orjson.dumps(document)
        output.messages.append(Outgoing(Topic.RISK_SCORES, risk.user_id.encode(), text))
        self._metrics.scores.labels(risk.level).inc()
        return text

    def _publish_alert(
        self,
        output: _Output,
        request: RescoreRequest,
        risk: Risk,
        alert: AlertState,
        revision: int,
    ) -> None:
        document = documents.alert_document(risk, alert, revision=revision, trigger=request.trigger)
        output.messages.append(
            Outgoing(Topic.ABUSE_ALERTS, risk.user_id.encode(), orjson.dumps(document))
        )
        self._metrics.alerts.labels(alert.status).inc()

    def _retire(self, output: _Output, user_id: str, known: Known) -> None:
        """An erased account: its score's tombstone, and the end of its alert."""
        latest = known.latest
        assert latest is not None
        key = user_id.encode()
        output.messages.append(Outgoing(Topic.RISK_SCORES, key, None))
        alert = AlertState.parse(latest.alert)
        if alert is not None and alert.status is not Status.CLEARED:
            revision = max(self._clock_us(), latest.revision + 1)
            cleared = documents.erasure_alert(user_id, revision=revision)
            output.messages.append(Outgoing(Topic.ABUSE_ALERTS, key, orjson.dumps(cleared)))
            self._metrics.alerts.labels(Status.CLEARED).inc()
        output.erased.append(user_id)

    def _again(self, user_id: str, made: Plan) -> Outgoing:
        """Somebody else wrote this account's risk meanwhile: the owner shall have the last word."""
        caused_at_us = made.subjects[user_id].caused_at_us
        return rescore.encode(
            RescoreRequest(user_id, Trigger.RESCORE, caused_at_us, publish_anyway=True)
        )

    def _observe(self, made: Plan, output: _Output) -> None:
        now = self._clock_us()
        for risk in output.risks:
            request = made.subjects[risk.user_id]
            self._metrics.commit_to_score.labels(request.trigger).observe(
                max(0, now - request.caused_at_us) / 1e6
            )
