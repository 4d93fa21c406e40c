"""What one row's copies are, compared with the row itself. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from connectors.topics import Topic
from stream_processors.reconcile.rows import Held, Key, SourceRow, Store


class Kind(StrEnum):
    """How a store differs from PostgreSQL."""

    MISSING = "missing"
    LEFT_OVER = "left over"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """One store differs in one row.

    Attributes:
        table, store, kind: where, and how.
        key: the row; its owner is the account with which the store holds it, or has to.
        seen: PostgreSQL's row when it was looked at, as in :class:`SourceRow`; empty without one.
        version: of what the store holds; 0 where it holds nothing.
    """

    table: Topic
    store: Store
    kind: Kind
    key: Key
    seen: str
    version: int


def differences(
    table: Topic, store: Store, row_id: str, row: SourceRow | None, copies: Iterable[Held]
) -> Iterator[Difference]:
    """How a store's copies of a row differ from it.

    Args:
        table, store: where.
        row_id: the primary key.
        row: PostgreSQL's row, None if there is none.
        copies: what the store holds under that key; Redis may hold a redemption with several
            accounts, where it was moved and did not hear of it.
    """
    if row is not None and store in row.unreadable:
        return
    seen = "" if row is None else row.seen
    wanted = None if row is None else row.digests.get(store)
    owner = None if row is None or wanted is None else row.key.owner
    is_there = False
    for copy in copies:
        if copy.owner == owner:
            is_there = True
            if copy.digest == wanted:
                continue
        kind = Kind.DIFFERENT if copy.owner == owner else Kind.LEFT_OVER
        if store is Store.CLICKHOUSE and owner is not None:
            is_there, kind = True, Kind.DIFFERENT  # one row for each key: it names another owner
        yield Difference(table, store, kind, Key(row_id, copy.owner), seen, copy.version)
    if owner is not None and not is_there:
        yield Difference(table, store, Kind.MISSING, Key(row_id, owner), seen, 0)
