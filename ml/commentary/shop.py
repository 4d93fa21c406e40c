"""The files as the pipeline reads them: the loader's rows, and each account's profile."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from connectors.errors import TrainingError
from connectors.events import Redeemed
from connectors.loading.layout import look_at
from connectors.loading.rows import Rejection, Row, read_file
from connectors.loading.summary import FileCounts, Tally
from connectors.loading.tables import COLUMNS, Table
from connectors.loading.values import BadValue, Reason, timestamp
from connectors.loading.write import Fate
from connectors.profile import Profile
from ml.training.folder import read_folder
from ml.training.history import History

Columns = Mapping[str, object]
"""A row by its columns' names."""

IDENTITY: Mapping[Table, tuple[str, ...]] = MappingProxyType(
    {
        Table.PROMO_CODES: ("promo_code",),
        Table.USERS: ("user_id",),
        Table.PROMO_USAGES: ("user_id", "promo_code", "used_at"),
    }
)
"""What makes two rows the same one; of several, the first in event time and file order stays."""


@dataclass(frozen=True, slots=True)
class File:
    """One file.

    Attributes:
        counts: what a load would report of it.
        rows: every row that passes the loader's checks, in the file's order.
        kept: those that a load leaves in PostgreSQL, in event time.
        timestamps, with_offset: cells of timestamps, and those that name their offset.
    """

    counts: FileCounts
    rows: tuple[Columns, ...]
    kept: tuple[Columns, ...]
    timestamps: int
    with_offset: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account: what may leave the privacy boundary, and the raw row, for counting alone."""

    profile: Profile
    row: Columns
    redemptions: tuple[Redeemed, ...]

    @property
    def is_abuser(self) -> bool:
        """Its label."""
        return self.row["is_abuser"] is True

    @property
    def waited_s(self) -> float | None:
        """Seconds from the sign-up to the first redemption; None without one."""
        if not self.redemptions:
            return None
        return (self.redemptions[0].used_at_us - self.profile.created_at_us) / 1_000_000

    @property
    def signed_up(self) -> datetime:
        """When, in UTC."""
        at = self.row["created_at"]
        assert isinstance(at, datetime)
        return at


@dataclass(frozen=True)
class Shop:
    """All three files, and the history that the training would see."""

    files: Mapping[Table, File]
    history: History
    codes_in_conflict: int

    @cached_property
    def accounts(self) -> tuple[Account, ...]:
        """All accounts, by sign-up."""
        rows = {str(row["user_id"]): row for row in self.files[Table.USERS].kept}
        redeemed: dict[str, list[Redeemed]] = defaultdict(list)
        for event in self.history.redemptions:
            if event.counted:
                redeemed[event.user_id].append(event)
        return tuple(
            Account(profile, rows[profile.user_id], tuple(redeemed[profile.user_id]))
            for profile in (event.profile for event in self.history.registrations)
        )

    @cached_property
    def codes(self) -> Mapping[str, Columns]:
        """The promo codes as loaded."""
        return {str(row["promo_code"]): row for row in self.files[Table.PROMO_CODES].kept}

    @cached_property
    def abusers(self) -> frozenset[str]:
        """The ids of those that are labelled as abusers."""
        return frozenset(a.profile.user_id for a in self.accounts if a.is_abuser)


def read_shop(folder: Path) -> Shop:
    """Read a folder of CSV files, checked by the loader's own rules.

    Raises:
        LoadError: a file is missing or is not CSV of its table.
        TrainingError: no account is labelled as an abuser, or none as honest.
    """
    tally = Tally()
    files = {table: _read(table, folder, tally) for table in Table}
    shop = Shop(files, read_folder(folder), tally.codes_in_conflict)
    if not 0 < len(shop.abusers) < len(shop.accounts):
        raise TrainingError("a commentary needs accounts that are labelled as abusers, and others")
    return shop


def _read(table: Table, folder: Path, tally: Tally) -> File:
    path = folder / table.file
    rows: list[Row] = []
    for found in read_file(table, path):
        match found:
            case Row():
                rows.append(found)
            case Rejection():
                tally.reject(table, found.reason)
    kept = _keep(table, sorted(rows), tally)
    times = _timestamps(table, path)
    return File(
        counts=tally.of(table, look_at(table, path).unknown),
        rows=tuple(map(_columns, rows)),
        kept=tuple(kept),
        timestamps=len(times),
        with_offset=sum(map(_names_its_offset, times)),
    )


def _timestamps(table: Table, path: Path) -> list[str]:
    column = COLUMNS[table].time
    if column is None:
        return []
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        return [text for row in csv.DictReader(file) if (text := row.get(column))]


def _names_its_offset(text: str) -> bool:
    """Whether a timestamp has an offset: then the loader's parser takes no second one."""
    return _is_timestamp(text) and not _is_timestamp(f"{text}Z")


def _is_timestamp(text: str) -> bool:
    try:
        timestamp(text)
    except BadValue:
        return False
    return True


def _keep(table: Table, rows: list[Row], tally: Tally) -> list[Columns]:
    first: dict[tuple[object, ...], Columns] = {}
    for row in rows:
        columns = _columns(row)
        standing = first.setdefault(tuple(columns[c] for c in IDENTITY[table]), columns)
        if standing is columns:
            tally.keep(table, Fate.ACCEPTED)
        elif standing == columns:
            tally.keep(table, Fate.DUPLICATE)
        else:
            tally.reject(table, Reason.CONFLICT)
            tally.dispute(row)
    return list(first.values())


def _columns(row: Row) -> Columns:
    return dict(zip(COLUMNS[row.table].parsers, row.values, strict=True))
