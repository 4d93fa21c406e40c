"""The same history from the CSV files: for evaluating without a stack.

A row is read as the loader reads it and shown to the decoder's own ``profile`` as Debezium
would show it, so the outcome is what the warehouse would hold.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from connectors.columns import EPOCH, microseconds
from connectors.events import Origin, Redeemed, Registered
from connectors.loading.rows import Row, read_file
from connectors.loading.tables import COLUMNS, Table
from connectors.profile import UNSTATED, Conventions, Hasher, profile
from ml.training.history import History, history_of


def read_folder(folder: Path, conventions: Conventions = UNSTATED) -> History:
    """Read ``users.csv`` and ``promo_usages.csv`` as the loader would.

    Lines that the loader rejects are left out, repeated ones count once. Identifiers are
    hashed with a key of this reader's own: only their equality matters here. Promo codes are
    compared by ``conventions``.

    Raises:
        LoadError: a file is missing or is not CSV of its table.
    """
    hashed = Hasher("a folder of files", conventions)
    users = _first_of_each(Table.USERS, folder, ("user_id",))
    usages = _first_of_each(Table.PROMO_USAGES, folder, ("user_id", "promo_code", "used_at"))
    return history_of(
        (
            Registered(profile(row, hashed), _flag(row["is_abuser"]), Origin(1, 0))
            for row in map(_as_debezium, users)
        ),
        (_redeemed(usage_id, row, conventions) for usage_id, row in enumerate(usages, start=1)),
    )


def _first_of_each(
    table: Table, folder: Path, identity: tuple[str, ...]
) -> Iterable[dict[str, object]]:
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    for row in sorted(_rows(table, folder)):
        columns = dict(zip(COLUMNS[table].parsers, row.values, strict=True))
        rows.setdefault(tuple(columns[name] for name in identity), columns)
    return rows.values()


def _rows(table: Table, folder: Path) -> Iterator[Row]:
    return (row for row in read_file(table, folder / table.file) if isinstance(row, Row))


def _as_debezium(row: dict[str, object]) -> dict[str, object]:
    return {column: _shown(value) for column, value in row.items()}


def _shown(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return (value - EPOCH.date()).days
        case _:
            return value


def _redeemed(usage_id: int, row: dict[str, object], conventions: Conventions) -> Redeemed:
    used_at, promo_code = row["used_at"], str(row["promo_code"])
    assert isinstance(used_at, datetime)
    return Redeemed(
        usage_id=usage_id,
        user_id=str(row["user_id"]),
        promo_code=promo_code,
        used_at_us=microseconds(used_at),
        used_promo=_flag(row["used_promo"]),
        origin=Origin(1, 0),
        canonical_code=conventions.canonical_code(promo_code),
    )


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
