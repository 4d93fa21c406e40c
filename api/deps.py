"""What routes ask for, as ``Annotated`` aliases; all of it lives as long as the process."""

import asyncio
import time
from dataclasses import dataclass
from typing import Annotated, Self

import httpx
from fastapi import Depends, Request

from api.access.keys import Caller
from api.decide import Author, Decisions
from api.erase import Erasures
from api.metrics import ApiMetrics
from api.readiness import TIMEOUT_S, Watch, checks
from connectors.profile import Hasher, keyed_hasher, profile
from connectors.settings import Settings, required
from ml.policy_file import load_policy
from stream_processors.delivery import Delivery
from stream_processors.feature_store.redis_store import RedisStore, connect
from stream_processors.scoring.running_judge import RunningJudge

REDIS_TIMEOUT_S = 1.0
KAFKA_TIMEOUT_MS = 4_000
"""A caller waits that long for a decision to be acknowledged, then it is told to try again."""


@dataclass(frozen=True, slots=True)
class Services:
    """The process's clients and the model that is running."""

    store: RedisStore
    judge: RunningJudge
    hashed: Hasher
    metrics: ApiMetrics
    watch: Watch
    decisions: Decisions
    erasures: Erasures
    delivery: Delivery
    http: httpx.AsyncClient

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make all; nothing is connected before it is used.

        Raises:
            SettingsError: a secret is not set.
        """
        store = connect(settings, timeout_s=REDIS_TIMEOUT_S)
        judge = RunningJudge(settings.models_dir, load_policy(settings.policy_file))
        http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)
        delivery = Delivery(settings.kafka_bootstrap, "promo-api", KAFKA_TIMEOUT_MS)
        return cls(
            store=store,
            judge=judge,
            hashed=keyed_hasher(required(settings.hash_key, "hash_key")),
            metrics=ApiMetrics(),
            watch=Watch(checks(settings, store, judge, http)),
            decisions=Decisions(store, delivery),
            erasures=Erasures(settings, store, delivery),
            delivery=delivery,
            http=http,
        )

    def warm(self) -> None:
        """Load the model and the user agents' patterns, half a second that no caller waits for."""
        self.judge.current()
        nobody = {"user_id": "", "created_at": "1970-01-01T00:00:00Z", "user_agent": "Mozilla/5.0"}
        profile(nobody, self.hashed)

    async def close(self) -> None:
        """Give all connections back."""
        await asyncio.to_thread(self.delivery.close)
        await self.http.aclose()
        await self.store.close()


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]


async def _store(services: ServicesDep) -> RedisStore:
    return services.store


async def _metrics(services: ServicesDep) -> ApiMetrics:
    return services.metrics


async def _watch(services: ServicesDep) -> Watch:
    return services.watch


async def _decisions(services: ServicesDep) -> Decisions:
    return services.decisions


async def _erasures(services: ServicesDep) -> Erasures:
    return services.erasures


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _author(request: Request) -> Author:
    return Author(request.state.caller, request.state.request_id)


async def _now_us() -> int:
    return time.time_ns() // 1_000


StoreDep = Annotated[RedisStore, Depends(_store)]
MetricsDep = Annotated[ApiMetrics, Depends(_metrics)]
WatchDep = Annotated[Watch, Depends(_watch)]
DecisionsDep = Annotated[Decisions, Depends(_decisions)]
ErasuresDep = Annotated[Erasures, Depends(_erasures)]
CallerDep = Annotated[Caller, Depends(_caller)]
AuthorDep = Annotated[Author, Depends(_author)]
NowUs = Annotated[int, Depends(_now_us)]
