"""A plan played into PostgreSQL."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.loading.write import current_lsn
from connectors.settings import Settings
from simulator.events import Labelled, Moved, Redeemed, SignedUp
from simulator.honest import HONEST
from simulator.pace import due_batches, wall_clock
from simulator.plan import Plan
from simulator.timeline import Cue, timeline
from simulator.truth import add_truth, truth_file
from simulator.write import connect, define_codes, write

OnProgress = Callable[[int, int], None]
"""``(done, total)`` events; the total is a forecast until the end."""


@dataclass(frozen=True, slots=True)
class Played:
    """What was played.

    Attributes:
        accounts: sign-ups by role: ``honest`` or an attack's name.
        redemptions: redemptions and attempts.
        moves: changes of address.
        labelled: accounts that analysts found out.
        new_rows: rows inserted, moved or labelled; the others were so already.
        truth: the file that tells who is who.
        lsn: the end of PostgreSQL's write-ahead log after the last event.
        seconds: how long it took.
    """

    accounts: Mapping[str, int]
    redemptions: int
    moves: int
    labelled: int
    new_rows: int
    truth: Path
    lsn: str
    seconds: float

    @property
    def events(self) -> int:
        """Everything that was played."""
        return sum(self.accounts.values()) + self.redemptions + self.moves + self.labelled

    @property
    def attackers(self) -> int:
        """Accounts of all attacks."""
        return sum(count for role, count in self.accounts.items() if role != HONEST)


def play(
    settings: Settings, plan: Plan, on_progress: OnProgress = lambda done, total: None
) -> Played:
    """Play a plan; idempotent for a seed: what is there already is not inserted again.

    A live play begins now and takes the plan's span; a history ends now and is written at full
    speed. The truth is written even if the play is interrupted.

    Raises:
        SimulationError: another play of this seed is under way.
        DependencyDown: PostgreSQL does not answer; play again to complete it.
        SettingsError: the database password is not set.
    """
    started, tally = time.monotonic(), _Tally()
    truth = truth_file(settings.state_dir, plan.seed)
    with connect(settings, plan.seed) as connection:
        define_codes(connection)
        now = wall_clock()
        cues = timeline(plan, now if plan.is_live else now - plan.span)
        try:
            for batch in due_batches(cues):
                tally.add(batch, write(connection, [cue.event for cue in batch]))
                on_progress(tally.events, max(tally.events, plan.events))
        finally:
            add_truth(truth, tally.truth)
        on_progress(tally.events, tally.events)
        lsn = current_lsn(connection)
    return tally.played(truth, lsn, time.monotonic() - started)


class _Tally:
    """Counts while a play goes on."""

    def __init__(self) -> None:
        self.truth: dict[str, str] = {}
        self.events = 0
        self._kinds: Counter[type] = Counter()
        self._accounts: Counter[str] = Counter()
        self._new = 0

    def add(self, cues: list[Cue], is_new: list[bool]) -> None:
        """Count a batch that is written."""
        for cue in cues:
            self._kinds[type(cue.event)] += 1
            if isinstance(cue.event, SignedUp):
                self._accounts[cue.role] += 1
                self.truth[cue.event.user_id] = cue.role
        self.events += len(cues)
        self._new += sum(is_new)

    def played(self, truth: Path, lsn: str, seconds: float) -> Played:
        """What it comes to."""
        return Played(
            accounts=dict(sorted(self._accounts.items())),
            redemptions=self._kinds[Redeemed],
            moves=self._kinds[Moved],
            labelled=self._kinds[Labelled],
            new_rows=self._new,
            truth=truth,
            lsn=lsn,
            seconds=seconds,
        )
