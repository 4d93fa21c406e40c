"""Scoring workers that drain a backlog together: all start at one moment, each with its share.

A worker that is there first would take every partition and be far ahead before the second has
joined. So Redis is told to hold scripts back (``CLIENT PAUSE``) until the group stands and each
worker has the same number of partitions; then it lets go, and the clock runs.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from confluent_kafka.admin import AdminClient
from redis import Redis

from benchmarks.backlog import forget_everything
from benchmarks.contenders import behind, counted_events
from connectors.kafka_client import client_config
from connectors.settings import Settings, required
from connectors.topics import SCORING_GROUP, SCORING_SOURCES, Topic
from infra.native import stack as native
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of
from tests.reading import eventually

_HELD_MS = 60_000
_LOOK_S = 0.2
_STILL_S = 2.0
_START_S = 60.0
_DRAIN_S = 600.0
MACHINE, THIS = "machine", "this process"


@dataclass(frozen=True, slots=True)
class Moment:
    """What was seen at a moment.

    Attributes:
        at: seconds on a steady clock.
        events: messages by topic, of each worker.
        cpu_s: processor seconds by process, and of the whole machine.
        scripts_s: seconds that Redis spent in scripts.
    """

    at: float
    events: Sequence[Mapping[str, int]]
    cpu_s: Mapping[str, float]
    scripts_s: float

    @property
    def totals(self) -> list[int]:
        """Messages of each worker."""
        return [sum(events.values()) for events in self.events]


@dataclass(frozen=True, slots=True)
class Drained:
    """How a team drained the backlog.

    Attributes:
        seconds: from the release to the last message of the last worker.
        ended_s: the same for each worker.
        source_rows: messages of the source topics, by worker.
        rescores: requests to score an account again that all of them handled.
        cpu_s: processor seconds by process; ``MACHINE`` is everything on it.
        scripts_s: seconds that Redis was in scripts.
    """

    seconds: float
    ended_s: Sequence[float]
    source_rows: Sequence[int]
    rescores: int
    cpu_s: Mapping[str, float]
    scripts_s: float

    @property
    def workers(self) -> int:
        return len(self.source_rows)

    @property
    def rows(self) -> int:
        """Source rows of all workers."""
        return sum(self.source_rows)

    @property
    def rate(self) -> float:
        """Source rows per second."""
        return self.rows / self.seconds


def drain(settings: Settings, workers: int, stages: Sequence[Path] = ()) -> Drained:
    """Have so many workers drain the source topics from the beginning, on an empty store.

    Args:
        settings: a stack with the backlog, whose partitions divide by ``workers``.
        workers: how many.
        stages: a file for each worker, to be sampled into (:mod:`benchmarks.stages`).

    Raises:
        TimeoutError: they did not start, or did not reach the end.
    """
    forget_everything(settings, SCORING_GROUP)
    redis = Redis(
        port=settings.redis_port, password=required(settings.redis_password, "redis_password")
    )
    with redis, _running(settings, workers, stages) as processes:
        redis.client_pause(_HELD_MS, all=False)
        try:
            _wait_for_shares(settings, processes)
        finally:
            redis.client_unpause()
        return _watched(settings, _looker(settings, processes, redis))


@contextmanager
def _running(
    settings: Settings, workers: int, stages: Sequence[Path]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    layout = layout_of(settings)
    module = "benchmarks.stages" if stages else "stream_processors.scoring"
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for slot in range(workers):
            files = [str(stages[slot])] if stages else []
            with (layout.logs / f"team-{slot}.log").open("ab") as log:
                processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", module, "--slot", str(slot), *files],
                        env=os.environ | environment_of(settings, layout),
                        cwd=REPOSITORY,
                        stdout=log,
                        stderr=log,
                    )
                )
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            _ended(process)


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for_shares(settings: Settings, processes: Sequence[subprocess.Popen[bytes]]) -> None:
    admin = AdminClient({**client_config(settings), "log_level": 3})
    share = len(SCORING_SOURCES) * settings.kafka_partitions // len(processes)
    urls = _metrics_urls(settings, len(processes))

    def divided() -> bool:
        if ended := [p.returncode for p in processes if p.poll() is not None]:
            raise TimeoutError(f"a worker ended with code {ended[0]}")
        group = admin.describe_consumer_groups([SCORING_GROUP])[SCORING_GROUP].result()
        shares = [len(member.assignment.topic_partitions) for member in group.members]
        serving = all(counted_events(url) is not None for url in urls)
        return shares == [share] * len(processes) and serving

    eventually(divided, f"{len(processes)} workers have {share} partitions each", _START_S)


def _watched(settings: Settings, look: Callable[[], Moment]) -> Drained:
    first = last = look()
    moved = [first] * len(first.events)
    deadline = time.monotonic() + _DRAIN_S
    while True:
        now = look()
        for worker, (total, before) in enumerate(zip(now.totals, last.totals, strict=True)):
            if total > before:
                moved[worker] = now
        if now.totals != last.totals:
            last = now
        elif now.at - last.at > _STILL_S and behind(settings, SCORING_GROUP) == 0:
            return _between(first, moved, last)
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {behind(settings, SCORING_GROUP)} behind")
        time.sleep(_LOOK_S)


def _between(first: Moment, moved: Sequence[Moment], last: Moment) -> Drained:
    rows = [
        sum(n for topic, n in events.items() if topic != Topic.RESCORE) for events in last.events
    ]
    return Drained(
        seconds=last.at - first.at,
        ended_s=[one.at - first.at for one in moved],
        source_rows=rows,
        rescores=sum(last.totals) - sum(rows),
        cpu_s={name: used - first.cpu_s[name] for name, used in last.cpu_s.items()},
        scripts_s=last.scripts_s - first.scripts_s,
    )


def _looker(
    settings: Settings, processes: Sequence[subprocess.Popen[bytes]], redis: "Redis"
) -> Callable[[], Moment]:
    watched = {
        **{f"worker {slot}": psutil.Process(p.pid) for slot, p in enumerate(processes)},
        "redis": psutil.Process(native.pid_of(settings, "redis")),
        "kafka": psutil.Process(native.pid_of(settings, "kafka")),
        THIS: psutil.Process(),
    }
    urls = _metrics_urls(settings, len(processes))

    def look() -> Moment:
        events = [counted_events(url) or {} for url in urls]
        cpu_s = {name: sum(one.cpu_times()[:2]) for name, one in watched.items()}
        commands = redis.info("commandstats")
        scripts_us = commands.get("cmdstat_evalsha", {}).get("usec", 0)
        return Moment(
            time.monotonic(), events, cpu_s | {MACHINE: _machine_s()}, scripts_us / 1_000_000
        )

    return look


def _machine_s() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _metrics_urls(settings: Settings, workers: int) -> list[str]:
    ports = [settings.scoring_metrics_port(slot) for slot in range(workers)]
    return [f"http://127.0.0.1:{port}/metrics" for port in ports]
