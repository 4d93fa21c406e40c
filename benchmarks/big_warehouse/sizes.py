"""How much is in a big warehouse: everything follows from the number of its users."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from warehouse.rows import Table

USERS = 2_000_000
BATCHES = 200
REPLAYED_EVERY = 20
"""After so many batches the newest half of one arrives again, as after a worker's crash."""
RING_EVERY = 1_000
"""In so many sign-ups there is one ring."""
A_DAY_OF_SAMPLES = 24 * 3600 // 5


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one insert: those numbered ``first`` to ``first + count``."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """A warehouse of ``users`` users, and five redemptions for each.

    Attributes:
        users: a multiple of 1000, so that rings are whole.
        batches: inserts for each of the great tables, replays not counted.
    """

    users: int = USERS
    batches: int = BATCHES

    def __post_init__(self) -> None:
        if self.users <= 0 or self.users % RING_EVERY:
            raise ValueError(f"a multiple of {RING_EVERY} users is needed, not {self.users}")

    @property
    def rows(self) -> Mapping[Table, int]:
        """How many numbers each table is made of; a number may make several rows."""
        rings, share = self.users // RING_EVERY, min(1.0, self.users / USERS)
        return {
            Table.PROMO_CODES: round(max(50, 5_000 * share)),
            Table.USERS: self.users,
            Table.PROMO_USAGES: 5 * self.users,
            Table.RISK_SCORES: 3 * self.users // 2,
            Table.ABUSE_ALERTS: rings,
            Table.LABELS: rings,
            Table.LINK_DECISIONS: max(1, rings // 4),
            Table.IDENTIFIER_DECISIONS: max(4, rings // 20),
            Table.HEARTBEATS: 4,
            Table.AUDIT_LOG: rings,
            Table.DEAD_LETTERS: round(5_000 * share),
            Table.PIPELINE_METRICS: round(max(120, A_DAY_OF_SAMPLES * share)),
        }

    def batches_of(self, table: Table) -> Iterator[Batch]:
        """The inserts that fill a table, replays among them."""
        rows = self.rows[table]
        size = max(1, -(-rows // self.batches))
        for turn, first in enumerate(range(0, rows, size), start=1):
            count = min(size, rows - first)
            yield Batch(first, count)
            if turn % REPLAYED_EVERY == 0:
                yield Batch(first + count // 2, count - count // 2)
