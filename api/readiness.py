"""Whether the API can do its work: one real question to each dependency."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

import httpx
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from api.schemas.problem import PartHealth
from connectors import pipeline_health
from connectors.cached import FRESH_S
from connectors.errors import BundleError, DependencyDown, PromoError
from connectors.kafka_client import client_config
from connectors.refusals import clickhouse_down, kafka_down
from connectors.settings import Settings
from ml.bundle import current_version
from stream_processors.feature_store.redis_store import RedisStore
from stream_processors.scoring.running_judge import RunningJudge
from warehouse.health import health_question

Check = Callable[[], Awaitable[str]]
"""Asks one dependency: a remark, or a :class:`PromoError` that says what is wrong."""

TIMEOUT_S = 2.0
MOST_DETAIL = 1_000
_KAFKA_TIMEOUT_S = _MONITOR_TIMEOUT_S = 1.0
_HTTP_OK = 200

_silent = logging.getLogger(f"{__name__}.kafka")
_silent.propagate = False
_silent.addHandler(logging.NullHandler())


class Watch:
    """The dependencies' states; asked at most once a second, however many callers there are."""

    def __init__(
        self, checks: Mapping[str, Check], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._checks = checks
        self._clock = clock
        self._asking = asyncio.Lock()
        self._known: dict[str, PartHealth] = {}
        self._asked_at = float("-inf")

    async def states(self) -> Mapping[str, PartHealth]:
        """Each dependency by name; takes :data:`TIMEOUT_S` at most."""
        async with self._asking:
            if self._clock() - self._asked_at >= FRESH_S:
                answers = await asyncio.gather(*map(_health, self._checks.values()))
                self._known = dict(zip(self._checks, answers, strict=True))
                self._asked_at = self._clock()
            return self._known


async def _health(check: Check) -> PartHealth:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return PartHealth(state="up", detail=await check())
    except TimeoutError:
        return PartHealth(state="down", detail=f"no answer within {TIMEOUT_S:.0f} s")
    except PromoError as error:
        return PartHealth(state="down", detail=str(error)[:MOST_DETAIL])


def checks(
    settings: Settings, store: RedisStore, judge: RunningJudge, http: httpx.AsyncClient
) -> dict[str, Check]:
    """The API's dependencies."""

    async def redis() -> str:
        await store.ping()
        return ""

    async def kafka() -> str:
        await asyncio.to_thread(_ask_kafka, settings)
        return ""

    async def clickhouse() -> str:
        await _ask_clickhouse(settings, http)
        return ""

    async def bundle() -> str:
        return _running(settings, judge)

    async def rows() -> str:
        return await _ask_whether_rows_arrive(settings, http)

    return {
        "redis": redis,
        "kafka": kafka,
        "clickhouse": clickhouse,
        "model": bundle,
        "rows": rows,
    }


def _ask_kafka(settings: Settings) -> None:
    # A client of its own for each question: one that is kept has threads that never sleep.
    admin = AdminClient(client_config(settings), logger=_silent)
    try:
        admin.list_topics(timeout=_KAFKA_TIMEOUT_S)
    except KafkaException as error:
        raise kafka_down(error) from error


async def _ask_clickhouse(settings: Settings, http: httpx.AsyncClient) -> None:
    address, headers = health_question(settings)
    try:
        answer = await http.get(address, headers=headers)
    except httpx.HTTPError as error:
        raise DependencyDown(f"ClickHouse: {error or type(error).__name__}") from error
    if answer.status_code != _HTTP_OK:
        code = answer.headers.get("X-ClickHouse-Exception-Code", "")
        why = f"it answers {answer.status_code}, code {code or 'none'}"
        raise clickhouse_down(why, int(code) if code.isdecimal() else None)


async def _ask_whether_rows_arrive(settings: Settings, http: httpx.AsyncClient) -> str:
    """Nothing, while they do; else a remark, where that is over or nobody knows.

    A monitor that is away makes no API unfit: it would take every checkout's answers with it.

    Raises:
        DependencyDown: a stage lets none through, or the source is not as it must be.
    """
    try:
        answer = await http.get(pipeline_health.address(settings), timeout=_MONITOR_TIMEOUT_S)
    except httpx.HTTPError as error:
        return str(pipeline_health.is_silent(settings, str(error) or type(error).__name__))
    if answer.status_code != _HTTP_OK:
        return str(pipeline_health.is_silent(settings, f"HTTP {answer.status_code}"))
    try:
        problems = pipeline_health.decode(answer.content).problems
    except DependencyDown as error:
        return str(error)
    said = " | ".join(map(str, problems))
    if any(problem.is_present for problem in problems):
        raise DependencyDown(said)
    return said


def _running(settings: Settings, judge: RunningJudge) -> str:
    """The running model's version.

    Raises:
        BundleError: the current bundle is not the one that is running: it was refused.
    """
    running, version = judge.current().model, current_version(settings.models_dir)
    if version is None:
        return "rules alone: no model has been trained yet"
    if running is None or running.bundle.version != version:
        raise BundleError(f"bundle {version} was refused, see the log: `make train`")
    return version
