"""What runs, since when, how large, and whether it answers."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import psutil
import psycopg

from connectors.debezium.rest import ConnectRest
from connectors.debezium.slot import LOST, is_lost
from connectors.errors import DependencyDown, PromoError
from connectors.kafka_roles import Role
from connectors.pipeline_health import ask_monitor
from connectors.settings import Settings
from connectors.source.session import open_session
from infra.native.bring_up import ask
from infra.native.layout import layout_of
from infra.native.parts import Part, parts_of
from infra.native.readiness import dependencies_waited_for
from infra.native.supervision import ProgramState, Supervisor
from infra.native.tools import find_tools

MEGABYTE = 1_000_000
_DIFFERENCES = re.compile(r"^promo_reconcile_differences\{.*\} (\S+)$", re.MULTILINE)
HEADINGS = ("part", "state", "pid", "uptime", "memory", "port", "health")


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One line of the status table; ``health`` is "ok" or why not, ``memory_bytes`` resident."""

    part: str
    state: str
    pid: int
    uptime_s: float
    memory_bytes: int
    port: int
    health: str


def status(settings: Settings) -> list[PartStatus]:
    """Ask every part at once; then the Debezium connector, the stores' rows, and those on the way.

    A stack that was never started has every part down.
    """
    layout = layout_of(settings)
    states = Supervisor(layout).states()
    parts = parts_of(settings, layout, find_tools())
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        lines = list(pool.map(lambda part: _look(part, states.get(part.name)), parts))
    return [*lines, _connector(settings), _stores(settings), *_rows(settings)]


def print_status(settings: Settings) -> bool:
    """Print the table.

    Returns:
        Whether every part is well.
    """
    lines = status(settings)
    rows = [HEADINGS, *(_cells(line) for line in lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    for *cells, health in rows:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=False))
        print("  ".join((*padded, health)))
    total = sum(line.memory_bytes for line in lines)
    print(f"memory in all: {total / MEGABYTE:.0f} MB")
    if not any(line.pid for line in lines):
        print("the stack is down: `make up` starts it")
    return all(line.health == "ok" for line in lines)


def _look(part: Part, state: ProgramState | None) -> PartStatus:
    port = part.ports[0].number
    if state is None or not state.pid:
        word = state.state.lower() if state else "down"
        return PartStatus(part.name, word, 0, 0.0, 0, port, "down")
    memory = _memory(state.pid)
    health = _health(part, state.pid)
    return PartStatus(
        part.name, state.state.lower(), state.pid, state.uptime_s, memory, port, health
    )


def _health(part: Part, pid: int) -> str:
    try:
        ask(part, pid)
    except DependencyDown as error:
        return " ".join(str(error).split())
    return _waiting(part) or "ok"


def _waiting(part: Part) -> str:
    """A worker that lives can do nothing while what it needs is down, or full."""
    if part.role not in (Role.SCORING, Role.WAREHOUSE):
        return ""
    port = part.ports[0]
    waited_for = dependencies_waited_for(f"http://{port.host}:{port.number}/metrics")
    return f"waits for {', '.join(waited_for)}" if waited_for else ""


def _connector(settings: Settings) -> PartStatus:
    health = ConnectRest(settings).health()
    word = f"task {health.task} {health.trace}".strip()
    if health.healthy:
        word = LOST if _slot_is_lost(settings) else "ok"
    return PartStatus("connector", health.connector.lower(), 0, 0.0, 0, 0, word)


def _stores(settings: Settings) -> PartStatus:
    """What the reconciler has found: it compares the stores' rows with PostgreSQL's."""
    host, port = settings.worker_host("reconciler"), settings.reconciler_metrics_port
    try:
        page = httpx.get(f"http://{host}:{port}/metrics", trust_env=False, timeout=2.0).text
    except httpx.HTTPError:
        return PartStatus("stores", "unknown", 0, 0.0, 0, 0, "not compared: the reconciler is down")
    found = sum(map(float, _DIFFERENCES.findall(page)))
    word = f"{found:.0f} differ from PostgreSQL: `make reconcile`" if found else "ok"
    return PartStatus("stores", "compared", 0, 0.0, 0, 0, word)


def _rows(settings: Settings) -> list[PartStatus]:
    """Whether rows arrive: a line for each reason why not."""
    try:
        problems = [str(problem) for problem in ask_monitor(settings).problems]
    except DependencyDown as error:
        problems = [str(error)]
    if not problems:
        return [PartStatus("rows", "arrive", 0, 0.0, 0, 0, "ok")]
    return [PartStatus("rows", "wait", 0, 0.0, 0, 0, problem) for problem in problems]


def _slot_is_lost(settings: Settings) -> bool:
    try:
        with open_session(settings, "promo-status") as connection:
            return is_lost(connection)
    except (PromoError, psycopg.OperationalError):
        return False  # the line of PostgreSQL tells why


def _memory(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(_resident(member) for member in family)
    except psutil.Error:
        return 0


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _cells(line: PartStatus) -> tuple[str, ...]:
    return (
        line.part,
        line.state,
        str(line.pid or "-"),
        _duration(line.uptime_s),
        f"{line.memory_bytes / MEGABYTE:.0f} MB" if line.memory_bytes else "-",
        str(line.port or "-"),
        line.health,
    )


def _duration(seconds: float) -> str:
    if not seconds:
        return "-"
    return time.strftime(
        "%-H h %M min" if seconds >= 3600 else "%-M min %S s", time.gmtime(seconds)
    )
