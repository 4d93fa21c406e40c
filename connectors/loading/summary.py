"""What a load did, in numbers that add up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from connectors.loading.identifiers import IdentifierCounts
from connectors.loading.rows import Row
from connectors.loading.tables import COLUMNS, Table
from connectors.loading.values import Reason
from connectors.loading.write import Fate

MOST_NAMED = 5
"""So many words or forms of placeholders are named for each kind of identifier."""

_HINTS = {
    Reason.UTF8: ": is it Windows-1252? Save it as UTF-8 and load it again",
    Reason.NUMBER: ": decimals have a point (7.5), thousands have nothing (1500)",
}
_CODE = list(COLUMNS[Table.PROMO_CODES].parsers).index("promo_code")


@dataclass(frozen=True, slots=True)
class FileCounts:
    """One file's data records. ``records`` = accepted + duplicates + all rejected.

    ``ignored_columns`` are those that the table does not have.
    """

    table: Table
    accepted: int
    duplicates: int
    rejected: Mapping[Reason, int]
    ignored_columns: tuple[str, ...] = ()

    @property
    def records(self) -> int:
        """Data records in the file (a quoted field may span lines; blank lines are none)."""
        return self.accepted + self.duplicates + sum(self.rejected.values())


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What a load did.

    Attributes:
        files: counts of each file that was there.
        rejects: the file of rejected lines, None if there are none.
        lsn: the end of PostgreSQL's write-ahead log after the last insert.
        seconds: duration of the whole load.
        write_s: the part of it in which rows were written.
        codes_in_conflict: promo codes of which a definition was rejected, as another one stands.
        identifiers: what the accounts of users.csv share, by kind of identifier.
        remarks: how files were read that are not written as usual, and which were not read.
    """

    files: tuple[FileCounts, ...]
    rejects: Path | None
    lsn: str
    seconds: float
    write_s: float
    codes_in_conflict: int = 0
    identifiers: Mapping[str, IdentifierCounts] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def accepted(self) -> int:
        """Rows that are new in PostgreSQL."""
        return sum(counts.accepted for counts in self.files)

    @property
    def rows_per_s(self) -> float:
        """Rows written, or found there already, per second of writing."""
        written = self.accepted + sum(counts.duplicates for counts in self.files)
        return written / self.write_s if self.write_s else 0.0


class Tally:
    """Counts fates and reasons while a load runs."""

    def __init__(self) -> None:
        self._fates: Counter[tuple[Table, Fate]] = Counter()
        self._reasons: Counter[tuple[Table, Reason]] = Counter()
        self._codes: set[object] = set()

    def keep(self, table: Table, fate: Fate) -> None:
        """Count a row that is in PostgreSQL now."""
        self._fates[table, fate] += 1

    def reject(self, table: Table, reason: Reason) -> None:
        """Count a line that is not loaded."""
        self._reasons[table, reason] += 1

    def dispute(self, row: Row) -> None:
        """Take note of a row that another one of the same key contradicts."""
        if row.table is Table.PROMO_CODES:
            self._codes.add(row.values[_CODE])

    @property
    def codes_in_conflict(self) -> int:
        """Promo codes that were disputed, each once."""
        return len(self._codes)

    def of(self, table: Table, ignored_columns: tuple[str, ...]) -> FileCounts:
        """The counts of one file."""
        return FileCounts(
            table,
            self._fates[table, Fate.ACCEPTED],
            self._fates[table, Fate.DUPLICATE],
            {reason: n for (of, reason), n in sorted(self._reasons.items()) if of is table},
            ignored_columns,
        )


def print_summary(summary: LoadSummary, console: Console | None = None) -> None:
    """Print the counts of each file and of all, the reasons of rejections, and the rate."""
    out = console or Console(highlight=False)
    table = RichTable("file", box=None, pad_edge=False)
    for title in ("records", "accepted", "duplicates", "rejected"):
        table.add_column(title, justify="right")
    for file in summary.files:
        table.add_row(file.table.file, *_figures(file))
    totals = (sum(column) for column in zip(*map(_numbers, summary.files), strict=True))
    table.add_row("total", *(f"{n:,}" for n in totals))
    out.print(table)
    for remark in summary.remarks:
        out.print(f"  {remark}", markup=False, soft_wrap=True)
    for file in summary.files:
        for reason, count in file.rejected.items():
            hint = _HINTS.get(reason, "")
            out.print(f"  {file.table.file}: {count:,} rejected: {reason.value}{hint}")
        if file.ignored_columns:
            out.print(f"  {file.table.file}: ignored columns: {', '.join(file.ignored_columns)}")
    if summary.codes_in_conflict:
        out.print(f"  promo codes in conflict: {summary.codes_in_conflict:,}")
    for line in _identifier_lines(summary.identifiers):
        out.print(f"  {Table.USERS.file}: {line}")
    if summary.rejects:
        out.print(f"  rejected lines (personal data): {summary.rejects}", soft_wrap=True)
    out.print(f"loaded in {summary.seconds:.1f} s ({summary.rows_per_s:,.0f} rows/s)")


def _identifier_lines(identifiers: Mapping[str, IdentifierCounts]) -> list[str]:
    sharing = {kind: counts.sharing for kind, counts in identifiers.items() if counts.sharing}
    lines = [
        "accounts that share one with another account: "
        + ", ".join(f"{kind} {n:,}" for kind, n in sharing.items())
    ]
    lines = lines if sharing else []
    for kind, counts in identifiers.items():
        if counts.placeholders:
            total = sum(counts.placeholders.values())
            named = [f"{form} {n:,}" for form, n in counts.placeholders.items()]
            more = [f"{len(named) - MOST_NAMED} more"] if len(named) > MOST_NAMED else []
            listed = ", ".join(named[:MOST_NAMED] + more)
            lines.append(f"{total:,} not counted as a {kind}, for they identify nobody: {listed}")
    return lines


def _numbers(file: FileCounts) -> tuple[int, int, int, int]:
    return file.records, file.accepted, file.duplicates, sum(file.rejected.values())


def _figures(file: FileCounts) -> list[str]:
    return [f"{n:,}" for n in _numbers(file)]
