"""How busy others keep the machine while a benchmark runs: its figures mean less then."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

_LOOK_EVERY_S = 2.0


@dataclass(slots=True)
class Neighbours:
    """Cores that were busy with anything but the benchmark: on average, and at most."""

    mean_cores: float = 0.0
    most_cores: float = 0.0


@contextmanager
def watched(scratch: Path) -> Iterator[Neighbours]:
    """Watch the neighbours within the block; the answer is there when it ends.

    Args:
        scratch: the folder of the benchmark's stacks: what runs on a state folder in it, or is a
            child of this process, is no neighbour.
    """
    neighbours, stopping, looks = Neighbours(), threading.Event(), list[float]()
    watcher = threading.Thread(target=_watch, args=(scratch, stopping, looks), daemon=True)
    watcher.start()
    try:
        yield neighbours
    finally:
        stopping.set()
        watcher.join()
        if looks:
            neighbours.mean_cores = max(0.0, sum(looks) / len(looks))
            neighbours.most_cores = max(0.0, *looks)


def _watch(scratch: Path, stopping: threading.Event, looks: list[float]) -> None:
    ours = _Ours(scratch)
    before = (time.monotonic(), _busy_s(), ours.busy_s())
    while not stopping.wait(_LOOK_EVERY_S):
        now = (time.monotonic(), _busy_s(), ours.busy_s())
        looks.append(((now[1] - before[1]) - (now[2] - before[2])) / (now[0] - before[0]))
        before = now


def _busy_s() -> float:
    """Processor seconds of the whole machine so far, stolen ones included."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


class _Ours:
    """The benchmark's own processes, those that have ended too."""

    def __init__(self, scratch: Path) -> None:
        self._stacks = str(scratch)
        self._kind: dict[tuple[int, float], bool] = {}
        self._used: dict[tuple[int, float], float] = {}

    def busy_s(self) -> float:
        """Their processor seconds so far."""
        for process in psutil.process_iter():
            try:
                self._look(process)
            except psutil.Error:
                continue
        return sum(self._used.values())

    def _look(self, process: psutil.Process) -> None:
        identity = (process.pid, process.create_time())
        if identity not in self._kind:
            self._kind[identity] = self._is_ours(process)
        if self._kind[identity]:
            self._used[identity] = sum(process.cpu_times()[:2])

    def _is_ours(self, process: psutil.Process) -> bool:
        # PostgreSQL's sessions write their titles over their environment: ask their parents too.
        family = [process, *process.parents()]
        return any(one.pid == os.getpid() or self._is_of_a_stack(one) for one in family)

    def _is_of_a_stack(self, process: psutil.Process) -> bool:
        try:
            return str(process.environ().get("PROMO_STACK", "")).startswith(self._stacks)
        except psutil.Error:  # somebody else's
            return False
