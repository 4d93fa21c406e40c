"""What the processes of a native stack use, the supervisor and every child included."""

import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import psutil

from benchmarks.figures import Table
from connectors.settings import Settings
from infra.native import stack as native
from infra.native.layout import layout_of
from infra.native.parts import parts_of
from infra.native.tools import find_tools


@dataclass(frozen=True, slots=True)
class Use:
    """Processor seconds since each part's start, and memory, by part.

    ``resident`` counts shared pages in every process, ``proportional`` once altogether; bytes.
    """

    at: float
    cpu_s: Mapping[str, float]
    resident: Mapping[str, int]
    proportional: Mapping[str, int]


def use(settings: Settings, parts: Collection[str] = (), *, memory: bool = True) -> Use:
    """What the stack uses now, or these of its parts; reading ``memory`` takes a moment."""
    families = {name: _family(pid) for name, pid in _roots(settings, parts).items()}
    cpu = {name: sum(map(_cpu_s, family)) for name, family in families.items()}
    sizes = {name: [_memory(p) for p in f] if memory else [] for name, f in families.items()}
    return Use(
        time.monotonic(),
        cpu,
        {name: sum(rss for rss, _ in found) for name, found in sizes.items()},
        {name: sum(pss for _, pss in found) for name, found in sizes.items()},
    )


def cores_between(earlier: Use, later: Use) -> dict[str, float]:
    """Cores that each part kept busy."""
    span_s = later.at - earlier.at
    return {name: (later.cpu_s[name] - at) / span_s for name, at in earlier.cpu_s.items()}


def cores_table(columns: Mapping[str, Mapping[str, float]]) -> Table:
    """A table of busy cores: a row for each part, a column for each of several occasions."""
    found = list(columns.values())
    rows = [(part, *(f"{cores[part]:.2f}" for cores in found)) for part in found[0]]
    total = ("all parts", *(f"{sum(cores.values()):.2f}" for cores in found))
    cores_here = len(os.sched_getaffinity(0))
    return Table(f"Cores busy, of {cores_here}", ("part", *columns), [*rows, total])


def _roots(settings: Settings, parts: Collection[str]) -> dict[str, int]:
    if parts:
        return {name: native.pid_of(settings, name) for name in parts}
    layout = layout_of(settings)
    names = [part.name for part in parts_of(settings, layout, find_tools())]
    return {
        "supervisor": int(layout.supervisor_pid.read_text()),
        **{name: native.pid_of(settings, name) for name in names},
    }


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    if process.name() == "supervisord" or "supervisord" in " ".join(process.cmdline()):
        return [process]
    return [process, *process.children(recursive=True)]


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    # Children that have ended count too: PostgreSQL's sessions come and go.
    return float(times.user + times.system + times.children_user + times.children_system)


def _memory(process: psutil.Process) -> tuple[int, int]:
    try:
        found = process.memory_full_info()
    except psutil.Error:
        return 0, 0
    return int(found.rss), int(found.pss)
