"""Whether rows arrive: heartbeats and the watch over the source, as one report."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence

from connectors.errors import DependencyDown
from connectors.pipeline_health import Problem, Report
from connectors.settings import Settings
from connectors.source.judge import UNPUBLISHED_BEATS
from stream_processors.metrics import MetricName
from stream_processors.monitor.ages import Ages, Owners, Stage, StageAge
from stream_processors.monitor.heartbeats import Heartbeats
from stream_processors.monitor.lateness import Known, late_stages
from stream_processors.monitor.samples import Sample, own
from stream_processors.monitor.source_watch import SourceWatch

_TAKEN: MetricName = "promo_heartbeat_timestamp_seconds"
_PART = "health"
UNSEEN_S = 60.0
"""A source that could not be looked at for so long is said to be unseen."""

_UNSEEN = Problem(
    "source not seen",
    "nobody has seen for a minute whether the source is as it must be",
    "`make logs PART=monitor` says why; `make up`, `make restart PART=monitor KILL=1`",
)
_log = logging.getLogger(__name__)


def without_heartbeats(samples: Iterable[Sample]) -> list[Sample]:
    """Samples without what workers say of heartbeats: their age is what is kept."""
    return [sample for sample in samples if sample.metric != _TAKEN]


class HealthWatch:
    """Writes and looks for heartbeats, and knows what the source watch saw last."""

    def __init__(self, settings: Settings) -> None:
        self._began_s = time.monotonic()
        self._ages = Ages(settings.kafka_partitions, self._began_s)
        self._owners = Owners()
        self._heartbeats = Heartbeats(settings, self._ages)
        self._source = SourceWatch(settings)
        self._looked_s = self._saw_source_s = self._began_s
        self._stages: Sequence[StageAge] = ()
        self._late: Sequence[Problem] = ()
        self._at_source: Sequence[Problem] = ()

    def write(self) -> None:
        """Have a heartbeat written."""
        self._heartbeats.write()

    async def look(self, samples: Sequence[Sample]) -> None:
        """See how far heartbeats have come.

        Args:
            samples: of all parts, just taken.
        """
        await self._heartbeats.look()
        self._note_taken(samples)
        self._looked_s = time.monotonic()
        self._stages = self._ages.look(self._looked_s)
        self._late = late_stages(self._stages, known_of(samples, self._owners.by_partition()))

    def look_at_source(self) -> None:
        """Look at the source; blocks for a moment. What was seen before stays if it is away."""
        try:
            self._at_source = self._source.look()
        except DependencyDown as error:
            _log.warning("the source was not seen", extra={"why": str(error)})
        else:
            self._saw_source_s = time.monotonic()

    def report(self) -> Report:
        """What is known now."""
        ages = {stage.stage.value: round(stage.age_s, 1) for stage in self._stages}
        ago_s = time.monotonic() - self._looked_s
        return Report(ages, self._problems(), round(ago_s, 1))

    def age_samples(self) -> list[Sample]:
        """Of each stage."""
        return [
            own(_PART, "promo_heartbeat_age_seconds", round(age.age_s, 1), stage=age.stage)
            for age in self._stages
        ]

    def problem_samples(self) -> list[Sample]:
        """1 for each problem, or one 0. All are stored in every round: one that is gone is over."""
        problems = {problem.name: problem for problem in self._problems()}
        if not problems:
            return [own(_PART, "promo_health_problem", 0.0, problem="", what="", remedy="")]
        return [
            own(
                _PART,
                "promo_health_problem",
                1.0,
                problem=name,
                what=problem.what,
                remedy=problem.remedy,
            )
            for name, problem in problems.items()
        ]

    def _problems(self) -> tuple[Problem, ...]:
        """Without what only looks as if no row came, because heartbeats are not published."""
        is_blind = any(problem.name == UNPUBLISHED_BEATS for problem in self._at_source)
        late = [p for p in self._late if not (is_blind and p.name == Stage.CONNECTOR)]
        problems = (*late, *self._at_source)
        # Where PostgreSQL is away, that is said already.
        is_away = any(problem.name == Stage.POSTGRES for problem in late)
        unseen = not is_away and time.monotonic() - self._saw_source_s > UNSEEN_S
        return (*problems, _UNSEEN) if unseen else problems

    def _note_taken(self, samples: Sequence[Sample]) -> None:
        now_s = time.monotonic()
        for part, beats in _taken(samples):
            scores = part.startswith("scoring")
            self._ages.note_seen(Stage.SCORING if scores else Stage.WAREHOUSE, beats, now_s)
            if scores:
                self._owners.note_taken(part, beats)

    def close(self) -> None:
        """Ask nothing more."""
        self._heartbeats.close()


def known_of(samples: Sequence[Sample], owners: Mapping[int, str]) -> Known:
    """What the parts' own samples say beside ages and owners. Pure."""
    down = {s.part for s in samples if s.metric == "promo_part_up" and not s.value}
    halted = {s.part for s in samples if s.metric == "promo_halted" and s.value}
    waits: dict[str, set[str]] = {}
    for sample in samples:
        if sample.metric == "promo_dependency_up" and not sample.value:
            waits.setdefault(sample.part, set()).add(dict(sample.labels)["dependency"])
    return Known(
        frozenset(down | halted),
        {part: frozenset(names) for part, names in waits.items()},
        owners,
    )


def _taken(samples: Iterable[Sample]) -> list[tuple[str, dict[int, int]]]:
    taken: dict[str, dict[int, int]] = {}
    for sample in samples:
        if sample.metric == _TAKEN:
            partition = int(dict(sample.labels)["partition"])
            taken.setdefault(sample.part, {})[partition] = round(sample.value * 1e6)
    return list(taken.items())
