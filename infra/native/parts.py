"""Every part of the native stack in one table: how it runs, what it needs, how it proves ready.

To add a part, add an entry to :func:`parts_of`. To add something that must be done once its
needs are ready (create topics, migrate), add an entry to :func:`chores_of`.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from connectors.debezium.register import register
from connectors.kafka_access import ensure_access
from connectors.kafka_roles import Role
from connectors.make_topics import create_topics
from connectors.settings import Settings
from connectors.source.apply import apply_schema
from connectors.topics import SCORING_GROUP, WAREHOUSE_GROUP
from infra.config import LOG4J, Template
from infra.native.accounts import Account
from infra.native.broker import (
    connect_command,
    connect_files,
    kafka_command,
    prepare_connect,
    prepare_kafka,
)
from infra.native.confinement import Confinement, program_paths, python_paths
from infra.native.connect_tls import certificate_files
from infra.native.jars import jars_in
from infra.native.jvm import Jvm
from infra.native.layout import REPOSITORY, Layout
from infra.native.postgres import PostgresServer
from infra.native.readiness import (
    clickhouse_answers,
    connect_answers,
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
        bounds: who it is and what it sees.
        prepare: writes its configuration, for the user that it runs as, before it starts; its
            folders are there; idempotent.
        needs: parts and chores that must be ready first.
        stop_signal: ends it without losing anything.
        timeout_s: how long it may take to become ready.
        folder: its working directory.
        role: as whom it speaks to Kafka; None if it does not, or not by the settings.
    """

    name: str
    ports: tuple[Port, ...]
    command: Callable[[], list[str]]
    ready: Callable[[], None]
    bounds: Confinement
    prepare: Callable[[Account | None], None] = lambda _: None
    needs: tuple[str, ...] = ()
    stop_signal: str = "TERM"
    timeout_s: float = 120.0
    folder: str = "/"
    role: Role | None = None


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
    java = (*program_paths(tools.java), layout.cache, LOG4J)
    broker = Confinement(
        "promo-kafka",
        writable=(layout.data / "kafka", layout.run_of("kafka")),
        readable=java,
        secrets=("kafka_broker_password", Role.OPERATOR.secret),
        copied=(layout.run / Template.KAFKA, jvm.arguments("kafka")),
    )
    return (
        Part(
            "postgres",
            (Port(s.postgres_host, s.postgres_port, "POSTGRES_PORT"),),
            postgres.command,
            lambda: postgres_answers(postgres.superuser_dsn("postgres")),
            postgres.bounds,
            postgres.prepare,
            stop_signal="INT",  # fast shutdown: breaks connections, then writes a checkpoint
        ),
        Part(
            "redis",
            (Port(s.redis_host, s.redis_port, "REDIS_PORT"),),
            lambda: redis_command(tools.redis, layout),
            lambda: redis_answers(s),
            Confinement(
                "promo-redis",
                writable=(layout.data / "redis",),
                readable=program_paths(tools.redis),
                copied=(layout.run / Template.REDIS,),
            ),
            lambda _: prepare_redis(s, layout),
        ),
        Part(
            "kafka",
            (
                Port(s.kafka_host, s.kafka_port, "KAFKA_PORT"),
                Port(s.kafka_host, s.kafka_controller_port, "KAFKA_CONTROLLER_PORT"),
            ),
            lambda: kafka_command(jvm),
            lambda: kafka_answers(s),
            broker,
            partial(prepare_kafka, s, jvm, broker),
        ),
        Part(
            "clickhouse",
            (Port(s.clickhouse_host, s.clickhouse_port, "CLICKHOUSE_PORT"),),
            partial(_behind, "warehouse.gateway"),
            lambda: clickhouse_answers(s),
            Confinement(
                "promo-clickhouse",
                writable=(layout.state / "clickhouse",),
                readable=python_paths(),
                secrets=(
                    "clickhouse_password",
                    "clickhouse_api_password",
                    "clickhouse_reader_password",
                ),
                listen=(s.clickhouse_host, s.clickhouse_port),
            ),
            folder=str(REPOSITORY),
        ),
        Part(
            "connect",
            (Port(s.connect_host, s.connect_port, "CONNECT_PORT"),),
            lambda: connect_command(jvm),
            lambda: connect_answers(s),
            Confinement(
                "promo-connect",
                writable=(layout.run_of("connect"),),
                readable=java,
                copied=(*connect_files(s, layout), jvm.arguments("connect")),
            ),
            lambda _: prepare_connect(s, jvm),
            needs=("topics",),  # they come with the users, of which Connect is one
        ),
        *_workers(s, layout),
        Part(
            "api",
            (Port(s.api_host, s.api_port, "API_PORT"),),
            partial(_python, "api"),
            lambda: http_answers(f"{s.api_url}/healthz"),
            Confinement(
                "promo-api",
                writable=(layout.access, layout.run_of("api")),
                readable=(*python_paths(), s.models_dir, *_folder(s.api_keys_file)),
                secrets=(
                    "redis_password",
                    "clickhouse_api_password",
                    "postgres_eraser_password",
                    "hash_key",
                    "api_key",
                    Role.API.secret,
                ),
                copied=_files(s.policy_file, s.api_tls_certificate, s.api_tls_key),
            ),
            needs=("redis", "topics", "migrations"),
            folder=str(REPOSITORY),
            role=Role.API,
        ),
    )


def _workers(s: Settings, layout: Layout) -> list[Part]:
    scoring = [
        _worker(
            f"scoring-{slot}",
            s.scoring_metrics_port(slot),
            partial(_python, "stream_processors.scoring", "--slot", str(slot)),
            Confinement(
                "promo-scoring",
                writable=(s.worker_dir(SCORING_GROUP, slot),),
                readable=(*python_paths(), s.models_dir),
                secrets=("redis_password", "hash_key", Role.SCORING.secret),
                copied=_files(s.policy_file),
            ),
            ("redis", "topics"),
            Role.SCORING,
        )
        for slot in range(s.scoring_workers)
    ]
    sink = Confinement(
        "promo-warehouse",
        writable=(s.worker_dir(WAREHOUSE_GROUP, 0),),
        readable=python_paths(),
        secrets=("clickhouse_password", "hash_key", Role.WAREHOUSE.secret),
    )
    monitor = Confinement(
        "promo-monitor",
        readable=(*python_paths(), s.models_dir),
        secrets=(
            "postgres_monitor_password",
            "redis_password",
            "clickhouse_password",
            "clickhouse_api_password",
            "connect_password",
            Role.MONITOR.secret,
        ),
        copied=certificate_files(s),
    )
    reconciler = Confinement(
        "promo-reconciler",
        readable=python_paths(),
        secrets=(
            "postgres_reconciler_password",
            "redis_password",
            "clickhouse_api_password",
            "hash_key",
            Role.MONITOR.secret,
        ),
    )
    return [
        *scoring,
        _worker(
            "warehouse",
            s.metrics_port,
            partial(_behind, "stream_processors.warehouse_sink"),
            sink,
            ("topics", "migrations"),
            Role.WAREHOUSE,
        ),
        _worker(
            "monitor",
            s.monitor_metrics_port,
            partial(_behind, "stream_processors.monitor"),
            monitor,
            ("topics", "migrations"),
            Role.MONITOR,
        ),
        _worker(
            "reconciler",
            s.reconciler_metrics_port,
            partial(_behind, "stream_processors.reconcile.watch"),
            reconciler,
            ("topics", "migrations"),
            Role.MONITOR,  # it asks Kafka for the same: how far groups are
        ),
    ]


def _worker(
    name: str,
    port: int,
    command: Callable[[], list[str]],
    bounds: Confinement,
    needs: tuple[str, ...],
    role: Role,
) -> Part:
    return Part(
        name,
        (Port("127.0.0.1", port, "METRICS_PORT"),),
        command,
        lambda: worker_answers("127.0.0.1", port),
        bounds,
        needs=needs,
        folder=str(REPOSITORY),
        role=role,
    )


def _folder(file: Path | None) -> tuple[Path, ...]:
    return (file.absolute().parent,) if file else ()


def _files(*paths: Path | None) -> tuple[Path, ...]:
    return tuple(path.absolute() for path in paths if path)


def chores_of(settings: Settings, layout: Layout, tools: Tools) -> tuple[Chore, ...]:
    """What is done between the parts' starts."""
    s = settings
    postgres = PostgresServer(tools.postgres, layout, s)

    def schema() -> None:
        postgres.create_database()
        apply_schema(postgres.superuser_dsn(s.postgres_database), s, ours_alone=True)

    return (
        Chore("schema", ("postgres",), schema),
        Chore(
            "topics",
            ("kafka",),
            lambda: _make_topics(s),
        ),
        Chore("migrations", ("clickhouse",), lambda: _migrate(s)),
        Chore(
            "connector",
            ("connect", "schema", "topics"),
            lambda: register(s, CONNECTOR_TIMEOUT_S),
        ),
    )


def environment_of(settings: Settings, layout: Layout, role: Role | None = None) -> dict[str, str]:
    """The environment of a part: all settings but the secrets, which are in files."""
    plain = {
        f"PROMO_{name.upper()}": str(value)
        for name, value in settings
        if value is not None and not isinstance(value, SecretStr)
    }
    files = (*layout.secrets.glob("promo_*"), *filter(Path.exists, certificate_files(settings)))
    secrets = [path.stat().st_mtime_ns for path in files]
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
    return plain | fixed | ({} if role is None else {"PROMO_KAFKA_ROLE": role.value})


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _behind(module: str, *arguments: str) -> list[str]:
    """As :func:`_python`, for what no score waits for: on busy cores the others come first."""
    return ["nice", "-n", "5", *_python(module, *arguments)]


def _make_topics(settings: Settings) -> None:
    ensure_access(settings)
    create_topics(settings)


def _migrate(settings: Settings) -> None:
    # Its ClickHouse client takes 0.3 s to import, which `make status` need not wait for.
    from warehouse.migrate import migrate

    migrate(settings)
