"""Supervisord: its configuration, its start and end, and the calls we make to it."""

import os
import resource
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import psutil
from supervisor.xmlrpc import SupervisorTransport

from connectors.errors import StackError
from infra.native.layout import Layout

NEVER = 1_000_000_000
WANTED_FILES = 16_384
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 150.0
POLL_S = 0.05
DOWN = "the stack is down: `make up`"
ALIVE = ("STARTING", "RUNNING")


@dataclass(frozen=True, slots=True)
class Program:
    """A supervised process.

    ``stop_signal`` asks it to end well; it is killed ``stop_wait_s`` later.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    stop_signal: str
    stop_wait_s: int


@dataclass(frozen=True, slots=True)
class ProgramState:
    """What the supervisor knows of a program; ``state`` is its word, ``pid`` 0 when it is down."""

    name: str
    state: str
    pid: int
    uptime_s: float


class Supervisor:
    """The supervisor of one stack, running or not."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def running(self) -> bool:
        """Whether it answers."""
        if not self._layout.supervisor_socket.exists():
            return False
        try:
            self._rpc().supervisor.getState()
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def ensure(self, programs: Sequence[Program]) -> None:
        """Start it, or have a running one take over a changed configuration; idempotent.

        Programs whose definition has changed are stopped; nothing is started. Each stands after
        those that it needs.

        Raises:
            StackError: it does not start; the message names its log.
        """
        config = render(self._layout, programs)
        path = self._layout.supervisor_config
        changed = not path.exists() or path.read_text() != config
        path.touch(mode=0o600)
        path.write_text(config)
        if self.running():
            if changed:
                self._reload([program.name for program in programs])
            return
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)]
        done = subprocess.run(command, cwd="/", umask=0o077, capture_output=True, text=True)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not done.returncode and time.monotonic() < deadline:
            if self.running():
                return
            time.sleep(POLL_S)
        log = self._layout.log_of("supervisord")
        raise StackError(f"supervisord did not start: {done.stderr.strip()} (log: {log})")

    def states(self) -> dict[str, ProgramState]:
        """All programs; empty when the supervisor is down."""
        if not self.running():
            return {}
        return {info["name"]: _state(info) for info in self._rpc().supervisor.getAllProcessInfo()}

    def state(self, name: str) -> ProgramState:
        """One program.

        Raises:
            StackError: the supervisor is down.
        """
        states = self.states()
        if not states:
            raise StackError(DOWN)
        return states[name]

    def start(self, name: str) -> None:
        """Start a program that is down, without waiting; one that waits to retry starts now.

        Raises:
            StackError: the supervisor is down.
        """
        state = self.state(name).state
        if state in ALIVE:
            return
        if state in ("BACKOFF", "STOPPING"):
            self.stop(name)
        self._rpc().supervisor.startProcess(name, False)

    def stop(self, name: str) -> None:
        """Stop a program and wait until it is gone; idempotent.

        Raises:
            StackError: the supervisor is down, or refuses.
        """
        if not self.running():
            raise StackError(DOWN)
        try:
            self._rpc().supervisor.stopProcess(name, True)
        except xmlrpc.client.Fault as fault:
            if "NOT_RUNNING" not in fault.faultString:
                raise StackError(f"{name} cannot be stopped: {fault.faultString}") from fault

    def shutdown(self) -> None:
        """Stop everything and the supervisor itself, and wait until it is gone; idempotent.

        Raises:
            StackError: it is still there after :data:`STOP_TIMEOUT_S`.
        """
        if not self.running():
            return
        process = psutil.Process(int(self._rpc().supervisor.getPID()))
        self._rpc().supervisor.shutdown()
        try:
            process.wait(STOP_TIMEOUT_S)
        except psutil.TimeoutExpired as error:
            raise StackError(f"supervisord (pid {process.pid}) does not end: kill it") from error

    def _reload(self, order: Sequence[str]) -> None:
        """Take over a configuration; what it changes is stopped, what others need last of all.

        A worker that should leave its group once its broker is gone would have to be killed.
        """
        supervisor = self._rpc().supervisor
        ((added, changed, removed),) = supervisor.reloadConfig()
        last_first = sorted(changed, key=order.index, reverse=True)
        for name in (*removed, *last_first):
            self.stop(name)
            supervisor.removeProcessGroup(name)
        for name in (*added, *changed):
            supervisor.addProcessGroup(name)

    def _rpc(self) -> Any:
        # A connection of its own for each call: they come from several threads.
        transport = SupervisorTransport(None, None, f"unix://{self._layout.supervisor_socket}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)


def _state(info: Mapping[str, Any]) -> ProgramState:
    alive = info["statename"] in ALIVE
    uptime_s = float(info["now"] - info["start"]) if alive else 0.0
    return ProgramState(info["name"], info["statename"], cast(int, info["pid"]), uptime_s)


def render(layout: Layout, programs: Sequence[Program]) -> str:
    """Supervisord's configuration file.

    A program that ends is started again at once, one that does not stay up for two seconds
    after a pause that grows by a second each time; the supervisor never gives up.
    """
    files = min(WANTED_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    root = "user=root\n" if os.geteuid() == 0 else ""
    head = f"""\
[unix_http_server]
file={_plain(layout.supervisor_socket)}
chmod=0700

[supervisord]
{root}logfile={_plain(layout.log_of("supervisord"))}
logfile_maxbytes=5MB
logfile_backups=2
pidfile={_plain(layout.supervisor_pid)}
childlogdir={_plain(layout.logs)}
minfds={files}
umask=077

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
    return head + "".join(_section(layout, program) for program in programs)


def _section(layout: Layout, program: Program) -> str:
    command = " ".join(_argument(word) for word in program.command)
    environment = ",".join(f"{k}={_value(v)}" for k, v in program.environment.items())
    return f"""
[program:{program.name}]
command={command}
directory={_plain(program.folder)}
environment={environment}
autostart=false
autorestart=true
startsecs=2
startretries={NEVER}
stopsignal={program.stop_signal}
stopwaitsecs={program.stop_wait_s}
redirect_stderr=true
stdout_logfile={_plain(layout.log_of(program.name))}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""


def _plain(value: object) -> str:
    return str(value).replace("%", "%%")


def _value(text: str) -> str:
    # Supervisord knows no escapes in environment values, only either kind of quotes.
    quote = "'" if '"' in text else '"'
    return quote + _plain(text) + quote


def _argument(word: str) -> str:
    # % expands; the quotes keep spaces and semicolons.
    return '"' + _plain(word).replace("\\", "\\\\").replace('"', '\\"') + '"'
