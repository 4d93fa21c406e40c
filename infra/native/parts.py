"""Every part of the native stack in one table: how it runs, what it needs, how it proves ready.

To add a part, add an entry to :func:`parts_of`. To add something that must be done once its
needs are ready (create topics, migrate), add an entry to :func:`chores_of`.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr

from connectors.debezium.register import register
from connectors.make_topics import create_topics
from connectors.settings import Settings
from connectors.source.apply import apply_schema
from infra.native.broker import connect_command, kafka_command, prepare_connect, prepare_kafka
from infra.native.jars import jars_in
from infra.native.jvm import Jvm
from infra.native.layout import REPOSITORY, Layout
from infra.native.postgres import PostgresServer
from infra.native.readiness import (
    clickhouse_answers,
    http_answers,
    kafka_answers,
    postgres_answers,
    redis_answers,
    worker_answers,
)
from infra.native.redis_server import prepare_redis, redis_command
from infra.native.tools import Tools

CONNECTOR_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a part listens on, and the setting that moves it."""

    host: str
    number: int
    setting: str


@dataclass(frozen=True, slots=True)
class Part:
    """A supervised process.

    Args:
        name: unique; also the supervisor's program and the log file's stem.
        ports: what it listens on; the first is shown.
        command: its command line (called when the stack starts).
        ready: asks it; raises DependencyDown while it is not ready.
        prepare: makes its folder and configuration before it starts; idempotent.
        needs: parts and chores that must be ready first.
        stop_signal: ends it without losing anything.
        timeout_s: how long it may take to become ready.
        folder: its working directory.
    """

    name: str
    ports: tuple[Port, ...]
    command: Callable[[], list[str]]
    ready: Callable[[], None]
    prepare: Callable[[], None] = lambda: None
    needs: tuple[str, ...] = ()
    stop_signal: str = "TERM"
    timeout_s: float = 120.0
    folder: str = str(REPOSITORY)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done at every start once ``needs`` are ready; idempotent."""

    name: str
    needs: tuple[str, ...]
    run: Callable[[], object]


def parts_of(settings: Settings, layout: Layout, tools: Tools) -> tuple[Part, ...]:
    """All parts; whatever a part needs stands above it."""
    s = settings
    jvm = Jvm(tools.java, tools.java_version, jars_in(layout.cache), layout)
    postgres = PostgresServer(tools.postgres, layout, s)
    return (
        Part(
            "postgres",
            (Port(s.postgres_host, s.postgres_port, "POSTGRES_PORT"),),
            postgres.command,
            lambda: postgres_answers(postgres.superuser_dsn("postgres")),
            postgres.prepare,
            stop_signal="INT",  # fast shutdown: breaks connections, then writes a checkpoint
            folder="/",
        ),
        Part(
            "redis",
            (Port(s.redis_host, s.redis_port, "REDIS_PORT"),),
            lambda: redis_command(tools.redis, layout),
            lambda: redis_answers(s),
            lambda: prepare_redis(s, layout),
        ),
        Part(
            "kafka",
            (
                Port(s.kafka_host, s.kafka_port, "KAFKA_PORT"),
                Port(s.kafka_host, s.kafka_controller_port, "KAFKA_CONTROLLER_PORT"),
            ),
            lambda: kafka_command(jvm),
            lambda: kafka_answers(s),
            lambda: prepare_kafka(s, jvm),
        ),
        Part(
            "clickhouse",
            (Port(s.clickhouse_host, s.clickhouse_port, "CLICKHOUSE_PORT"),),
            partial(_behind, "warehouse.gateway"),
            lambda: clickhouse_answers(s),
        ),
        Part(
            "connect",
            (Port(s.connect_host, s.connect_port, "CONNECT_PORT"),),
            lambda: connect_command(jvm),
            lambda: http_answers(f"http://{s.connect_host}:{s.connect_port}/connectors"),
            lambda: prepare_connect(s, jvm),
            needs=("kafka",),
        ),
        *_workers(s),
        Part(
            "api",
            (Port(s.api_host, s.api_port, "API_PORT"),),
            partial(_python, "api"),
            lambda: http_answers(f"{s.api_url}/healthz"),
            needs=("redis", "topics", "migrations"),
        ),
    )


def _workers(s: Settings) -> list[Part]:
    scoring = [
        _worker(
            f"scoring-{slot}",
            s.scoring_metrics_port(slot),
            partial(_python, "stream_processors.scoring", "--slot", str(slot)),
            needs=("redis", "topics"),
        )
        for slot in range(s.scoring_workers)
    ]
    sink = partial(_behind, "stream_processors.warehouse_sink")
    monitor = partial(_behind, "stream_processors.monitor")
    return [
        *scoring,
        _worker("warehouse", s.metrics_port, sink, needs=("topics", "migrations")),
        _worker("monitor", s.monitor_metrics_port, monitor, needs=("topics", "migrations")),
    ]


def _worker(name: str, port: int, command: Callable[[], list[str]], needs: tuple[str, ...]) -> Part:
    return Part(
        name,
        (Port("127.0.0.1", port, "METRICS_PORT"),),
        command,
        lambda: worker_answers("127.0.0.1", port),
        needs=needs,
    )


def chores_of(settings: Settings, layout: Layout, tools: Tools) -> tuple[Chore, ...]:
    """What is done between the parts' starts."""
    s = settings
    postgres = PostgresServer(tools.postgres, layout, s)

    def schema() -> None:
        postgres.create_database()
        apply_schema(postgres.superuser_dsn(s.postgres_database), s)

    return (
        Chore("schema", ("postgres",), schema),
        Chore(
            "topics",
            ("kafka",),
            lambda: create_topics(s.kafka_bootstrap, s.kafka_partitions, s.kafka_replication),
        ),
        Chore("migrations", ("clickhouse",), lambda: _migrate(s)),
        Chore(
            "connector",
            ("connect", "schema", "topics"),
            lambda: register(s, CONNECTOR_TIMEOUT_S),
        ),
    )


def environment_of(settings: Settings, layout: Layout) -> dict[str, str]:
    """The environment of every part: all settings but the secrets, which are in files."""
    plain = {
        f"PROMO_{name.upper()}": str(value)
        for name, value in settings
        if value is not None and not isinstance(value, SecretStr)
    }
    secrets = [path.stat().st_mtime_ns for path in layout.secrets.glob("promo_*")]
    fixed = {
        "PROMO_STACK": str(layout.state),
        "PROMO_SECRETS_DIR": str(layout.secrets),
        # A changed secret is a changed environment, which restarts the parts that hold the old one.
        "PROMO_SECRETS_CHANGED": str(max(secrets, default=0)),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",  # a crash in native code leaves its stack in the log
        "MALLOC_ARENA_MAX": "2",  # fewer per-thread heaps: a third less memory in the JVMs
    }
    return plain | fixed


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _behind(module: str, *arguments: str) -> list[str]:
    """As :func:`_python`, for what no score waits for: on busy cores the others come first."""
    return ["nice", "-n", "5", *_python(module, *arguments)]


def _migrate(settings: Settings) -> None:
    # Its ClickHouse client takes 0.3 s to import, which `make status` need not wait for.
    from warehouse.migrate import migrate

    migrate(settings)
