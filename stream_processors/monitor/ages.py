"""How long ago the newest heartbeat was written that each stage has passed on. Pure.

A heartbeat is known by its number, and ages are differences of the monitor's own steady clock: no
wall clock that jumps, and none of another machine, makes an age.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LATE_S = 20.0
"""From this age on a stage is said to be late. One that is 30 s behind is ill; it is said earlier,
so that all places have said it 30 s after its cause."""

_REMEMBERED = 2_000


class Stage(StrEnum):
    """Where heartbeats are looked for, in the order in which they come there."""

    POSTGRES = "postgres"
    """PostgreSQL has committed it."""
    CONNECTOR = "connector"
    """Debezium has read it from the log and written it into Kafka."""
    SCORING = "scoring"
    """A scoring worker has taken it."""
    REDIS = "redis"
    """Everything before it was done and delivered, and it is in Redis."""
    WAREHOUSE = "warehouse"
    """The warehouse worker has taken it."""
    CLICKHOUSE = "clickhouse"
    """It is in ClickHouse, behind everything before it."""


@dataclass(frozen=True, slots=True)
class StageAge:
    """A stage now.

    Attributes:
        by_partition: age of the newest heartbeat seen behind it, seconds, by partition.
    """

    stage: Stage
    by_partition: Mapping[int, float]

    @property
    def age_s(self) -> float:
        """Of the partition that is most behind."""
        return max(self.by_partition.values(), default=0.0)

    @property
    def late(self) -> tuple[int, ...]:
        """The partitions that are late."""
        return tuple(n for n, age_s in sorted(self.by_partition.items()) if age_s > LATE_S)


class Ages:
    """Remembers when heartbeats were written, and which each stage has seen last.

    Args:
        partitions: of their topic.
        now_s: the monitor's steady clock. Until a heartbeat is seen, a stage is as old as this: a
            stack that was down over night is not late in the morning.
    """

    def __init__(self, partitions: int, now_s: float) -> None:
        self._partitions = range(partitions)
        self._began_s = now_s
        self._written: dict[int, float] = {}
        self._newest: dict[tuple[Stage, int], int] = {}
        self._reached: dict[tuple[Stage, int], float] = {}

    def note_written(self, beat_us: int, now_s: float) -> None:
        """A heartbeat is committed."""
        self._written[beat_us] = now_s
        while len(self._written) > _REMEMBERED:
            del self._written[next(iter(self._written))]
        self.note_seen(Stage.POSTGRES, dict.fromkeys(self._partitions, beat_us), now_s)

    def note_seen(self, stage: Stage, beats: Mapping[int, int], now_s: float) -> None:
        """The newest heartbeats behind a stage, by partition.

        One that this monitor did not write counts as written when it is first seen; a stage that
        goes back to older ones (a replay) is as late as they are old.
        """
        for partition, beat_us in beats.items():
            if self._newest.get((stage, partition)) == beat_us:
                continue  # when it was written may be forgotten
            self._newest[stage, partition] = beat_us
            written_s = self._written.setdefault(beat_us, now_s)
            self._reached[stage, partition] = max(written_s, self._began_s)

    def look(self, now_s: float) -> tuple[StageAge, ...]:
        """All stages in their order."""
        return tuple(
            StageAge(
                stage,
                {
                    n: max(0.0, now_s - self._reached.get((stage, n), self._began_s))
                    for n in self._partitions
                },
            )
            for stage in Stage
        )


class Owners:
    """Remembers which scoring worker has taken each partition's newest heartbeat.

    One that hangs shows nothing any more; what it had before is still its own until another takes
    a newer heartbeat.
    """

    def __init__(self) -> None:
        self._newest: dict[int, tuple[int, str]] = {}

    def note_taken(self, worker: str, beats: Mapping[int, int]) -> None:
        """A worker shows what it has taken last, by partition."""
        for partition, beat_us in beats.items():
            newest = self._newest.get(partition, (0, ""))
            self._newest[partition] = max(newest, (beat_us, worker))

    def by_partition(self) -> dict[int, str]:
        """The worker of each partition, as far as one was seen."""
        return {partition: worker for partition, (_, worker) in self._newest.items()}
