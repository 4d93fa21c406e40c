"""Wait until the stream has drained: from PostgreSQL's log to the last consumer's offset.

Stages, in the order in which events flow. Each stage's ends are read when the stage before it
has drained, because only then has everything arrived that the earlier stages cause:

1. Debezium has confirmed the log position of the last insert,
2. the source topics, 3. decisions (an erasure ends some), 4. sweeps, 5. rescore, 6. scores,
   7. alerts, 8. dead letters are consumed to their ends by every group that consumes them.

A sweep passes accounts on page by page, each page asking for the next one: its topic has drained
when its ends stand still.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from connectors.console import Meter
from connectors.debezium.slot import SLOT
from connectors.errors import DrainStalled
from connectors.lag import GROUPS, Ends, Offsets, Position, lag
from connectors.refusals import postgres_down
from connectors.settings import Settings
from connectors.source.session import Connection, SourceRole, open_session
from connectors.topics import Topic

__all__ = ["STAGES", "DrainProgress", "lag", "show_drain", "wait_drained"]

SLOT_LAG_SQL = Path(__file__).parent / "source" / "slot_lag.sql"
POLL_S = 0.1
# A group that has not moved for so long is asked whether records are left for it at all.
PROBE_AFTER_S = 2.0

_DOWNSTREAM = (Topic.RESCORE, Topic.RISK_SCORES, Topic.ABUSE_ALERTS, Topic.DEAD_LETTER)
_DECISIONS = (Topic.LABELS, Topic.LINK_DECISIONS, Topic.IDENTIFIER_DECISIONS)
_LATER = (*_DECISIONS, Topic.SWEEPS, *_DOWNSTREAM)
_SOURCES = tuple({t: None for ts in GROUPS.values() for t in ts if t not in _LATER})
STAGES: tuple[tuple[str, tuple[Topic, ...]], ...] = (
    ("sources", _SOURCES),
    ("decisions", _DECISIONS),
    ("sweeps", (Topic.SWEEPS,)),
    ("rescore", (Topic.RESCORE,)),
    ("scores", (Topic.RISK_SCORES,)),
    ("alerts", (Topic.ABUSE_ALERTS,)),
    ("dead letters", (Topic.DEAD_LETTER,)),
)


@dataclass(frozen=True, slots=True)
class DrainProgress:
    """How far a drain is: bytes of log in the stage ``debezium``, messages in the others."""

    stage: str
    lag: int


OnDrain = Callable[[DrainProgress], None]


def wait_drained(
    settings: Settings,
    lsn: str | None = None,
    timeout_s: float | None = None,
    on_progress: OnDrain = lambda progress: None,
    *,
    stall_s: float = 60.0,
    stages: Sequence[tuple[str, tuple[Topic, ...]]] = STAGES,
    role: SourceRole = SourceRole.SHOP,
) -> None:
    """Return when everything up to ``lsn``, and all it causes, has been consumed.

    Traffic that goes on meanwhile does not keep it from returning.

    Args:
        settings: where PostgreSQL and Kafka are.
        lsn: PostgreSQL's log position after the last insert; None waits for the topics only.
        timeout_s: how long to wait at most; None is as long as there is progress.
        on_progress: told the lag at every look.
        stall_s: how long a stage may make no progress at all.
        stages: what is waited for behind Debezium; the first alone is the source's rows.
        role: as whom PostgreSQL is asked.

    Raises:
        DrainStalled: no progress, or no time left; the message names who lags and by how much.
        DependencyDown: PostgreSQL or Kafka does not answer.
        SettingsError: the database password is not set.
    """
    patience = _Patience(timeout_s, stall_s, on_progress)
    if lsn is not None:
        _await_slot(settings, lsn, patience, role)
    offsets = Offsets(settings)
    for stage, topics in stages:
        ends = _await_stage(offsets, stage, topics, patience)
        while Topic.SWEEPS in topics and ends != _ends(offsets, topics):
            ends = _await_stage(offsets, stage, topics, patience)


def show_drain(settings: Settings, lsn: str | None) -> None:
    """:func:`wait_drained` with its progress on the console.

    Raises:
        DrainStalled, DependencyDown, SettingsError: as :func:`wait_drained`.
    """
    started = time.monotonic()
    most: dict[str, int] = {}
    with Meter() as meter:

        def show(progress: DrainProgress) -> None:
            total = most[progress.stage] = max(most.get(progress.stage, 0), progress.lag)
            unit = "bytes" if progress.stage == "debezium" else "messages"
            if total:
                meter.advance(f"drain: {progress.stage}", total - progress.lag, total, unit)

        wait_drained(settings, lsn, on_progress=show)
    print(f"drained in {time.monotonic() - started:.1f} s")


class _Patience:
    """Ends a wait that goes nowhere."""

    def __init__(self, timeout_s: float | None, stall_s: float, on_progress: OnDrain) -> None:
        self._deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self._stall_s = stall_s
        self._on_progress = on_progress
        self._stage = ""
        self._least = 0
        self._moved = 0.0

    def look(self, stage: str, lag: int) -> None:
        """Take note of a stage's lag."""
        if stage != self._stage or lag < self._least:
            self._stage, self._least, self._moved = stage, lag, time.monotonic()
        self._on_progress(DrainProgress(stage, lag))

    @property
    def still_s(self) -> float:
        """For how long nothing has moved."""
        return time.monotonic() - self._moved

    def pause(self, who: str) -> None:
        """Sleep until the next look.

        Raises:
            DrainStalled: nothing moved for too long, or time is up.
        """
        if self.still_s > self._stall_s:
            raise DrainStalled(f"no progress for {self._stall_s:.0f} s: {who}")
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise DrainStalled(f"not drained in time: {who}")
        time.sleep(POLL_S)


def _await_slot(settings: Settings, lsn: str, patience: _Patience, role: SourceRole) -> None:
    with open_session(settings, "promo-drain", role) as connection:
        while behind := _slot_lag(connection, lsn):
            patience.look("debezium", behind)
            patience.pause(
                f"Debezium's slot {SLOT} is {behind} bytes before {lsn}: look at Connect"
                " (`make status`, `make logs PART=connect`)"
            )
        patience.look("debezium", 0)


def _slot_lag(connection: Connection, lsn: str) -> int:
    try:
        row = connection.execute(SLOT_LAG_SQL.read_bytes(), (lsn, SLOT)).fetchone()
    except psycopg.OperationalError as error:
        raise postgres_down(error) from error
    if row is None:
        raise DrainStalled(f"PostgreSQL has no slot {SLOT}: is the connector registered?")
    return int(row[0])


def _ends(offsets: Offsets, topics: tuple[Topic, ...]) -> dict[Topic, list[Ends]]:
    return {topic: offsets.ends(topic) for topic in topics}


def _await_stage(
    offsets: Offsets, stage: str, topics: tuple[Topic, ...], patience: _Patience
) -> dict[Topic, list[Ends]]:
    """Wait until the topics' present ends are consumed; these ends."""
    ends = _ends(offsets, topics)
    probed: dict[tuple[Position, int], bool] = {}
    while True:
        behind = {
            position: count
            for position, count in _stage_lag(offsets, ends).items()
            if count and probed.get((position, count), True)
        }
        patience.look(stage, sum(behind.values()))
        if not behind:
            return ends
        if patience.still_s > PROBE_AFTER_S:
            for position, count in behind.items():
                if (position, count) not in probed:
                    probed[position, count] = _is_record_left(offsets, position, count, ends)
        patience.pause(_who_lags(behind))


def _stage_lag(offsets: Offsets, ends: Mapping[Topic, list[Ends]]) -> dict[Position, int]:
    found: dict[Position, int] = {}
    for group, topics in GROUPS.items():
        mine = {topic: ends[topic] for topic in topics if topic in ends}
        if mine:
            found |= offsets.behind(group, mine)
    return found


def _is_record_left(
    offsets: Offsets, position: Position, count: int, ends: Mapping[Topic, list[Ends]]
) -> bool:
    _, topic, partition = position
    return offsets.has_records(topic, partition, count, ends[Topic(topic)][partition].end)


def _who_lags(behind: Mapping[Position, int]) -> str:
    group, topic, partition = max(behind, key=lambda position: behind[position])
    return (
        f"group {group} is {behind[group, topic, partition]} messages behind on {topic}"
        f" partition {partition} (all in all {sum(behind.values())}): look at its worker"
        " (`make status`, `make logs`) and at `make dead-letters`"
    )
