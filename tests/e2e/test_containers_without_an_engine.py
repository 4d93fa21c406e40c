"""What docker-compose.yml runs, run without containers: same commands, settings, secrets, packages.

A virtual environment of the lock alone, a tree of what an image may hold, and for each service the
environment and the secrets that its container gets; databases and Kafka are the native stack's.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from connectors.debezium.rest import address, certificates, login
from connectors.kafka_client import client_config
from connectors.settings import Settings, required
from connectors.topics import Topic
from infra.native.layout import REPOSITORY, layout_of
from infra.native.postgres import PostgresServer
from infra.native.tools import find_tools
from tests.composition import jobs, python_services, services
from tests.conftest import running_stack, stack_settings
from tests.reading import eventually
from warehouse.client import writer
from warehouse.migrate import MIGRATIONS

pytestmark = pytest.mark.timeout(600)

WORKERS = ("scoring-0", "warehouse", "monitor", "reconciler", "api")
STOPPING_S = 30


@dataclass(frozen=True, slots=True)
class Image:
    """What a container of the Python services holds.

    Attributes:
        venv: of requirements.lock and nothing else.
        tree: the files that .dockerignore lets in.
    """

    venv: Path
    tree: Path


@dataclass(frozen=True, slots=True)
class Containers:
    """Runs services of docker-compose.yml as processes of this machine."""

    image: Image
    settings: Settings
    folder: Path

    def environment(self, name: str) -> dict[str, str]:
        """A service's environment, with this machine's places instead of the containers'."""
        told = dict(services()[name]["environment"])
        for variable in told:
            field = variable.removeprefix("PROMO_").lower()
            if field.endswith(("_host", "_port")):
                told[variable] = str(getattr(self.settings, field))
        state = self.folder / "state"
        state.mkdir(exist_ok=True)
        told |= {
            "PROMO_STATE_DIR": str(state),
            "PROMO_SECRETS_DIR": str(self._secrets(name)),
            "PROMO_CACHE_DIR": str(self.folder / "tmp"),
            # Where Connect, which runs natively here, finds its database password.
            "PROMO_CONNECT_SECRETS_DIR": str(self.settings.connect_secrets_folder),
            "PROMO_CONNECT_TLS": "true",
            "PROMO_CONNECT_TLS_DIR": str(self.settings.connect_tls_folder),
            "PROMO_WORKER_HOSTS": "scoring-0=127.0.0.1,warehouse=127.0.0.1",
        }
        path = f"{self.image.venv / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin"
        return {**told, "PATH": path, "PYTHONPATH": str(self.image.tree), "LC_ALL": "C.UTF-8"}

    def _secrets(self, name: str) -> Path:
        folder = self.folder / "secrets" / name
        if not folder.exists():  # a running service may be reading them just now
            folder.mkdir(parents=True)
            for secret in services()[name].get("secrets", ()):
                shutil.copy(self.settings.secrets_folder / secret, folder)
        return folder

    def command(self, name: str) -> list[str]:
        """A service's command, with this machine's socket instead of the container's."""
        sockets = str(layout_of(self.settings).postgres_sockets)
        words: Sequence[str] = services()[name]["command"]
        port = f"port={self.settings.postgres_port}"
        return [
            word.replace("/var/run/postgresql", sockets).replace("port=5432", port)
            for word in words
        ]

    def run(self, name: str, *command: str, timeout_s: float = 120) -> str:
        """Run a job to its end, or another command in its place; returns what it printed."""
        done = subprocess.run(
            command or self.command(name),
            cwd=self.image.tree,
            env=self.environment(name),
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
        logs = {log.stem: log.read_text()[-2000:] for log in self.folder.glob("*.log")}
        assert done.returncode == 0, f"{name}: {done.stdout}\n{done.stderr}\n{logs}"
        return done.stdout

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """A service that runs within the block, from the moment its health check passes."""
        log = self.folder / f"{name}.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                self.command(name),
                cwd=self.image.tree,
                env=self.environment(name),
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:

            def healthy() -> bool:
                assert process.poll() is None, f"{name} ended: {log.read_text()[-2000:]}"
                return self.health(name) == 0

            eventually(healthy, f"{name} is healthy", timeout_s=60)
            yield
            assert process.poll() is None, f"{name} ended: {log.read_text()[-2000:]}"
        finally:
            process.terminate()
            try:
                process.wait(STOPPING_S)
            except subprocess.TimeoutExpired:
                process.kill()

    def health(self, name: str) -> int:
        """The exit code of a service's health check."""
        _, *command, url = services()[name]["healthcheck"]["test"]
        port = url.split(":")[2].split("/")[0]
        here = {
            "19100": self.settings.metrics_port,
            "19101": self.settings.monitor_metrics_port,
            "19102": self.settings.reconciler_metrics_port,
            "19110": self.settings.scoring_metrics_port(0),
            "8000": self.settings.api_port,
        }[port]
        moved = url.replace(f":{port}/", f":{here}/")
        environment = self.environment(name)
        done = subprocess.run(
            [*command, moved], cwd=self.image.tree, env=environment, capture_output=True
        )
        return done.returncode


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Made as the Dockerfile makes it, but for the operating system."""
    folder = tmp_path_factory.mktemp("image")
    venv, tree = folder / "venv", folder / "app"
    script = REPOSITORY / "infra/native/make-venv.sh"
    done = subprocess.run(
        [str(script), str(venv), str(REPOSITORY / "requirements.lock")],
        env={**os.environ, "PIP_ONLY_BINARY": ":all:"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in (REPOSITORY / ".dockerignore").read_text().splitlines():
        if line.startswith("!") and (source := REPOSITORY / line[1:]).exists():
            target = tree / line[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, target)
    return Image(venv, tree)


@pytest.fixture(scope="module")
def containers(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """On native databases and Kafka, on which nothing of ours runs yet."""
    settings = stack_settings(tmp_path_factory.mktemp("stack") / "state")
    parts = ("postgres", "redis", "kafka", "connect", "clickhouse")
    with running_stack(settings, *parts) as ready:
        _undo_chores(ready)
        yield Containers(image, ready, tmp_path_factory.mktemp("containers"))


def _undo_chores(settings: Settings) -> None:
    """Take back what the native stack's start has made, for the jobs to make it."""
    connect = f"{address(settings)}/connectors/promo"
    with httpx.Client(
        base_url=connect,
        auth=login(settings),
        verify=certificates(settings),
        trust_env=False,
        timeout=20,
    ) as client:
        client.put("/stop").raise_for_status()
        eventually(lambda: client.delete("/offsets").is_success, "offsets are reset")
        client.delete("").raise_for_status()
    server = PostgresServer(find_tools().postgres, layout_of(settings), settings)
    with psycopg.connect(server.superuser_dsn("promo"), autocommit=True) as connection:
        connection.execute("SELECT pg_drop_replication_slot('promo')")
        connection.execute("DROP PUBLICATION promo")
        connection.execute("DROP TABLE users, promo_codes, promo_usages, erasures CASCADE")
    admin = AdminClient(client_config(settings))
    for future in admin.delete_topics([topic.value for topic in Topic]).values():
        future.result()
    client_of_warehouse = writer(settings)
    client_of_warehouse.command("DROP TABLE schema_migrations SYNC")
    client_of_warehouse.close()


def test_the_system_runs_as_composed(containers: Containers) -> None:
    said = {name: containers.run(name) for name in ("schema", "topics", "migrations", "connector")}
    assert set(said) == set(jobs())
    assert f"topics: {len(Topic)} created" in said["topics"]
    assert f"migrate: {len(list(MIGRATIONS.glob('*.sql')))} applied" in said["migrations"]
    assert "connector: running" in said["connector"]

    with ExitStack() as stack:
        assert containers.health("api") == 1
        for name in WORKERS:
            stack.enter_context(containers.running(name))

        *setting_up, _ = services()["demo"]["command"][2].split(";")
        played = containers.run("demo", "sh", "-ec", ";".join(setting_up), timeout_s=300)
        assert "accounts of attackers" in played

        key = required(containers.settings.api_key, "api_key")
        with httpx.Client(base_url=containers.settings.api_url, trust_env=False) as client:
            client.headers["X-API-Key"] = key
            alerts = client.get("/v1/alerts", params={"level": "critical"}).json()
            risk = client.get(f"/v1/users/{alerts['alerts'][0]['user_id']}/risk").json()
        assert risk["level"] == "critical"
        assert risk["model_version"] != "rules"

    folder = containers.folder
    words = ("save", "--state", str(folder / "state"), "--into", str(folder / "backup"))
    assert "models" in containers.run("tools", "python", "-m", "infra.backup", *words)


def _secrets_of_workers() -> list[tuple[str, str]]:
    # The API takes other keys than promo_api_key: those of `make api-key`.
    return [
        (name, secret)
        for name in WORKERS
        for secret in services()[name]["secrets"]
        if secret != "promo_api_key"
    ]


@pytest.mark.parametrize(("name", "secret"), _secrets_of_workers())
def test_a_service_says_at_its_start_which_secret_it_lacks(
    containers: Containers, name: str, secret: str
) -> None:
    environment = containers.environment(name)
    held = Path(environment["PROMO_SECRETS_DIR"]) / secret
    text = held.read_text()
    held.write_text("")
    try:
        done = subprocess.run(
            containers.command(name),
            cwd=containers.image.tree,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
        )
    finally:
        held.write_text(text)
    assert done.returncode != 0
    assert f"{secret.upper()} is not set" in done.stderr


def test_every_python_service_is_run_here_or_is_another_one_of_its_kind() -> None:
    assert {*WORKERS, *jobs(), "demo", "tools", "scoring-1"} == set(python_services())
