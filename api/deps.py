"""What routes ask for, as ``Annotated`` aliases; all of it lives as long as the process."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Self

import httpx
from fastapi import Depends, Request

from api.access.keys import Caller
from api.alert_stream.streams import AlertStreams
from api.assess import Assessor
from api.claim import Claiming
from api.claim_limits import ClaimLimits
from api.decide import Author, Decisions
from api.erase import Erasures
from api.metrics import ApiMetrics
from api.readiness import TIMEOUT_S, Watch, checks
from api.warehouse_reader import WarehouseReader
from connectors.profile import Hasher, keyed_hasher, profile
from connectors.settings import Settings, required
from ml.policy_file import load_policy
from stream_processors.delivery import Delivery
from stream_processors.feature_store.redis_store import RedisStore, connect
from stream_processors.scoring.running_judge import RunningJudge

REDIS_TIMEOUT_S = 1.0
KAFKA_TIMEOUT_MS = 2_000
"""A caller waits that long for a decision to be acknowledged, then it is told to try again."""


@dataclass(frozen=True, slots=True)
class Services:
    """The process's clients and the model that is running."""

    store: RedisStore
    warehouse: WarehouseReader
    alert_streams: AlertStreams
    judge: RunningJudge
    hashed: Hasher
    assessor: Assessor
    metrics: ApiMetrics
    watch: Watch
    decisions: Decisions
    claiming: Claiming
    erasures: Erasures
    delivery: Delivery
    http: httpx.AsyncClient

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make all; nothing is connected before it is used.

        Raises:
            SettingsError: a secret is not set, or a claim's limit is malformed.
        """
        store = connect(settings, timeout_s=REDIS_TIMEOUT_S)
        judge = RunningJudge(settings.models_dir, load_policy(settings.policy_file))
        http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)
        delivery = Delivery(settings.kafka_bootstrap, "promo-api", KAFKA_TIMEOUT_MS)
        hashed = keyed_hasher(required(settings.hash_key, "hash_key"))
        metrics, limits = ApiMetrics(), ClaimLimits.of(settings)
        warehouse = WarehouseReader(settings)
        return cls(
            store=store,
            warehouse=warehouse,
            alert_streams=AlertStreams(settings, metrics.alert_streams),
            judge=judge,
            hashed=hashed,
            assessor=Assessor(store, hashed, judge, metrics),
            metrics=metrics,
            watch=Watch(checks(settings, store, judge, http)),
            decisions=Decisions(store, delivery),
            claiming=Claiming(store, hashed, judge.current, limits, settings.claim_ttl_s, metrics),
            erasures=Erasures(settings, store, warehouse, delivery),
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
        await self.alert_streams.close()
        await asyncio.to_thread(self.delivery.close)
        await self.http.aclose()
        await self.warehouse.close()
        await self.store.close()


def _of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _services(request: Request) -> Services:
    return _of(request)


ServicesDep = Annotated[Services, Depends(_services)]


async def _store(request: Request) -> RedisStore:
    return _of(request).store


async def _warehouse(request: Request) -> WarehouseReader:
    return _of(request).warehouse


async def _alert_streams(request: Request) -> AlertStreams:
    return _of(request).alert_streams


async def _metrics(request: Request) -> ApiMetrics:
    return _of(request).metrics


async def _watch(request: Request) -> Watch:
    return _of(request).watch


async def _decisions(request: Request) -> Decisions:
    return _of(request).decisions


async def _assessor(request: Request) -> Assessor:
    return _of(request).assessor


async def _claiming(request: Request) -> Claiming:
    return _of(request).claiming


async def _erasures(request: Request) -> Erasures:
    return _of(request).erasures


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _admitted(request: Request) -> Callable[[], bool]:
    admitted: Callable[[], bool] = request.state.is_admitted
    return admitted


async def _author(request: Request) -> Author:
    return Author(request.state.caller, request.state.request_id)


async def _now_us() -> int:
    return time.time_ns() // 1_000


StoreDep = Annotated[RedisStore, Depends(_store)]
AlertStreamsDep = Annotated[AlertStreams, Depends(_alert_streams)]
WarehouseDep = Annotated[WarehouseReader, Depends(_warehouse)]
MetricsDep = Annotated[ApiMetrics, Depends(_metrics)]
WatchDep = Annotated[Watch, Depends(_watch)]
DecisionsDep = Annotated[Decisions, Depends(_decisions)]
AssessorDep = Annotated[Assessor, Depends(_assessor)]
ClaimingDep = Annotated[Claiming, Depends(_claiming)]
ErasuresDep = Annotated[Erasures, Depends(_erasures)]
CallerDep = Annotated[Caller, Depends(_caller)]
AdmittedDep = Annotated[Callable[[], bool], Depends(_admitted)]
AuthorDep = Annotated[Author, Depends(_author)]
NowUs = Annotated[int, Depends(_now_us)]
