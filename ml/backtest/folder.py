"""A shop's history from CSV files: what a backtest needs where there is no warehouse."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from connectors.amounts import held
from connectors.events import Change, CodeDefined, Origin
from connectors.loading.rows import Row, read_file
from connectors.loading.tables import COLUMNS, Table
from connectors.profile import UNSTATED, Conventions
from ml.training.folder import read_folder


def folder_changes(folder: Path, conventions: Conventions = UNSTATED) -> Iterator[Change]:
    """Codes, registrations and redemptions of a folder, as the loader would take them.

    Raises:
        LoadError: a file is missing or is not CSV of its table.
    """
    history = read_folder(folder, conventions)
    yield from _codes(folder, conventions)
    yield from history.registrations
    yield from history.redemptions


def _codes(folder: Path, conventions: Conventions) -> Iterator[CodeDefined]:
    """The first definition of each code holds, as for the loader."""
    seen = set()
    for row in read_file(Table.PROMO_CODES, folder / Table.PROMO_CODES.file):
        if not isinstance(row, Row):
            continue
        columns = dict(zip(COLUMNS[Table.PROMO_CODES].parsers, row.values, strict=True))
        code, kind = str(columns["promo_code"]), columns["discount_type"]
        if code not in seen:
            seen.add(code)
            yield CodeDefined(
                code,
                None if kind is None else str(kind),
                _amount(columns["discount_value"]),
                _amount(columns["min_purchase_amount"]),
                Origin(1, 0),
                canonical_code=conventions.canonical_code(code),
            )


def _amount(value: object) -> Decimal | None:
    return None if value is None else held(Decimal(str(value)))
