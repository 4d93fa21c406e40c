"""The walk over all rows: sums by ranges, then the rows of the ranges that differ. Pure.

It holds sums (:mod:`stream_processors.reconcile.ranges`) and one page of rows at a time, however
large the tables are, and reads every row twice at most.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from connectors.topics import Topic
from stream_processors.reconcile.comparison import Difference, Kind, differences
from stream_processors.reconcile.ranges import Ranges, range_of
from stream_processors.reconcile.rows import TABLES, Held, Key, SourceRow, Store

PAGE = 2_000
"""Rows looked at together."""

Among = Callable[[str], bool]
"""Whether rows of an owner are wanted."""


class Source(Protocol):
    """PostgreSQL."""

    def every(self) -> Iterator[tuple[Topic, SourceRow]]:
        """All rows of all tables."""
        ...

    def keys(self, table: Topic, among: Among) -> Iterator[Key]:
        """The keys of a table's rows."""
        ...

    def find(self, table: Topic, ids: Collection[str]) -> Mapping[str, SourceRow]:
        """The rows with these primary keys, as far as there are any."""
        ...


class Copy(Protocol):
    """A store."""

    store: Store

    def every(self) -> Iterator[tuple[Topic, Held]]:
        """All rows of all tables; one that comes twice costs a second look at its range."""
        ...

    def keys(self, table: Topic, among: Among) -> Iterator[Key]:
        """The keys of what is held of a table."""
        ...

    def find(self, table: Topic, keys: Collection[Key]) -> Mapping[str, Sequence[Held]]:
        """What is held of these keys, by primary key; Redis looks with the keys' owners only."""
        ...


@dataclass(frozen=True, slots=True)
class Sums:
    """What a first pass over all rows has found.

    Attributes:
        rows: how many rows PostgreSQL has, by table.
        unreadable: how many of them a store cannot hold, by table, store and reason.
        differing: the ranges that differ.
    """

    rows: Mapping[Topic, int]
    unreadable: Mapping[tuple[Topic, Store, str], int]
    differing: Mapping[tuple[Topic, Store], frozenset[int]]


class Places:
    """PostgreSQL and the stores, looked at together."""

    def __init__(self, source: Source, copies: Sequence[Copy]) -> None:
        self.source = source
        self.copies = copies

    def sums(self) -> Sums:
        """Read everything once."""
        rows: Counter[Topic] = Counter()
        unreadable: Counter[tuple[Topic, Store, str]] = Counter()
        places = [(table, copy.store) for table in TABLES for copy in self.copies]
        wanted, found = ({place: Ranges() for place in places} for _ in range(2))
        for table, row in self.source.every():
            rows[table] += 1
            for copy in self.copies:
                if (digest := row.digests.get(copy.store)) is not None:
                    wanted[table, copy.store].add(row.key.owner, digest)
            for store, why in row.unreadable.items():
                unreadable[table, store, why] += 1
        for copy in self.copies:
            for table, held in copy.every():
                found[table, copy.store].add(held.owner, held.digest)
        return Sums(rows, unreadable, {at: wanted[at].differing(found[at]) for at in places})

    def suspects(self, sums: Sums) -> Iterator[Difference]:
        """The rows that differ now, of the ranges that did; each difference once.

        What PostgreSQL has is looked up in the stores; of what they have, only what is left over
        is news.
        """
        for table in TABLES:
            ranges = {copy.store: sums.differing[table, copy.store] for copy in self.copies}
            union = frozenset().union(*ranges.values())
            for page in pages(self.source.keys(table, _in(union)) if union else iter(())):
                for copy in self.copies:
                    is_in = _in(ranges[copy.store])
                    found = self.look(table, [key for key in page if is_in(key.owner)], copy)
                    yield from (one for one in found if one.kind is not Kind.LEFT_OVER)
            for copy in self.copies:
                own = ranges[copy.store]
                for page in pages(copy.keys(table, _in(own)) if own else iter(())):
                    yield from self.left_over(copy, table, page)

    def left_over(self, copy: Copy, table: Topic, keys: Collection[Key]) -> list[Difference]:
        """Which of a store's rows PostgreSQL has not, or with another account."""
        rows = self.source.find(table, {key.id for key in keys})

        def is_wanted(key: Key) -> bool:
            row = rows.get(key.id)
            return row is not None and row.key == key and copy.store in row.digests

        asked = {key for key in keys if not is_wanted(key)}
        found = self.look(table, asked, copy)
        return [one for one in found if one.kind is Kind.LEFT_OVER and one.key in asked]

    def look(
        self, table: Topic, keys: Collection[Key], only: Copy | None = None
    ) -> list[Difference]:
        """Compare single rows, by primary key, with all stores or one."""
        if not keys:
            return []
        ids = list({key.id for key in keys})
        rows = self.source.find(table, ids)
        asked = {*keys, *(row.key for row in rows.values())}
        found: list[Difference] = []
        for copy in self.copies if only is None else (only,):
            held = copy.find(table, asked)
            for row_id in ids:
                copies = held.get(row_id, ())
                found += differences(table, copy.store, row_id, rows.get(row_id), copies)
        return found


def pages(keys: Iterator[Key], size: int = PAGE) -> Iterator[list[Key]]:
    """Keys in pages."""
    while page := list(islice(keys, size)):
        yield page


def _in(ranges: Collection[int]) -> Among:
    return lambda owner: range_of(owner) in ranges
