"""The native stack as a whole: up, down, status, and single parts for tests of survival."""

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from connectors.errors import StackError
from connectors.settings import Settings
from infra.native.accounts import PASSING, Accounts, ensure_accounts, share, write_private
from infra.native.bring_up import BringUp, Report, chosen, is_ready, levels
from infra.native.confinement import confined, has_namespaces, refuse_closed_folders
from infra.native.connect_tls import ensure_certificates
from infra.native.credentials import ensure_secrets
from infra.native.jars import ensure_jars, jars_in
from infra.native.jvm import Jvm
from infra.native.layout import UNFINISHED_RESTORE, Layout, adopt_key_file, layout_of
from infra.native.parts import Part, chores_of, environment_of, parts_of
from infra.native.ports import check_ports, end_leftovers, port_owners
from infra.native.prerequisites import OF_TESTS, PREREQUISITES, ensure_prerequisites
from infra.native.supervision import DOWN, Program, Supervisor
from infra.native.tools import Tools, find_tools

JVM_PARTS = ["kafka", "connect"]
STOP_WAIT_S = 60
KILL_TIMEOUT_S = 10.0


def print_report(name: str, what: str, seconds: float) -> None:
    """One line a step."""
    print(f"  {name:<12} {what:<16} {seconds:5.1f} s", flush=True)


def prepare(layout: Layout, *, for_tests: bool = False) -> Tools:
    """Install what is missing and fetch the jars; starts nothing; idempotent.

    Args:
        layout: the stack's folders.
        for_tests: what tests need too.

    Raises:
        StackError: a prerequisite is missing and cannot be installed here.
    """
    layout.make()
    tools = ensure_prerequisites(layout, PREREQUISITES + (OF_TESTS if for_tests else ()))
    ensure_jars(layout.cache, tools.maven)
    return tools


def up(
    settings: Settings, *, parts: Collection[str] | None = None, report: Report = print_report
) -> Settings:
    """Start what is not running, in the order of readiness; idempotent.

    Args:
        settings: ports, folders; missing secrets are made.
        parts: names of parts to start, with all they need; None starts all.
        report: told of every step that is done.

    Returns:
        The settings with all secrets filled in.

    Raises:
        StackError: a prerequisite is missing, a port is taken or a part did not become ready.
    """
    started = time.monotonic()
    layout = layout_of(settings)
    layout.make()
    _refuse_unfinished_restore(layout)
    with alone(layout):
        tools = prepare(layout)
        settings = ensure_secrets(settings, layout)
        accounts = _accounts_of(parts_of(settings, layout, tools), layout)
        settings = _tell_owners(settings, layout, tools, accounts)
        ensure_certificates(settings)
        table, chores = parts_of(settings, layout, tools), chores_of(settings, layout, tools)
        steps = chosen(table, chores, parts)
        supervisor = Supervisor(layout)
        if not supervisor.running():
            for line in end_leftovers(layout):
                print(f"  {line}")
        alive = {name for name, state in supervisor.states().items() if state.pid}
        check_ports([s for s in steps if isinstance(s, Part) and s.name not in alive])
        supervisor.ensure([_program(part, settings, layout, accounts) for part in table])
        _settle_folders(layout, accounts)
        BringUp(supervisor, layout.log_of, report, accounts).run(steps)
    report("all", "up", time.monotonic() - started)
    return settings


def down(settings: Settings, *, report: Report = print_report) -> None:
    """Stop everything cleanly, what is needed last of all; loses nothing; idempotent.

    Raises:
        StackError: the supervisor does not end.
    """
    layout = layout_of(settings)
    if not layout.run.exists():
        return
    started = time.monotonic()
    supervisor = Supervisor(layout)
    with alone(layout):
        if not supervisor.running():
            for line in end_leftovers(layout):
                print(f"  {line}")
            report("all", "already down", time.monotonic() - started)
            return
        tools = find_tools()
        groups = levels(parts_of(settings, layout, tools), chores_of(settings, layout, tools))
        # First what settings no longer name, a second scoring worker say: it needs what is below.
        known = {name for group in groups for name in group}
        groups.append([name for name in supervisor.states() if name not in known])
        for group in filter(None, reversed(groups)):
            _stop_group(supervisor, group, report)
        supervisor.shutdown()
        Jvm(tools.java, tools.java_version, jars_in(layout.cache), layout).keep_archives(JVM_PARTS)
    report("all", "down", time.monotonic() - started)


def clean(settings: Settings) -> list[str]:
    """Remove data, models, secrets and logs; the cache stays.

    Returns:
        The folders that were removed.

    Raises:
        StackError: the stack is running.
    """
    refuse_to_clean_what_runs(settings)
    layout = layout_of(settings)
    removed = []
    for folder in (layout.state, layout.sockets):
        if folder.exists():
            shutil.rmtree(folder)
            removed.append(str(folder))
    return removed


def refuse_to_clean_what_runs(settings: Settings) -> None:
    """Make sure that nothing runs on what is to be removed.

    Raises:
        StackError: the stack is running.
    """
    if Supervisor(layout_of(settings)).running():
        raise StackError("the stack is running: `make down` first")


def start_part(settings: Settings, name: str) -> None:
    """Start one part of a stack that is up, and wait until it is ready; idempotent.

    Raises:
        StackError: there is no such part, or it does not become ready.
    """
    layout = layout_of(settings)
    part = part_named(settings, name)
    accounts = ensure_accounts([part.bounds.user])
    bring_up = BringUp(Supervisor(layout), layout.log_of, lambda *_: None, accounts)
    bring_up.run([replace(part, needs=())])


def stop_part(settings: Settings, name: str) -> None:
    """Stop one part cleanly and wait until it is gone; it stays down; idempotent."""
    part_named(settings, name)
    Supervisor(layout_of(settings)).stop(name)


def restart_part(
    settings: Settings, name: str, *, kill: bool = False, report: Report = print_report
) -> None:
    """Stop one part and start it again; returns when it is ready.

    Args:
        settings: of a stack that is up.
        name: the part's.
        kill: do not ask it to end first; for one that hangs. Loses nothing either.
        report: told when it is ready.

    Raises:
        StackError: the stack is down, there is no such part, or it does not become ready.
    """
    started = time.monotonic()
    part_named(settings, name)
    layout = layout_of(settings)
    if not Supervisor(layout).running():
        raise StackError(DOWN)
    settings = ensure_secrets(settings, layout)
    ensure_certificates(settings)
    if kill and _state_pid(settings, name):
        kill_part(settings, name)
    else:
        stop_part(settings, name)
    start_part(settings, name)
    report(name, "ready again", time.monotonic() - started)


def kill_part(settings: Settings, name: str) -> int:
    """SIGKILL one part and wait until that process is gone; the supervisor starts another.

    Returns:
        The pid that was killed.

    Raises:
        StackError: it is not running.
    """
    pid = pid_of(settings, name)
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + KILL_TIMEOUT_S
    while _state_pid(settings, name) == pid:
        if time.monotonic() > deadline:
            raise StackError(f"{name} (pid {pid}) does not die")
        time.sleep(0.01)
    return pid


def pid_of(settings: Settings, name: str) -> int:
    """The process id of a part.

    Raises:
        StackError: it is not running.
    """
    pid = _state_pid(settings, name)
    if not pid:
        raise StackError(f"{name} is not running: `make up`")
    return pid


def part_named(settings: Settings, name: str) -> Part:
    """The entry of the table of parts.

    Raises:
        StackError: there is no such part.
    """
    layout = layout_of(settings)
    table = {part.name: part for part in parts_of(settings, layout, find_tools())}
    if name not in table:
        wrong = f"there is no part {name}" if name else "name a part, PART=name"
        raise StackError(f"{wrong}; there are: {', '.join(table)}")
    return table[name]


def ready(settings: Settings, name: str) -> bool:
    """Whether a part answers right now."""
    return is_ready(part_named(settings, name), _state_pid(settings, name))


def _state_pid(settings: Settings, name: str) -> int:
    state = Supervisor(layout_of(settings)).states().get(name)
    return state.pid if state else 0


def _stop_group(supervisor: Supervisor, group: list[str], report: Report) -> None:
    alive = {name for name, state in supervisor.states().items() if state.state != "STOPPED"}

    def stop(name: str) -> None:
        started = time.monotonic()
        supervisor.stop(name)
        report(name, "stopped", time.monotonic() - started)

    with ThreadPoolExecutor(max_workers=len(group)) as pool:
        list(pool.map(stop, [name for name in group if name in alive]))


def _accounts_of(table: Sequence[Part], layout: Layout) -> Accounts:
    """The users of all parts, who get at what they need; idempotent."""
    if not has_namespaces():
        print("  this kernel makes no namespaces: parts are not kept from each other's files")
    accounts = ensure_accounts(part.bounds.user for part in table)
    refuse_closed_folders(layout, accounts)
    return accounts


def _tell_owners(settings: Settings, layout: Layout, tools: Tools, accounts: Accounts) -> Settings:
    """Whose each port is, in the settings for parts and in a file for commands; idempotent."""
    owners = port_owners(parts_of(settings, layout, tools), accounts)
    write_private(layout.state / settings.port_owners_file.name, owners)
    return settings.model_copy(update={"port_owners": owners})


def _settle_folders(layout: Layout, accounts: Accounts) -> None:
    """Put right what no single part owns; idempotent."""
    adopt_key_file(layout)
    share(layout.models, next(iter(accounts.values()), None))
    if accounts and not has_namespaces():
        # Nobody can show a part its own folders alone: it has to go there by the way of all.
        ways = (layout.state, layout.data, layout.run, layout.workers, layout.sockets)
        for folder in ways:
            folder.mkdir(exist_ok=True)
            folder.chmod(PASSING)


def _program(part: Part, settings: Settings, layout: Layout, accounts: Accounts) -> Program:
    account = accounts.get(part.bounds.user)
    return Program(
        name=part.name,
        command=confined(
            part.name, part.command(), part.bounds, layout, account, folder=part.folder
        ),
        environment=environment_of(settings, layout, part.role),
        folder="/",
        stop_signal=part.stop_signal,
        stop_wait_s=STOP_WAIT_S,
    )


def _refuse_unfinished_restore(layout: Layout) -> None:
    if (layout.state / UNFINISHED_RESTORE).exists():
        raise StackError(
            "a restore into this stack was interrupted, and its stores may not fit each other: run"
            " it again (`make restore FROM=… FORCE=1`)"
        )


@contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """One `up`, `down`, backup or restore of a stack at a time; others wait."""
    with os.fdopen(os.open(layout.run / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
