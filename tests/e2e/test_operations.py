"""What an operator does to a stack that has data: rebuilding a store, rotating secrets."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from redis import AuthenticationError, Redis

from connectors.drain import wait_drained
from connectors.errors import DependencyDown, DependencyRefuses, StackError
from connectors.load import load
from connectors.rewind import rewind
from connectors.settings import Settings, required
from connectors.topics import SCORING_GROUP
from infra.native import stack as native
from infra.native.credentials import secret_fields
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of
from infra.native.postgres import PostgresServer
from infra.native.replay import replay
from infra.native.tools import find_tools
from stream_processors.end_orphans import end_orphans
from tests.conftest import stack_settings, taken_down
from tests.e2e.pipeline import Pipeline
from tests.integration.api_client import caller
from tests.judgements import decide, some_decisions
from tests.reading import eventually
from tests.systemd_units import Unit, services
from tests.traffic import write_traffic
from tests.truth import assert_exact, rows_in_clickhouse, state_of
from warehouse.client import reader, writer

pytestmark = pytest.mark.timeout(400)  # stacks start and stop within a test

ACCOUNTS = 300


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A stack with accounts, redemptions and decisions."""
    settings = stack_settings(tmp_path_factory.mktemp("operations"))
    with taken_down(settings):
        settings = native.up(settings)
        folder = write_traffic(tmp_path_factory.mktemp("csv"), accounts=ACCOUNTS, seed=31)
        wait_drained(settings, load(settings, folder).lsn)
        decide(settings, some_decisions(settings, seed=31, count=20))
        wait_drained(settings)
        yield settings


def test_a_group_with_workers_is_not_set_back(filled: Settings) -> None:
    with pytest.raises(StackError, match="has workers that run: stop them first"):
        rewind(filled, SCORING_GROUP, timeout_s=0.5)


def test_a_lost_redis_is_rebuilt_by_a_replay_even_of_what_went_meanwhile(filled: Settings) -> None:
    before = state_of(filled)
    _lose(filled, "redis", layout_of(filled).data / "redis")
    Pipeline(filled).run("DELETE FROM users WHERE user_id = 'u31-8'")  # one of a ring
    Pipeline(filled).drained_of_shop()
    replay(filled, "scoring")
    assert end_orphans(filled) == 1
    assert end_orphans(filled) == 0

    assert_exact(filled)
    after = state_of(filled)
    assert before.risks.keys() - after.risks.keys() == {"u31-8"}
    unlinked = {user for user, risk in before.risks.items() if "u31-8" in str(risk["reasons"])}
    changed = {user for user in after.risks if after.risks[user] != before.risks[user]}
    assert changed <= unlinked


def test_a_lost_clickhouse_is_rebuilt_by_a_replay(filled: Settings) -> None:
    before = state_of(filled)
    for part in ("warehouse", "monitor", "api"):
        native.stop_part(filled, part)
    _lose(filled, "clickhouse", layout_of(filled).state / "clickhouse")
    native.up(filled)
    replay(filled, "warehouse")

    assert state_of(filled) == before
    assert_exact(filled)


# The connector's unit would have the connector look for its password where this machine has none;
# tests/unit/infra tells of its settings.
STARTED = [unit for unit in services() if unit.path.name != "promo-connector.service"]


@pytest.mark.parametrize("unit", STARTED, ids=lambda unit: unit.path.name)
def test_a_systemd_service_works_with_the_secrets_of_its_unit_alone(
    filled: Settings, unit: Unit, tmp_path: Path
) -> None:
    for name in unit.secrets:
        shutil.copy(layout_of(filled).secrets / name, tmp_path / name)
    settings = environment_of(filled, layout_of(filled))
    environment = settings | unit.environment | {"PROMO_SECRETS_DIR": str(tmp_path)}
    server = PostgresServer(find_tools().postgres, layout_of(filled), filled)
    superuser = server.superuser_dsn(filled.postgres_database)
    words = [superuser if word.startswith("host=") else word for word in unit.command[1:]]
    command = [sys.executable, *words]
    if unit.all("Type") == ["oneshot"]:
        native.stop_part(filled, "scoring-0")  # which the one that sets its group back asks for
        done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True)
        native.start_part(filled, "scoring-0")
        assert done.returncode == 0, done.stderr
        return
    part = unit.path.stem.removeprefix("promo-").replace("@", "-0")
    native.stop_part(filled, part)
    with (tmp_path / "log").open("w") as log:
        service = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            eventually(lambda: _answers(filled, part), f"{part} is ready", timeout_s=40)
            eventually(lambda: _well(filled, part), f"{part} finds all it needs", timeout_s=40)
        finally:
            service.terminate()
            service.wait(30)
    assert "is not set" not in (tmp_path / "log").read_text()
    native.start_part(filled, part)


def _answers(settings: Settings, part: str) -> bool:
    """As the stack asks, of a process that its supervisor knows nothing of."""
    try:
        native.part_named(settings, part).ready()
    except DependencyDown:
        return False
    return True


def _well(settings: Settings, part: str) -> bool:
    if part == "api":
        return httpx.get(f"{settings.api_url}/readyz", trust_env=False).is_success
    if part == "monitor":
        shown = Pipeline(settings).metrics(settings.monitor_metrics_port)
        up = [line for line in shown.splitlines() if line.startswith("promo_part_up")]
        return len(up) > 8 and all(line.endswith(" 1.0") for line in up)
    return True


def test_every_secret_but_the_hash_key_is_rotated_by_removing_its_file(filled: Settings) -> None:
    old, session = filled, _session(filled)
    assert _page(filled, session) == httpx.codes.OK
    before = state_of(filled)
    for name in secret_fields():
        if name != "hash_key":
            (layout_of(filled).secrets / f"promo_{name}").unlink()
    rotated = native.up(_without_secrets(filled))

    for name in secret_fields():
        is_same = getattr(rotated, name) == getattr(old, name)
        assert is_same == (name == "hash_key"), name
    # Had a broker been stopped before its workers, those would have had to be killed.
    assert "SIGKILL" not in layout_of(filled).log_of("supervisord").read_text()
    for refused in _doors(rotated, old):
        refused()
    assert _page(rotated, session) != httpx.codes.OK
    assert _page(rotated, _session(rotated)) == httpx.codes.OK
    assert state_of(rotated) == before
    _flows(rotated, "after-rotation")


def test_another_hash_key_is_refused_until_redis_is_emptied_for_it(filled: Settings) -> None:
    settings = native.up(_without_secrets(filled))
    layout = layout_of(settings)
    device = _device(settings, "u31-1")
    (layout.secrets / "promo_hash_key").rename(layout.state / "old-key")
    with pytest.raises(StackError, match="the hash key is not the one"):
        native.up(_without_secrets(filled))

    native.down(settings)
    shutil.rmtree(layout.data / "redis")
    settings = native.up(_without_secrets(filled))
    for group in ("scoring", "warehouse"):
        replay(settings, group)

    assert _device(settings, "u31-1") != device
    assert _device(settings, "u31-1") == Pipeline(settings).hashed("device", "device-u31-1")
    assert_exact(settings)
    _flows(settings, "after-rebuild")


def test_from_postgresql_alone_everything_but_decisions_and_history_comes_back(
    filled: Settings,
) -> None:
    layout = layout_of(filled)
    native.down(filled)
    for lost in (layout.data / "kafka", layout.data / "redis", layout.state / "clickhouse"):
        shutil.rmtree(lost)
    settings = native.up(_without_secrets(filled))
    Pipeline(settings).drained_of_shop()

    assert Pipeline(settings).rows("SELECT count() FROM labels FINAL") == [(0,)]
    assert_exact(settings)
    _flows(settings, "after-loss")


def _lose(settings: Settings, part: str, folder: Path) -> None:
    native.stop_part(settings, part)
    shutil.rmtree(folder)
    native.start_part(settings, part)


def _without_secrets(settings: Settings) -> Settings:
    """As a new process reads them, from files."""
    return settings.model_copy(update=dict.fromkeys(secret_fields()))


def _doors(new: Settings, old: Settings) -> Iterator[Callable[[], None]]:
    """What must be refused with an old secret, a check each."""

    def postgres(role: str, secret: str) -> Callable[[], None]:
        def check() -> None:
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(
                    host=new.postgres_host,
                    port=new.postgres_port,
                    dbname=new.postgres_database,
                    user=getattr(new, f"{role}_user"),
                    password=required(getattr(old, secret), secret),
                )

        return check

    for role in (
        "postgres",
        "postgres_cdc",
        "postgres_monitor",
        "postgres_eraser",
        "postgres_reconciler",
    ):
        yield postgres(role, f"{role}_password")

    def redis() -> None:
        password = required(old.redis_password, "redis_password")
        client = Redis(port=new.redis_port, password=password)
        with client, pytest.raises(AuthenticationError):
            client.ping()

    def clickhouse(client: Callable[[Settings], Any]) -> Callable[[], None]:
        def check() -> None:
            with pytest.raises(DependencyRefuses, match="refuses our user or password"):
                client(old).query("SELECT 1")

        return check

    def api() -> None:
        key = required(old.api_key, "api_key")
        url = f"{new.api_url}/v1/alerts"
        answer = httpx.get(url, headers={"X-API-Key": key}, trust_env=False)
        assert answer.status_code == httpx.codes.UNAUTHORIZED

    yield from (redis, clickhouse(writer), clickhouse(reader), api)


def _session(settings: Settings) -> httpx.Cookies:
    """Whoever has logged in to the dashboards with the stack's key."""
    key = required(settings.api_key, "api_key")
    with httpx.Client(base_url=settings.api_url, trust_env=False) as browser:
        answer = browser.post("/dashboards/login", content=f"key={quote(key)}")
        assert answer.status_code == httpx.codes.SEE_OTHER
        return browser.cookies


def _page(settings: Settings, session: httpx.Cookies) -> int:
    with httpx.Client(base_url=settings.api_url, cookies=session, trust_env=False) as browser:
        return browser.get("/dashboards/user").status_code


def _flows(settings: Settings, prefix: str) -> None:
    """A registration on a shared device changes the first account's risk, in every place."""
    pipeline, rows = Pipeline(settings), rows_in_clickhouse(settings)["users"]
    for number in (1, 2):
        pipeline.sign_up(f"{prefix}-{number}", device_id=prefix)
    pipeline.risk_when(f"{prefix}-1", linked={f"{prefix}-2"})
    pipeline.drained_of_shop()
    assert rows_in_clickhouse(settings)["users"] == rows + 2
    assert_exact(settings)
    with caller(settings) as api:
        assert api.get(f"/v1/users/{prefix}-1/risk").is_success
        assert api.delete(f"/v1/users/{prefix}-1").status_code == httpx.codes.ACCEPTED
    pipeline.drained_of_shop()
    assert rows_in_clickhouse(settings)["users"] == rows + 1


def _device(settings: Settings, user_id: str) -> str:
    found = Pipeline(settings).rows(
        "SELECT device FROM users FINAL WHERE user_id = {user:String}", user=user_id
    )
    return str(found[0][0])
