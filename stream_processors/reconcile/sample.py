"""A few rows after the other, for ever: what the reconciler compares in each of its rounds.

Each round takes the next rows of PostgreSQL, in the order of their keys, and looks them up in the
stores; and the next of what each store holds, and looks these up in PostgreSQL. Whatever differs
once the stream has passed is remembered, up to :data:`MOST`, and looked at in every round until it
is gone: so an alert stays as long as its cause.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from connectors.topics import Topic
from stream_processors.reconcile.comparison import Difference, Kind
from stream_processors.reconcile.confirm import PassStream, confirm
from stream_processors.reconcile.rows import TABLES, Key, Store
from stream_processors.reconcile.walk import Places

MOST = 2_000

Counts = Counter[tuple[Topic, Store, Kind]]


class Pages(Protocol):
    """Keys in their order, page by page."""

    def page(self, table: Topic, after: str | None, most: int) -> list[Key]:
        """The next keys behind one, or the first ones."""
        ...


class Scan(Protocol):
    """Keys in no order, page by page."""

    def page(self, table: Topic, cursor: int, most: int) -> tuple[int, list[Key]]:
        """About so many keys behind a place, and the next place; 0 begins, and ends."""
        ...


@dataclass(slots=True)
class Sampler:
    """Where the rounds are, and what they have found.

    Attributes:
        places: what is compared.
        source, clickhouse, redis: the same places, page by page.
        most: rows of each table and place in a round.
        known: differences that stand.
        rows: PostgreSQL's rows looked at so far.
    """

    places: Places
    source: Pages
    clickhouse: Pages
    redis: Scan
    most: int
    known: tuple[Difference, ...] = ()
    rows: int = 0
    _after: dict[tuple[str, Topic], str | None] = field(default_factory=dict)
    _cursors: Counter[Topic] = field(default_factory=Counter)

    def go_on_from(self, before: "Sampler") -> None:
        """Begin where another one, whose connections are gone, has come to."""
        self.known, self.rows = before.known, before.rows
        self._after, self._cursors = before._after, before._cursors

    def round(self, pass_stream: PassStream) -> Counts:
        """Look at the next rows; answers what stands, by table, store and kind.

        Raises:
            DependencyDown, DrainStalled: nothing was found out; the next round looks again at what
                is known, and goes on with other rows.
        """
        suspects = [*self.known, *(one for table in TABLES for one in self._next(table))]
        found = confirm(self.places, list(dict.fromkeys(suspects)), pass_stream)
        self.known = found.standing[:MOST]
        return Counter((one.table, one.store, one.kind) for one in self.known)

    def _next(self, table: Topic) -> Iterator[Difference]:
        keys = self._page("postgresql", self.source, table)
        self.rows += len(keys)
        for one in self.places.look(table, keys):
            if one.kind is not Kind.LEFT_OVER:
                yield one
        held = self._page("clickhouse", self.clickhouse, table)
        clickhouse, redis = self.places.copies
        yield from self.places.left_over(clickhouse, table, held)
        self._cursors[table], held = self.redis.page(table, self._cursors[table], self.most)
        yield from self.places.left_over(redis, table, held)

    def _page(self, place: str, pages: Pages, table: Topic) -> list[Key]:
        keys = pages.page(table, self._after.get((place, table)), self.most)
        self._after[place, table] = keys[-1].id if len(keys) == self.most else None
        return keys
