"""The native stack comes up once, survives the death of its parts, and loses nothing."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from connectors.debezium.watch import ConnectorWatch
from connectors.errors import StackError
from connectors.settings import Settings, required
from connectors.topics import Topic
from infra.native import stack as native
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of, parts_of
from infra.native.status import status
from infra.native.supervision import Supervisor
from infra.native.tools import find_tools
from tests.conftest import running_stack, stack_settings, taken_down
from tests.reading import eventually, read_topic

PARTS = ("redis", "connector")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """PostgreSQL, Redis, Kafka, Connect and the connector, for this module to ill-treat."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("native")), *PARTS) as settings:
        yield settings


@dataclass
class Reported:
    """Collects what `up` and `down` report."""

    words: dict[str, str]

    def __call__(self, name: str, what: str, seconds: float) -> None:
        self.words[name] = what


def _shop(settings: Settings) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        dbname=settings.postgres_database,
        user=settings.postgres_user,
        password=required(settings.postgres_password, "postgres_password"),
        autocommit=True,
        connect_timeout=5,
    )


def _redis(settings: Settings) -> "redis.Redis":
    password = required(settings.redis_password, "redis_password")
    return redis.Redis(port=settings.redis_port, password=password)


def _sign_up(settings: Settings, user_id: str) -> None:
    with _shop(settings) as shop:
        shop.execute("INSERT INTO users (user_id, created_at) VALUES (%s, now())", (user_id,))


def _arrives(settings: Settings, user_id: str) -> None:
    read_topic(
        settings,
        Topic.USERS,
        lambda got: any(message.key() == user_id.encode() for message in got),
        timeout_s=30,
    )


def test_a_second_up_finds_everything_running(running: Settings) -> None:
    reported = Reported({})
    native.up(running, parts=PARTS, report=reported)
    for part in ("postgres", "redis", "kafka", "connect"):
        assert reported.words[part] == "already running"


def test_status_shows_parts_that_run_and_parts_that_do_not(running: Settings) -> None:
    lines = {line.part: line for line in status(running)}
    for part in ("postgres", "redis", "kafka", "connect"):
        assert (lines[part].state, lines[part].health) in (("running", "ok"), ("starting", "ok"))
        assert lines[part].pid == native.pid_of(running, part)
        assert lines[part].memory_bytes > 1_000_000
    assert lines["connector"].health == "ok"
    assert lines["clickhouse"].health == "down"


@pytest.mark.parametrize("part", ["redis", "postgres", "connect", "kafka"])
def test_a_killed_part_comes_back_and_rows_flow_again(running: Settings, part: str) -> None:
    watch = ConnectorWatch.of(running)
    killed = native.kill_part(running, part)
    eventually(lambda: native.ready(running, part), f"{part} answers again", timeout_s=40)
    assert native.pid_of(running, part) != killed
    eventually(lambda: watch.check().healthy, "the connector's task runs again", timeout_s=40)
    _sign_up(running, f"after-{part}")
    _arrives(running, f"after-{part}")


def test_a_stopped_part_stays_down_until_it_is_started(running: Settings) -> None:
    native.stop_part(running, "redis")
    with pytest.raises(StackError, match="redis is not running"):
        native.pid_of(running, "redis")
    native.start_part(running, "redis")
    assert native.ready(running, "redis")


@pytest.mark.parametrize("kill", [False, True])
def test_a_part_is_restarted_and_reads_where_it_was(running: Settings, kill: bool) -> None:
    before = native.pid_of(running, "connect")

    native.restart_part(running, "connect", kill=kill)

    assert native.pid_of(running, "connect") != before
    _sign_up(running, f"after-restart-{kill}")
    _arrives(running, f"after-restart-{kill}")


def test_only_a_part_of_a_stack_that_is_up_is_restarted(running: Settings, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="there is no part nobody; there are: postgres"):
        native.restart_part(running, "nobody")
    with pytest.raises(StackError, match="the stack is down: `make up`"):
        native.restart_part(stack_settings(tmp_path), "redis")


def _command(settings: Settings, *words: str) -> subprocess.Popen[str]:
    """A command of ``make``'s, about this stack; nobody is there to answer its questions."""
    environment = os.environ | environment_of(settings, layout_of(settings))
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "infra.native", *words]
    return subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=pipe,
        stderr=pipe, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("words", [("replay", "scoring"), ("restart", "redis")])
def test_what_needs_a_running_stack_says_so_in_a_line(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    command = _command(stack_settings(tmp_path), *words)
    assert command.communicate(timeout=60)[1] == "the stack is down: `make up`\n"
    assert command.returncode == 1


def test_whoever_interrupts_a_start_is_told_what_to_do(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    with taken_down(settings):
        command = _command(settings, "up", "connect")
        eventually(lambda: Supervisor(layout_of(settings)).running(), "it starts")
        command.send_signal(signal.SIGINT)
        said = command.communicate(timeout=60)[1]
    assert command.returncode == 130
    assert "`make up` or `make down` goes on" in said
    assert "Traceback" not in said


def test_down_and_up_lose_nothing(running: Settings) -> None:
    _sign_up(running, "before-down")
    with _redis(running) as store:
        store.set("kept", "yes")

    native.down(running)
    reported = Reported({})
    native.down(running, report=reported)
    native.up(running, parts=PARTS)

    assert reported.words == {"all": "already down"}
    with _shop(running) as shop, _redis(running) as store:
        assert shop.execute("SELECT FROM users WHERE user_id = 'before-down'").fetchone() == ()
        assert store.get("kept") == b"yes"
    _sign_up(running, "after-up")
    _arrives(running, "before-down")
    _arrives(running, "after-up")


def test_passwords_show_in_no_command_line_and_no_configuration_of_connect(
    running: Settings,
) -> None:
    secrets = [
        required(running.redis_password, "redis_password"),
        required(running.postgres_cdc_password, "postgres_cdc_password"),
    ]
    shown = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True).stdout
    messages = read_topic(running, "promo.connect.configs", lambda got: len(got) >= 2)
    shown += "".join(repr(message.value()) for message in messages)
    shown += layout_of(running).supervisor_config.read_text()
    assert not [secret for secret in secrets if secret in shown]


def test_clean_refuses_while_the_stack_runs(running: Settings) -> None:
    with pytest.raises(StackError, match="make down"):
        native.clean(running)
    command = _command(running, "clean")
    assert command.communicate(timeout=60) == ("", "the stack is running: `make down` first\n")


def test_a_killed_supervisor_is_replaced_and_its_orphans_end(
    own_stack: Callable[..., Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    settings = own_stack("redis", "postgres")
    layout = layout_of(settings)
    orphans = {part: native.pid_of(settings, part) for part in ("redis", "postgres")}
    supervisor = int(layout.supervisor_pid.read_text())
    os.kill(supervisor, 9)
    eventually(lambda: not Supervisor(layout).running(), "the supervisor is gone")

    native.up(settings, parts=("redis", "postgres"))

    said = capsys.readouterr().out
    assert f"(pid {orphans['redis']}), left over" in said
    assert "supervisord.pid, stale" in said
    assert native.pid_of(settings, "postgres") != orphans["postgres"]


def test_a_stale_pid_file_of_postgres_does_not_keep_it_down(
    own_stack: Callable[..., Settings],
) -> None:
    settings = own_stack("postgres")
    native.down(settings)
    stale = layout_of(settings).data / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{stale.parent}\n0\n{settings.postgres_port}\n\n\n0 0\n")

    native.up(settings, parts=("postgres",))

    assert native.ready(settings, "postgres")


def test_a_taken_port_is_named_with_its_holder_and_its_setting(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path / "state")
    with (
        socket.create_server(("127.0.0.1", settings.redis_port)),
        pytest.raises(StackError) as caught,
    ):
        native.up(settings, parts=("redis",))
    message = str(caught.value)
    assert f"port {settings.redis_port} of redis is taken by" in message
    assert f"(pid {os.getpid()})" in message
    assert "PROMO_REDIS_PORT" in message
    assert not Supervisor(layout_of(settings)).running()


def test_a_part_that_cannot_start_is_reported_with_the_end_of_its_log(
    own_stack: Callable[..., Settings],
) -> None:
    settings = own_stack("redis")
    native.stop_part(settings, "redis")
    shutil.rmtree(layout_of(settings).data / "redis" / "appendonlydir")
    (layout_of(settings).data / "redis" / "appendonlydir").write_text("not a folder")

    with pytest.raises(StackError, match=r"last lines of .*redis\.log") as caught:
        native.start_part(settings, "redis")

    assert "it ended 3 times" in str(caught.value)


def test_a_deep_state_folder_gets_its_sockets_elsewhere(
    tmp_path: Path,
) -> None:
    settings = stack_settings(tmp_path / ("deep-" * 12) / "state")
    with running_stack(settings, "postgres") as up:
        layout = layout_of(up)
        assert layout.sockets.parent == Path("/tmp")
        assert native.ready(up, "postgres")
    removed = native.clean(settings)
    assert str(layout.sockets) in removed
    assert not layout.state.exists()


def test_postgres_runs_in_a_folder_that_only_we_may_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with running_stack(stack_settings(closed / "state"), "schema") as settings:
        _sign_up(settings, "anyone")
        assert closed.stat().st_mode & 0o777 == 0o700


def test_changed_settings_restart_the_parts_they_change(
    own_stack: Callable[..., Settings],
) -> None:
    settings = own_stack("redis")
    before = native.pid_of(settings, "redis")
    changed = settings.model_copy(update={"log_level": "WARNING"})

    native.up(changed, parts=("redis",))

    assert native.pid_of(changed, "redis") != before
    assert native.ready(changed, "redis")


def test_every_part_needs_only_what_is_in_the_table(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    names = {part.name for part in parts_of(settings, layout_of(settings), find_tools())}
    chores = {"schema", "topics", "migrations", "connector"}
    for part in parts_of(settings, layout_of(settings), find_tools()):
        assert set(part.needs) <= names | chores
