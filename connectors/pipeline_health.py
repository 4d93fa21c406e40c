"""Whether rows arrive, as the monitor says it to everybody who asks: a report, and how to get it.

``python -m connectors.pipeline_health`` prints it; the exit code is 0 while all is well.
"""

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import httpx
import orjson

from connectors.errors import DependencyDown, PromoError
from connectors.settings import Settings, load_settings

PATH = "/health"
TIMEOUT_S = 2.0
SILENT_S = 20.0
"""A monitor that has not looked for so long says nothing of now."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why rows do not arrive, or will not.

    Attributes:
        name: what it is about: a stage, or what is wrong at the source; stable.
        what: the same for people, without figures that change.
        remedy: what to do, a command where there is one.
        is_present: rows do not arrive now; else some may not have, and were not compared yet.
    """

    name: str
    what: str
    remedy: str
    is_present: bool = True

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class Report:
    """What the monitor knows.

    Attributes:
        ages_s: how old the newest heartbeat is behind each stage, of its partition that is most
            behind; empty before the first look.
        problems: of stages, then of the source.
        looked_s_ago: when it looked last.
    """

    ages_s: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    looked_s_ago: float = 0.0

    def encode(self) -> bytes:
        """As JSON."""
        return orjson.dumps(asdict(self))


def decode(text: bytes) -> Report:
    """A report from its JSON.

    Raises:
        DependencyDown: it is none.
    """
    try:
        found = orjson.loads(text)
        report = Report(
            {str(stage): float(age) for stage, age in found["ages_s"].items()},
            tuple(Problem(**problem) for problem in found["problems"]),
            float(found["looked_s_ago"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DependencyDown(f"the monitor's report cannot be read: {error!r:.100}") from None
    if report.looked_s_ago > SILENT_S:
        raise DependencyDown(
            f"the monitor has not looked for {report.looked_s_ago:.0f} s:"
            " `make restart PART=monitor KILL=1`"
        )
    return report


def address(settings: Settings) -> str:
    """Where the monitor says it."""
    return f"http://{settings.worker_host('monitor')}:{settings.monitor_metrics_port}{PATH}"


def ask_monitor(settings: Settings) -> Report:
    """The monitor's report.

    Raises:
        DependencyDown: it does not answer, or has not looked for a while; the message says what
            to do.
    """
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as web:
            answer = web.get(address(settings))
    except httpx.HTTPError as error:
        raise is_silent(settings, str(error) or type(error).__name__) from error
    if not answer.is_success:
        raise is_silent(settings, f"HTTP {answer.status_code}")
    return decode(answer.content)


def is_silent(settings: Settings, why: str) -> DependencyDown:
    """What is said when the monitor does not answer."""
    return DependencyDown(
        "nobody knows whether rows arrive: the monitor does not answer at"
        f" {address(settings)} ({why}): `make up`; if it hangs, `make restart PART=monitor KILL=1`"
    )


def main() -> int:
    """Print the report."""
    try:
        report = ask_monitor(load_settings())
    except PromoError as error:
        print(f"health: {error}", file=sys.stderr)
        return 1
    for stage, age_s in report.ages_s.items():
        print(f"health: newest heartbeat behind {stage}: {age_s:.0f} s old")
    for problem in report.problems:
        print(f"health: {problem}")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
