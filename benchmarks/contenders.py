"""Consumers of the backlog, one after the other, and how fast each drains it."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil

from benchmarks.backlog import forget_everything
from connectors.lag import Offsets
from connectors.settings import Settings
from connectors.topics import SCORING_SOURCES, Topic
from infra.native import stack as native
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of
from tests.reading import eventually

_EVENTS = re.compile(r'^promo_events_total\{topic="([^"]+)"\} (\S+)$', re.MULTILINE)
_LOOK_S = 0.1
_STILL_S = 2.0
_START_S = 60.0
_DRAIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Contender:
    """A process that consumes the backlog and shows production's metrics."""

    name: str
    module: str
    group: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of a contender: messages by topic, and processor seconds by process."""

    at: float
    events: Mapping[str, int]
    cpu_s: Mapping[str, float]

    @property
    def total(self) -> int:
        return sum(self.events.values())


@dataclass(frozen=True, slots=True)
class Drained:
    """How a contender went from its first to its last message.

    Attributes:
        events: messages processed, rescore requests included.
        source_rows: those of them from the source topics.
        seconds: between the first and the last look that saw progress.
        rate: messages per second in that time.
        cpu_s: processor seconds per 1,000 messages in that time, by process.
    """

    events: int
    source_rows: int
    seconds: float
    rate: float
    cpu_s: Mapping[str, float]

    @property
    def source_rate(self) -> float:
        """Source rows per second."""
        return self.rate * self.source_rows / self.events


def drain(settings: Settings, contender: Contender) -> Drained:
    """Have a contender drain the topics from the beginning, on an empty store, and stop it.

    Raises:
        TimeoutError: it did not start, or did not reach the end.
    """
    forget_everything(settings, contender.group)
    layout = layout_of(settings)
    with (layout.logs / f"{contender.module}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", contender.module, *contender.arguments],
            env=os.environ | environment_of(settings, layout),
            cwd=REPOSITORY,
            stdout=log,
            stderr=log,
        )
    try:
        return _watch(settings, contender, _looker(settings, process))
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _watch(settings: Settings, contender: Contender, look: Callable[[], Sight]) -> Drained:
    eventually(lambda: look().total > 0, f"{contender.name} starts", timeout_s=_START_S)
    first = last = look()
    deadline = time.monotonic() + _DRAIN_S
    while True:
        now = look()
        if now.total > last.total:
            last = now
        elif now.at - last.at > _STILL_S and behind(settings, contender.group) == 0:
            return _between(first, last)
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{contender.name} is still {behind(settings, contender.group)} behind"
            )
        time.sleep(_LOOK_S)


def _between(first: Sight, last: Sight) -> Drained:
    events, seconds = last.total - first.total, last.at - first.at
    return Drained(
        events=last.total,
        source_rows=sum(n for topic, n in last.events.items() if topic != Topic.RESCORE),
        seconds=seconds,
        rate=events / seconds,
        cpu_s={
            name: (last.cpu_s[name] - first.cpu_s[name]) / events * 1_000 for name in first.cpu_s
        },
    )


def _looker(settings: Settings, process: subprocess.Popen[bytes]) -> Callable[[], Sight]:
    watched = {
        "worker": psutil.Process(process.pid),
        "redis": psutil.Process(native.pid_of(settings, "redis")),
        "kafka": psutil.Process(native.pid_of(settings, "kafka")),
    }
    url = f"http://127.0.0.1:{settings.scoring_metrics_port(0)}/metrics"

    def look() -> Sight:
        events = counted_events(url)
        if events is None and process.poll() is not None:
            raise TimeoutError(f"it ended with code {process.returncode}")
        cpu_s = {name: sum(one.cpu_times()[:2]) for name, one in watched.items()}
        return Sight(time.monotonic(), events or {}, cpu_s)

    return look


def counted_events(url: str) -> dict[str, int] | None:
    """Messages by topic that a worker says it has processed; None while it does not answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            text = answer.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None
    return {topic: int(float(n)) for topic, n in _EVENTS.findall(text)}


def behind(settings: Settings, group: str) -> int:
    """Messages of the scoring sources that a group has yet to acknowledge."""
    offsets = Offsets(settings)
    return sum(offsets.behind(group, offsets.all_ends(SCORING_SOURCES)).values())
