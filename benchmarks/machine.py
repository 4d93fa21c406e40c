"""Where figures were taken: they mean nothing without it."""

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

from infra.native.tools import find_tools

LIBRARIES = ("faust-streaming", "aiokafka", "confluent-kafka", "redis", "lightgbm", "chdb")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine at the start of a run.

    Attributes:
        at: ISO 8601, UTC.
        commit: the repository's, with ``+`` if files differ from it.
        load: load averages over 1, 5 and 15 minutes, before anything was started.
    """

    at: str
    commit: str
    processor: str
    cores: int
    memory_gb: float
    system: str
    load: tuple[float, float, float]
    versions: Mapping[str, str]


def describe() -> Machine:
    """The machine as it is now."""
    tools = find_tools()
    return Machine(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_commit(),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        system=f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}",
        load=os.getloadavg(),
        versions={
            "python": platform.python_version(),
            "java": tools.java_version.partition("\n")[0],
            "redis-server": _said(tools.redis, "--version"),
            "postgres": _said(str(tools.postgres / "postgres"), "--version"),
            **{library: version(library) for library in LIBRARIES},
        },
    )


def _processor() -> str:
    with open("/proc/cpuinfo") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit() -> str:
    commit = _said("git", "rev-parse", "--short", "HEAD")
    return commit + ("+" if _said("git", "status", "--porcelain", "-uno") else "")


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip().partition("\n")[0]
