"""Starting parts and doing chores, each as soon as what it needs is ready."""

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import psutil

from connectors.errors import DependencyDown, PromoError, StackError
from infra.native.accounts import Accounts, own
from infra.native.parts import Chore, Part
from infra.native.ports import check_holder
from infra.native.supervision import Supervisor

POLL_S = 0.05
SHOWN_LINES = 15
MOST_CRASHES = 3

Step = Part | Chore
Report = Callable[[str, str, float], None]


class BringUp:
    """Runs the graph of parts and chores once.

    Args:
        supervisor: a running one that knows the parts.
        log_of: the log file of a part.
        report: told name, what happened and seconds, as each becomes ready.
        accounts: the users that parts run as, by name.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        log_of: Callable[[str], Path],
        report: Report,
        accounts: Accounts,
    ) -> None:
        self._supervisor = supervisor
        self._log_of = log_of
        self._report = report
        self._accounts = accounts

    def run(self, steps: Sequence[Step]) -> None:
        """Bring all steps up, those that do not need each other at once.

        Raises:
            StackError: some did not become ready; the message has each one's reason. What
                depends on them was not begun; what was ready stays up.
        """
        waiting = {step.name: step for step in steps}
        done: set[str] = set()
        failures: list[PromoError] = []
        running: dict[Future[None], str] = {}
        with ThreadPoolExecutor(max_workers=len(steps) or 1) as pool:
            while True:
                for step in _startable(waiting, done):
                    running[pool.submit(self._step, step)] = waiting.pop(step.name).name
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    try:
                        future.result()
                        done.add(name)
                    except PromoError as error:
                        failures.append(error)
        if failures:
            raise StackError("\n".join(str(failure) for failure in failures))

    def _step(self, step: Step) -> None:
        started = time.monotonic()
        match step:
            case Part():
                word = self._start(step)
            case Chore():
                step.run()
                word = "done"
        self._report(step.name, word, time.monotonic() - started)

    def _start(self, part: Part) -> str:
        pid = self._supervisor.state(part.name).pid
        if pid and is_ready(part, pid):
            return "already running"
        account = self._accounts.get(part.bounds.user)
        for folder in part.bounds.writable:
            own(folder, account)
        part.prepare(account)
        self._supervisor.start(part.name)
        self._wait(part)
        return "ready"

    def _wait(self, part: Part) -> None:
        deadline = time.monotonic() + part.timeout_s
        reason, pid, pids = "", 0, set[int]()
        while time.monotonic() < deadline and len(pids) <= MOST_CRASHES:
            if not pid or not psutil.pid_exists(pid):
                pid = self._supervisor.state(part.name).pid
            pids |= {pid} - {0}
            try:
                ask(part, pid)
                return
            except DependencyDown as error:
                reason = str(error).strip()
            time.sleep(POLL_S)
        crashed = f"it ended {MOST_CRASHES} times; " if len(pids) > MOST_CRASHES else ""
        log = self._log_of(part.name)
        raise StackError(
            f"{part.name} did not become ready: {crashed}{reason}\n"
            f"last lines of {log}:\n{last_lines(log)}"
        )


def ask(part: Part, pid: int) -> None:
    """Ask a part that runs as ``pid`` whether it is ready: itself, and nobody in its place.

    Raises:
        DependencyDown: it is not, or it has not got its ports (yet).
    """
    check_holder(part, pid)
    part.ready()


def is_ready(part: Part, pid: int) -> bool:
    """Whether it answers right now."""
    try:
        ask(part, pid)
    except DependencyDown:
        return False
    return True


def last_lines(log: Path) -> str:
    """The end of a log file, indented."""
    if not log.exists():
        return "    (there is no log yet)"
    lines = log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
    return "\n".join(f"    {line}" for line in lines)


def chosen(
    parts: Sequence[Part], chores: Sequence[Chore], names: Collection[str] | None
) -> list[Step]:
    """The parts of these names (None: all), all they need, and the chores this makes possible.

    Raises:
        StackError: there is no such part.
    """
    everything: list[Step] = [*parts, *chores]
    steps = {step.name: step for step in everything}
    wanted: set[str] = set()
    todo = [part.name for part in parts] if names is None else list(names)
    while todo:
        name = todo.pop()
        if name not in steps:
            raise StackError(f"there is no part {name}; there are: {', '.join(steps)}")
        if name not in wanted:
            wanted.add(name)
            todo.extend(steps[name].needs)
    for chore in chores:
        if wanted.issuperset(chore.needs):
            wanted.add(chore.name)
    return [step for name, step in steps.items() if name in wanted]


def levels(parts: Sequence[Part], chores: Sequence[Chore]) -> list[list[str]]:
    """Names of parts in groups, each needing only groups before it: the order of a start.

    Reversed, it is the order of a stop.
    """
    everything: list[Step] = [*parts, *chores]
    waiting = {step.name: step for step in everything}
    names = {part.name for part in parts}
    done: set[str] = set()
    groups: list[list[str]] = []
    while waiting:
        group = [step.name for step in _startable(waiting, done)]
        if not group:
            break
        for name in group:
            del waiting[name]
        done.update(group)
        groups.append([name for name in group if name in names])
    return [group for group in groups if group]


def _startable(waiting: dict[str, Step], done: set[str]) -> list[Step]:
    return [step for step in waiting.values() if done.issuperset(step.needs)]
