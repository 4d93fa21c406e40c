"""What a comparison has found, in plain text. Pure."""

from collections.abc import Iterator

from connectors.topics import Topic
from stream_processors.reconcile.comparison import Kind
from stream_processors.reconcile.reconciliation import Found
from stream_processors.reconcile.rows import TABLES, Store, table_name


def text(found: Found) -> str:
    """Counts by table, store and kind, with a few primary keys; nothing else of a row."""
    return "\n".join(_lines(found))


def _lines(found: Found) -> Iterator[str]:
    rows = ", ".join(f"{found.rows.get(table, 0):,} {table_name(table)}" for table in TABLES)
    yield f"compared: {rows}"
    for table in TABLES:
        for store in Store:
            yield from _of(found, table, store)
    for (table, store, why), count in sorted(found.unreadable.items()):
        yield (
            f"  {table_name(table)} {store}: {count:,} cannot be held ({why}): change the rows in"
            " PostgreSQL; what was sent of them is in `make dead-letters`"
        )
    if found.changing:
        yield f"  {found.changing:,} rows changed at every look and are not judged: run this again"
    if found.ahead:
        yield (
            f"  {found.ahead:,} rows are newer in a store than the end of PostgreSQL's log, which"
            " was restored to an older state: `make resnapshot` mends that"
        )


def _of(found: Found, table: Topic, store: Store) -> Iterator[str]:
    for kind in Kind:
        if count := found.counts[table, store, kind]:
            examples = found.examples[table, store, kind]
            more = ", …" if count > len(examples) else ""
            names = ", ".join(map(repr, examples))
            yield f"  {table_name(table)} {store}: {count:,} {kind} ({names}{more})"
