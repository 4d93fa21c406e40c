"""One quick, real question to each part, over connections that stay open."""

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors import source
from connectors.debezium.rest import address, certificates, login
from connectors.debezium.slot import LOST, SLOT, is_lost
from connectors.debezium.watch import ConnectorWatch
from connectors.errors import DependencyDown
from connectors.lag import Offsets
from connectors.peers import Owners
from connectors.proven import http_hooks, redis_hook
from connectors.refusals import WRITE_PROBE, postgres_down, redis_down
from connectors.settings import Settings, required
from connectors.source.session import Connection, SourceRole, open_session
from stream_processors.monitor.samples import Sample, own, scraped
from warehouse.health import health_question

TIMEOUT_S = 2.0
NEW_SESSION_EVERY_S = 30.0
_SLOT_STATE = (Path(source.__file__).parent / "slot_state.sql").read_bytes()


@dataclass(frozen=True, slots=True)
class Probe:
    """How a part is looked at.

    Attributes:
        part: its name.
        look: asks it; blocks for a few seconds at most, is never called twice at a time.
            Raises :class:`DependencyDown` if the part is not well.
    """

    part: str
    look: Callable[[], Sequence[Sample]]


def probes_of(settings: Settings) -> tuple[Probe, ...]:
    """A probe of every part; nothing is connected before it is first asked."""
    s = settings
    scoring = {f"scoring-{n}": s.scoring_metrics_port(n) for n in range(s.scoring_workers)}
    scraped_ports = {
        **scoring,
        "warehouse": s.metrics_port,
        "reconciler": s.reconciler_metrics_port,
    }
    return (
        Probe("postgres", PostgresProbe(s).look),
        Probe("redis", redis_probe(s)),
        Probe("kafka", kafka_probe(s)),
        Probe("connect", page(f"{address(s)}/", login(s), certificates(s), s.owners)),
        Probe("connector", ConnectorProbe(s).look),
        Probe("clickhouse", clickhouse_probe(s)),
        *(
            Probe(p, scrape(p, f"http://{s.worker_host(p)}:{port}"))
            for p, port in scraped_ports.items()
        ),
        Probe("api", scrape("api", s.api_url)),
    )


class PostgresProbe:
    """How far Debezium is behind PostgreSQL's log, and how much of it must be kept for it.

    A session that is there goes on while PostgreSQL lets nobody new in: so there is a new one now
    and then.
    """

    def __init__(
        self, settings: Settings, new_session_every_s: float = NEW_SESSION_EVERY_S
    ) -> None:
        self._settings = settings
        self._new_session_every_s = new_session_every_s
        self._renewed_at = 0.0
        self._connection: Connection | None = None

    def look(self) -> list[Sample]:
        """Bytes of the log, kept for the slot and not confirmed; none while there is no slot."""
        connection = self._session()
        try:
            row = connection.execute(_SLOT_STATE, (SLOT,)).fetchone()
        except psycopg.OperationalError as error:
            self._close()
            raise postgres_down(error) from error
        if row is None:
            return []
        return [
            own("postgres", "promo_source_wal_kept_bytes", float(row[0]), slot=SLOT),
            own("postgres", "promo_source_lag_bytes", float(row[1]), slot=SLOT),
        ]

    def _session(self) -> Connection:
        if time.monotonic() - self._renewed_at >= self._new_session_every_s:
            self._close()
        if self._connection is None:
            self._connection = open_session(self._settings, "promo-monitor", SourceRole.MONITOR)
            self._renewed_at = time.monotonic()
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class ConnectorProbe:
    """Whether Debezium's task runs, and can: without its slot it tries in vain for half an hour."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._watch = ConnectorWatch.of(settings)
        self._connection: Connection | None = None

    def look(self) -> list[Sample]:
        """No samples; a task that has failed has been told to start again."""
        health = self._watch.check()
        if not health.healthy:
            raise DependencyDown(f"connector {health.connector}, task {health.task} {health.trace}")
        if self._slot_is_lost():
            raise DependencyDown(LOST)
        return []

    def _slot_is_lost(self) -> bool:
        try:
            if self._connection is None:
                self._connection = open_session(
                    self._settings, "promo-monitor-slot", SourceRole.MONITOR
                )
            return is_lost(self._connection)
        except (DependencyDown, psycopg.OperationalError):
            self._connection = None  # PostgreSQL's own probe tells that it is away
            return False


def redis_probe(settings: Settings) -> Callable[[], list[Sample]]:
    """A write that changes nothing: a server that loads its file, or is full, refuses it."""
    client = Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        password=required(settings.redis_password, "redis_password"),
        redis_connect_func=redis_hook(settings.owners),
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
    )

    def look() -> list[Sample]:
        try:
            client.setrange(*WRITE_PROBE)
        except (RedisError, OSError) as error:
            raise redis_down(error) from error
        return []

    return look


def kafka_probe(settings: Settings) -> Callable[[], list[Sample]]:
    """How far each consumer group is behind."""
    offsets = Offsets(settings)

    def look() -> list[Sample]:
        _listens(settings.kafka_host, settings.kafka_port)
        return [
            own("kafka", "promo_consumer_lag", behind, group=group, topic=topic, partition=str(n))
            for (group, topic, n), behind in offsets.lag().items()
        ]

    return look


def page(
    url: str,
    auth: tuple[str, str] | None = None,
    verify: ssl.SSLContext | bool = True,
    owners: Owners | None = None,
) -> Callable[[], list[Sample]]:
    """GET answers 200, where needed with user, password and certificates."""
    web = _web(auth, verify, owners)

    def look() -> list[Sample]:
        _get(web, url)
        return []

    return look


def clickhouse_probe(settings: Settings) -> Callable[[], list[Sample]]:
    """A question is answered."""
    web = _web(owners=settings.owners)

    def look() -> list[Sample]:
        _get(web, *health_question(settings))
        return []

    return look


def scrape(part: str, url: str) -> Callable[[], list[Sample]]:
    """What a part shows under ``/metrics``."""
    web = _web()
    return lambda: scraped(part, _get(web, f"{url}/metrics"))


def _web(
    auth: tuple[str, str] | None = None,
    verify: ssl.SSLContext | bool = False,
    owners: Owners | None = None,
) -> httpx.Client:
    """A client for one probe alone.

    Threads that share one close each other's connections as these expire, even under a request.
    """
    # The API may show a certificate that only its own users know: here it is asked for figures.
    hooks = http_hooks(owners or {})
    return httpx.Client(
        auth=auth, timeout=TIMEOUT_S, trust_env=False, verify=verify, event_hooks=hooks
    )


def _get(web: httpx.Client, url: str, headers: Mapping[str, str] | None = None) -> str:
    try:
        answer = web.get(url, headers=headers)
    except httpx.HTTPError as error:
        raise DependencyDown(f"{url}: {error}") from error
    if not answer.is_success:
        raise DependencyDown(f"{url} answers {answer.status_code}")
    return answer.text


def _listens(host: str, port: int) -> None:
    """Kafka's client waits long for a broker that is away; a socket tells at once."""
    try:
        socket.create_connection((host, port), TIMEOUT_S).close()
    except OSError as error:
        raise DependencyDown(f"{host}:{port}: {error.strerror or error}") from error
