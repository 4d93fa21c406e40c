"""PostgreSQL and its two stores in dictionaries, for comparisons of them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.topics import Topic
from stream_processors.reconcile.rows import TABLES, Held, Key, SourceRow, Store, source_row_of
from stream_processors.reconcile.walk import Among, Places
from tests.unit.connectors.envelopes import HASHED, code_row, usage_row, user_row

Content = tuple[str, int]
"""A row as far as a test tells rows apart: its owner, and a number that stands for the rest."""


def row_of(table: Topic, row_id: str, content: Content, seen: str = "1") -> SourceRow:
    """A row of PostgreSQL."""
    owner, number = content
    match table:
        case Topic.USERS:
            columns = user_row(user_id=row_id, device_id=f"device {number}")
        case Topic.PROMO_CODES:
            columns = code_row(promo_code=row_id, discount_value=str(number))
        case _:
            columns = usage_row(usage_id=int(row_id), user_id=owner, promo_code=f"C{number}")
    return source_row_of(table, seen, columns, HASHED)


@dataclass
class SourceInMemory:
    """See :class:`stream_processors.reconcile.walk.Source`; ``read`` counts rows looked up."""

    rows: dict[tuple[Topic, str], SourceRow] = field(default_factory=dict)
    read: Counter[Topic] = field(default_factory=Counter)

    def every(self) -> Iterator[tuple[Topic, SourceRow]]:
        for (table, _), row in self.rows.items():
            yield table, row

    def keys(self, table: Topic, among: Among) -> Iterator[Key]:
        for (of, _), row in self.rows.items():
            if of is table and among(row.key.owner):
                yield row.key

    def find(self, table: Topic, ids: Collection[str]) -> Mapping[str, SourceRow]:
        self.read[table] += len(ids)
        return {i: self.rows[table, i] for i in ids if (table, i) in self.rows}


@dataclass
class CopyInMemory:
    """See :class:`stream_processors.reconcile.walk.Copy`."""

    store: Store
    held: dict[tuple[Topic, str, str], Held] = field(default_factory=dict)

    def put(self, table: Topic, row: SourceRow, version: int = 1) -> None:
        """Hold a row."""
        digest = row.digests.get(self.store)
        if digest is not None:
            owner = row.key.owner
            self.held[table, row.key.id, owner] = Held(owner, digest, version)

    def every(self) -> Iterator[tuple[Topic, Held]]:
        for (table, _, _), held in self.held.items():
            yield table, held

    def keys(self, table: Topic, among: Among) -> Iterator[Key]:
        for of, row_id, owner in self.held:
            if of is table and among(owner):
                yield Key(row_id, owner)

    def find(self, table: Topic, keys: Collection[Key]) -> Mapping[str, Sequence[Held]]:
        found: defaultdict[str, list[Held]] = defaultdict(list)
        ids, owners = {key.id for key in keys}, {key.owner for key in keys}
        for (of, row_id, owner), held in self.held.items():
            is_asked = row_id in ids if self.store is Store.CLICKHOUSE else owner in owners
            if of is table and is_asked:
                found[row_id].append(held)
        return found


@dataclass
class Shop:
    """All three, equal at first."""

    source: SourceInMemory = field(default_factory=SourceInMemory)
    clickhouse: CopyInMemory = field(default_factory=lambda: CopyInMemory(Store.CLICKHOUSE))
    redis: CopyInMemory = field(default_factory=lambda: CopyInMemory(Store.REDIS))

    @property
    def places(self) -> Places:
        return Places(self.source, (self.clickhouse, self.redis))

    def add(self, table: Topic, row_id: str, content: Content) -> SourceRow:
        """A row that is everywhere."""
        row = self.source.rows[table, row_id] = row_of(table, row_id, content)
        for copy in (self.clickhouse, self.redis):
            copy.put(table, row)
        return row

    @classmethod
    def of(cls, size: int) -> "Shop":
        """So many rows of each table."""
        shop = cls()
        for table in TABLES:
            for number in range(size):
                row_id = str(number)
                owner = f"u{number % 7}" if table is Topic.PROMO_USAGES else row_id
                shop.add(table, row_id, (owner, number))
        return shop
