"""One batch of the scoring worker, from messages to delivered scores."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from connectors.errors import PoisonMessage
from connectors.profile import Hasher
from ml.scorer import score
from stream_processors.dead_letters import Ceiling, DeadLetters
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.dependencies import until_up
from stream_processors.feature_store.redis_store import RedisStore
from stream_processors.feature_store.wire import Answer, Ending
from stream_processors.intake import Message
from stream_processors.metrics import Metrics
from stream_processors.scoring import rescore, sweep
from stream_processors.scoring.endings import publish_endings
from stream_processors.scoring.plan import Plan, plan, requests
from stream_processors.scoring.publication import (
    Publication,
    Retirement,
    publication,
    retirement,
)
from stream_processors.scoring.rescore import RescoreRequest, Trigger
from stream_processors.scoring.running_judge import RunningJudge


@dataclass(slots=True)
class _Outcome:
    """What a batch's scores come to, by account."""

    publications: dict[str, Publication] = field(default_factory=dict)
    retirements: list[Retirement] = field(default_factory=list)

    def messages(self) -> Iterator[Outgoing]:
        """Everything that the batch says of accounts."""
        for news in self.publications.values():
            yield from news.messages
        for ended in self.retirements:
            yield from ended.messages


class ScoringProcessor:
    """Applies changes to the feature store, scores accounts, keeps the risks, publishes them.

    A risk is kept before it is published: should the process end in between, whoever gets the
    batch again finds it undelivered and publishes it. A writer that comes too late keeps
    nothing and publishes nothing.
    """

    def __init__(
        self,
        store: RedisStore,
        delivery: Delivery,
        judge: RunningJudge,
        hashed: Hasher,
        ceiling: Ceiling,
        metrics: Metrics,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._store = store
        self._delivery = delivery
        self._judge = judge
        self._hashed = hashed
        self._dead_letters = DeadLetters(delivery, ceiling, metrics, clock_us)
        self._metrics = metrics
        self._clock_us = clock_us
        self._batches = 0
        self._name = f"{clock_us()}"

    async def process(self, messages: Sequence[Message]) -> None:
        """See :class:`stream_processors.worker.Processor`."""
        made = plan(messages, self._hashed)
        self._metrics.take_heartbeats(made.beats)
        for message, poison in made.poison:
            await self.set_aside(message, poison)
        if not made.is_empty:
            await self._apply(made)
        if made.beats:
            # Last: behind it all that came before is done and delivered.
            await until_up("redis", lambda: self._store.keep_beats(made.beats), self._metrics)

    async def _apply(self, made: Plan) -> None:
        self._batches += 1
        token = f"{self._name}-{self._batches}"
        known = await until_up(
            "redis",
            lambda: self._store.exchange(made.changes, list(made.subjects), token),
            self._metrics,
        )
        outcome = self._score(made, known)
        lost = await self._keep(outcome)
        passed_on = [*self._pass_on(made, known), *await self._sweep(made, known)]
        await self._deliver([*passed_on, *outcome.messages()])
        await self._end_decisions(known.endings)
        overtaken = await self._confirm(outcome, known)
        await self._deliver([_again(made.subjects[user]) for user in sorted(lost | overtaken)])
        self._observe(made, outcome)

    async def set_aside(self, message: Message, poison: PoisonMessage) -> None:
        """See :class:`stream_processors.worker.Processor`."""
        await self._dead_letters.set_aside(message, poison)

    async def _deliver(self, messages: Sequence[Outgoing]) -> None:
        if messages:
            await until_up("kafka", lambda: self._delivery.deliver(messages), self._metrics)

    async def _end_decisions(self, endings: Sequence[Ending]) -> None:
        if endings:
            await until_up(
                "kafka",
                lambda: publish_endings(endings, self._store, self._delivery),
                self._metrics,
            )

    def _pass_on(self, made: Plan, known: Answer) -> list[Outgoing]:
        asked = requests(made, known.affected)
        now = self._clock_us()
        already = made.subjects.keys() | {request.user_id for request in asked}
        kept = {entry.user_id for entry in known.left_over} - already
        asked += [RescoreRequest(user, Trigger.RESCORE, now) for user in sorted(kept)]
        for request in asked:
            self._metrics.rescores.labels(request.trigger).inc()
        return [rescore.encode(request) for request in asked]

    async def _sweep(self, made: Plan, known: Answer) -> list[Outgoing]:
        """Begin sweeps, and go on with those that were asked for by a page."""
        share = sweep.share_of_page(len(made.sweeps))
        pages = await until_up(
            "redis", lambda: self._store.pages(made.sweeps, share), self._metrics
        )
        now = self._clock_us()
        users = sorted({user for page in pages for user in page.users} - made.subjects.keys())
        self._metrics.rescores.labels(Trigger.RESCORE).inc(len(users))
        rest = [*known.sweeps, *(page.rest for page in pages if page.rest is not None)]
        return [
            *(rescore.encode(RescoreRequest(user, Trigger.RESCORE, now)) for user in users),
            *map(sweep.encode, rest),
        ]

    def _score(self, made: Plan, known: Answer) -> _Outcome:
        outcome = _Outcome()
        pairs = list(zip(made.subjects.values(), known.subjects, strict=True))
        registered = [(r, k.latest, k.neighbourhood) for r, k in pairs if k.neighbourhood]
        risks = score([around for _, _, around in registered], self._judge.current())
        for (request, latest, _), risk in zip(registered, risks, strict=True):
            news = publication(request, latest, risk, self._clock_us())
            if news is not None:
                outcome.publications[request.user_id] = news
        outcome.retirements = [
            retirement(request.user_id, account.latest, self._clock_us())
            for request, account in pairs
            if account.neighbourhood is None and (account.latest or request.publish_anyway)
        ]
        return outcome

    async def _keep(self, outcome: _Outcome) -> set[str]:
        """Keep the risks; those that somebody else wrote meanwhile are not published."""
        risks = [news.kept for news in outcome.publications.values()]
        if not risks:
            return set()
        lost = await until_up("redis", lambda: self._store.keep(risks), self._metrics)
        for user in lost:
            del outcome.publications[user]
        return lost

    async def _confirm(self, outcome: _Outcome, known: Answer) -> set[str]:
        delivered = [news.kept for news in outcome.publications.values()]
        erased = [ended.user_id for ended in outcome.retirements]
        return await until_up(
            "redis",
            lambda: self._store.confirm(delivered, erased, known.left_over, known.endings),
            self._metrics,
        )

    def _observe(self, made: Plan, outcome: _Outcome) -> None:
        now = self._clock_us()
        for user, news in outcome.publications.items():
            request = made.subjects[user]
            waited_s = max(0, now - request.caused_at_us) / 1e6
            self._metrics.commit_to_score.labels(request.trigger).observe(waited_s)
            if news.level is not None:
                self._metrics.scores.labels(news.level).inc()
            for rule, mode in news.rule_hits:
                self._metrics.rule_hits.labels(rule, mode).inc()
            if news.status is not None:
                self._metrics.alerts.labels(news.status).inc()
                self._metrics.commit_to_alert.observe(waited_s)


def _again(request: RescoreRequest) -> Outgoing:
    """Somebody else wrote this account's risk meanwhile: the owner shall have the last word."""
    return rescore.encode(
        RescoreRequest(request.user_id, Trigger.RESCORE, request.caused_at_us, publish_anyway=True)
    )
