"""What ClickHouse holds of the source's rows."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from clickhouse_connect.driver import Client

from connectors.events import CodeDefined, Origin, Redeemed, Registered, RowChange
from connectors.profile import Profile
from connectors.topics import Topic
from stream_processors.reconcile.rows import (
    TABLES,
    Held,
    Key,
    Store,
    owner_of,
    table_name,
    warehouse_digest,
)
from stream_processors.reconcile.walk import Among
from warehouse.changes import stream
from warehouse.removals import portions

_ASKED_ABOUT, _ASKED_BYTES = 2_000, 64 * 1024
_ALL = 2**63


class ClickHouseRows:
    """See :class:`stream_processors.reconcile.walk.Copy`; read block by block.

    All methods raise :class:`DependencyDown` while ClickHouse is away.
    """

    store: Store = Store.CLICKHOUSE

    def __init__(self, client: Client) -> None:
        self._client = client

    def every(self) -> Iterator[tuple[Topic, Held]]:
        """All rows of all tables."""
        for table in TABLES:
            for _, held in self._rows(table, []):
                yield table, held

    def keys(self, table: Topic, among: Among) -> Iterator[Key]:
        """The keys of what is held of a table."""
        return (key for key in self._keys(table, None, _ALL) if among(key.owner))

    def page(self, table: Topic, after: str | None, most: int) -> list[Key]:
        """The next keys behind one, in order."""
        return list(self._keys(table, after, most))

    def find(self, table: Topic, keys: Collection[Key]) -> Mapping[str, Sequence[Held]]:
        """What is held of these keys, by primary key."""
        found: dict[str, Sequence[Held]] = {}
        for portion in portions({key.id for key in keys}, _ASKED_ABOUT, _ASKED_BYTES):
            found |= {row_id: (held,) for row_id, held in self._rows(table, portion)}
        return found

    def _rows(self, table: Topic, keys: Sequence[str]) -> Iterator[tuple[str, Held]]:
        read = _READERS[table]
        asked = list(map(int, keys)) if table is Topic.PROMO_USAGES else keys
        for *row, version in stream(self._client, f"source_{table_name(table)}", keys=asked):
            change = read(*row)
            digest = warehouse_digest(change)
            assert digest is not None
            yield str(row[0]), Held(owner_of(change), digest, version)

    def _keys(self, table: Topic, after: str | None, most: int) -> Iterator[Key]:
        asked = {"after": after or "", "from_first": after is None, "most": most}
        for row_id, owner in stream(self._client, f"keys_of_{table_name(table)}", **asked):
            yield Key(row_id, owner)


_NO_ORIGIN = Origin(0, 0)


def _registered(*row: Any) -> Registered:
    *facts, placeholders, label = row
    return Registered(Profile(*[*facts, tuple(placeholders)]), label, _NO_ORIGIN)


def _redeemed(usage_id: int, *row: Any) -> Redeemed:
    user_id, promo_code, canonical_code, used_at_us, used_promo = row
    return Redeemed(
        usage_id,
        user_id,
        promo_code,
        used_at_us,
        used_promo,
        _NO_ORIGIN,
        canonical_code=canonical_code,
    )


def _defined(promo_code: str, canonical_code: str, *terms: Any) -> CodeDefined:
    kind, value, least = terms
    return CodeDefined(promo_code, kind, value, least, _NO_ORIGIN, canonical_code=canonical_code)


_READERS: Mapping[Topic, Callable[..., RowChange]] = {
    Topic.USERS: _registered,
    Topic.PROMO_CODES: _defined,
    Topic.PROMO_USAGES: _redeemed,
}
