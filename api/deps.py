"""What routes ask for, as ``Annotated`` aliases; all of it lives as long as the process."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Self

import httpx
from fastapi import Depends, Request

from api.access.keys import Caller
from api.alert_stream.streams import AlertStreams
from api.assess import Assessor
from api.claim import Claiming
from api.claim_codes import ClaimCodes
from api.claim_limits import ClaimLimits
from api.decide import Author, Decisions
from api.decide_identifier import IdentifierDecisions
from api.erase import Erasures
from api.metrics import ApiMetrics
from api.readiness import TIMEOUT_S, Watch, checks
from api.warehouse_reader import WarehouseReader
from connectors.profile import Hasher, hasher_of, profile
from connectors.proven import async_http_hooks
from connectors.settings import Settings
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
    identifier_decisions: IdentifierDecisions
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
        hooks = async_http_hooks(settings.owners)
        http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, event_hooks=hooks)
        delivery = Delivery(settings, "promo-api", KAFKA_TIMEOUT_MS)
        hashed = hasher_of(settings)
        metrics, limits = ApiMetrics(), ClaimLimits.of(settings)
        codes = ClaimCodes(store, hashed.conventions, settings.claim_unknown_codes)
        claiming = Claiming(
            store, hashed, judge.current, limits, codes, settings.claim_ttl_s, metrics
        )
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
            identifier_decisions=IdentifierDecisions(store, delivery),
            claiming=claiming,
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


def _given(get: Callable[[Services], object]) -> Any:
    """A dependency on one of the services."""

    async def given(request: Request) -> object:
        return get(_of(request))

    return Depends(given)


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


StoreDep = Annotated[RedisStore, _given(lambda s: s.store)]
AlertStreamsDep = Annotated[AlertStreams, _given(lambda s: s.alert_streams)]
WarehouseDep = Annotated[WarehouseReader, _given(lambda s: s.warehouse)]
MetricsDep = Annotated[ApiMetrics, _given(lambda s: s.metrics)]
WatchDep = Annotated[Watch, _given(lambda s: s.watch)]
IdentifierDecisionsDep = Annotated[IdentifierDecisions, _given(lambda s: s.identifier_decisions)]
DecisionsDep = Annotated[Decisions, _given(lambda s: s.decisions)]
AssessorDep = Annotated[Assessor, _given(lambda s: s.assessor)]
ClaimingDep = Annotated[Claiming, _given(lambda s: s.claiming)]
ErasuresDep = Annotated[Erasures, _given(lambda s: s.erasures)]
CallerDep = Annotated[Caller, Depends(_caller)]
AdmittedDep = Annotated[Callable[[], bool], Depends(_admitted)]
AuthorDep = Annotated[Author, Depends(_author)]
NowUs = Annotated[int, Depends(_now_us)]
