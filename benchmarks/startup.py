"""How long the stack takes to be up, and what it uses while nothing happens.

The first start has the jars and nothing else: no archives of loaded classes, no cluster, no
secrets. Each start is a process of its own, as ``make up`` starts it.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

from pydantic import SecretStr

from benchmarks.figures import Figure, Section, Table
from benchmarks.processes import Use, cores_between, use
from benchmarks.workbench import Workbench
from connectors.settings import Settings
from infra.native.layout import REPOSITORY
from tests.conftest import CACHE, stack_settings

LATER_STARTS = 2
FIRST_S, LATER_S = 20.0, 12.0
MEMORY_GB, CORES = 2.5, 1 / 3
SETTLE_S, IDLE_S = 10.0, 30.0


def measure(bench: Workbench) -> Section:
    """Start, start again, look at the idle stack, stop."""
    cache = bench.scratch / "cache"
    shutil.copytree(CACHE, cache, ignore=shutil.ignore_patterns("*.jsa"))
    settings = stack_settings(bench.scratch / "startup", cache_dir=cache)
    starts = []
    try:
        starts.append(_run(settings, "up"))
        for _ in range(LATER_STARTS):
            _run(settings, "down")
            starts.append(_run(settings, "up"))
        time.sleep(SETTLE_S)
        before = use(settings, memory=False)
        time.sleep(IDLE_S)
        after = use(settings)
    finally:
        _run(settings, "down")
    return Section(
        "Starting, and standing idle",
        _figures(starts, before, after),
        (_parts(before, after),),
        (
            "Starts: " + ", ".join(f"{seconds:.1f} s" for seconds in starts) + "; the first has"
            " the jars and no archives of loaded classes.",
            f"Idle: {IDLE_S:.0f} s, after {SETTLE_S:.0f} s of rest.",
        ),
    )


def _run(settings: Settings, command: str) -> float:
    environment = {
        f"PROMO_{name.upper()}": str(value)
        for name, value in settings
        if value is not None and not isinstance(value, SecretStr)
    }
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "infra.native", command],
        env=os.environ | environment,
        cwd=REPOSITORY,
        check=True,
    )
    return time.monotonic() - started


def _figures(starts: Sequence[float], before: Use, after: Use) -> list[Figure]:
    first, later = starts[0], max(starts[1:])
    memory_gb = sum(after.resident.values()) / 1e9
    proportional_gb = sum(after.proportional.values()) / 1e9
    cores = sum(cores_between(before, after).values())
    return [
        Figure(
            "first `make up`, jars present", f"{first:.1f} s", {"seconds": first},
            f"≤ {FIRST_S:.0f} s", first <= FIRST_S, "an idle machine, or fewer Java processes",
        ),
        Figure(
            "later `make up`", f"{later:.1f} s", {"seconds": later},
            f"≤ {LATER_S:.0f} s", later <= LATER_S, "an idle machine, or fewer Java processes",
        ),
        Figure(
            "memory, idle", f"{memory_gb:.2f} GB",
            {"resident_gb": memory_gb, "proportional_gb": proportional_gb},
            f"< {MEMORY_GB} GB", memory_gb < MEMORY_GB, "smaller heaps",
        ),
        Figure(
            "processor, idle", f"{cores:.2f} cores", {"cores": cores},
            "< 0.33 cores", cores < CORES, "longer poll intervals, which latency pays for",
        ),
    ]  # fmt: skip


def _parts(before: Use, after: Use) -> Table:
    cores = cores_between(before, after)
    rows = [
        (
            name,
            f"{after.resident[name] / 1e6:.0f} MB",
            f"{after.proportional[name] / 1e6:.0f} MB",
            f"{cores[name]:.3f}",
        )
        for name in cores
    ]
    return Table(
        "Idle, by part",
        ("part", "resident", "proportional (shared pages once)", "cores"),
        rows,
    )
