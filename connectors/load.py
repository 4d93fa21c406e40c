"""CSV files into PostgreSQL as live traffic. ``python -m connectors.load DIR [--no-wait]``.

Promo codes go first, as they have no event time; registrations and redemptions follow,
interleaved in the order of their event times. A load can be interrupted and repeated: what is
there already counts as a duplicate.

Lines that contradict each other: an identical repeat is a duplicate. Of several definitions of
one promo code the first line of the file stays and every later one is rejected; of several
registrations of one ``user_id`` the earliest stays; of several redemptions by one account of
one code at one instant the first line stays. Whatever PostgreSQL holds already wins over the
files. So rows accepted are rows in PostgreSQL, and a person can settle the conflicts from the
file of rejected lines. (The Noaat files define 51 codes more than once, in 104 lines that all
differ: 51 of these are loaded and 53 are rejected.) The audit log is told the counts of a load
that came to its end.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from connectors.command import explain, run_command
from connectors.console import Meter
from connectors.drain import show_drain
from connectors.errors import LoadError, PromoError
from connectors.loading.identifiers import IdentifierTally
from connectors.loading.layout import look_at
from connectors.loading.look_alikes import look_alikes
from connectors.loading.plan import EventOrder
from connectors.loading.rejects import RejectsFile
from connectors.loading.rows import Rejection, Row, read_file
from connectors.loading.summary import LoadSummary, Tally, print_summary
from connectors.loading.tables import COLUMNS, Table
from connectors.loading.told import told
from connectors.loading.values import Reason
from connectors.loading.write import Fate, Outcome, connect, current_lsn, write
from connectors.profile import conventions_of
from connectors.settings import Settings, load_settings
from connectors.telling import tell

BATCH_ROWS = 500
_PACED_BATCHES_PER_S = 20

OnProgress = Callable[[str, int, int], None]
"""``(step, done, total)``: bytes while a file is checked, rows while they are loaded."""


def load(
    settings: Settings,
    folder: Path,
    *,
    rate: float | None = None,
    on_progress: OnProgress = lambda step, done, total: None,
) -> LoadSummary:
    """Load a folder's CSV files into PostgreSQL; idempotent, one loader at a time.

    Args:
        settings: where PostgreSQL and the state folder are; the role is ``promo_app``.
        folder: holds one or more of users.csv, promo_codes.csv and promo_usages.csv.
        rate: rows per second at most; None is as fast as possible.
        on_progress: told what is being done and how far it is.

    Raises:
        LoadError: no such folder or file, a header that is none, or another loader at work.
        DependencyDown: PostgreSQL does not answer; what was committed stays, repeat the load.
        SettingsError: the database password is not set.
    """
    started, tally = time.monotonic(), Tally()
    tables = _tables_in(folder)
    layouts = {table: look_at(table, folder / table.file) for table in tables}
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    rejects_folder = settings.state_dir / "rejected"
    with (
        connect(settings) as connection,
        EventOrder(settings.state_dir) as order,
        RejectsFile(rejects_folder, datetime.now(UTC)) as rejects,
    ):
        identifiers = IdentifierTally(conventions_of(settings))
        total = _check(folder, tables, order, rejects, tally, identifiers, on_progress)
        writing, done = time.monotonic(), 0
        for batch in _batches(order.rows(), _batch_rows(rate)):
            for outcome in write(connection, batch):
                _account(outcome, rejects, tally)
            done += len(batch)
            on_progress("rows", done, total)
            _keep_pace(writing, done, rate)
        ended = time.monotonic()
        return LoadSummary(
            files=tuple(tally.of(t, layouts[t].unknown) for t in tables),
            rejects=rejects.path,
            lsn=current_lsn(connection),
            seconds=ended - started,
            write_s=ended - writing,
            codes_in_conflict=tally.codes_in_conflict,
            identifiers=identifiers.counts() if Table.USERS in tables else {},
            remarks=(
                *(f"{t.file}: {remark}" for t in tables for remark in layouts[t].remarks),
                *look_alikes(folder),
            ),
        )


def _tables_in(folder: Path) -> list[Table]:
    tables = [table for table in Table if (folder / table.file).is_file()]
    if not tables:
        names = ", ".join(table.file for table in Table)
        alike = "".join(f"; {one}" for one in look_alikes(folder)) if folder.is_dir() else ""
        raise LoadError(f"{folder} has none of {names}: name the folder that holds them{alike}")
    return tables


def _check(
    folder: Path,
    tables: Iterable[Table],
    order: EventOrder,
    rejects: RejectsFile,
    tally: Tally,
    identifiers: IdentifierTally,
    on_progress: OnProgress,
) -> int:
    rows = 0
    for table in tables:
        path = folder / table.file
        size = path.stat().st_size
        for found in read_file(table, path, partial(_tell, on_progress, path.name, size)):
            match found:
                case Row():
                    order.add(found)
                    rows += 1
                    if table is Table.USERS:
                        identifiers.add(
                            dict(zip(COLUMNS[table].parsers, found.values, strict=True))
                        )
                case Rejection():
                    rejects.add(found)
                    tally.reject(table, found.reason)
        on_progress(path.name, size, size)
    return rows


def _tell(on_progress: OnProgress, step: str, total: int, done: int) -> None:
    on_progress(step, done, total)


def _account(outcome: Outcome, rejects: RejectsFile, tally: Tally) -> None:
    row, fate, detail = outcome
    match fate:
        case Fate.ACCEPTED | Fate.DUPLICATE:
            tally.keep(row.table, fate)
            return
        case Fate.CONFLICTING:
            reason, detail = Reason.CONFLICT, "differs from the row that is there already"
            tally.dispute(row)
        case Fate.REFUSED:
            reason = Reason.REFUSED
    tally.reject(row.table, reason)
    rejects.add(Rejection(row.table, row.line, reason, detail, _as_text(row)))


def _as_text(row: Row) -> list[str]:
    return ["" if value is None else str(value) for value in row.values]


def _batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch


def _batch_rows(rate: float | None) -> int:
    if rate is None:
        return BATCH_ROWS
    return min(BATCH_ROWS, max(1, round(rate / _PACED_BATCHES_PER_S)))


def _keep_pace(started: float, done: int, rate: float | None) -> None:
    if rate is not None:
        time.sleep(max(0.0, started + done / rate - time.monotonic()))


def main(arguments: list[str] | None = None) -> int:
    """Load, wait until the stream has drained, print what happened."""
    parser = argparse.ArgumentParser(
        prog="python -m connectors.load", description="CSV files into PostgreSQL as live traffic"
    )
    parser.add_argument("folder", type=Path, nargs="?", help="holds the CSV files")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for the stream")
    parser.add_argument("--rate", type=float, help="rows per second at most")
    options = parser.parse_args(arguments)
    if options.folder is None:
        print("load: name the folder of the CSV files: make load DATA=folder", file=sys.stderr)
        return 2
    try:
        _load_and_drain(load_settings(), options.folder, options.rate, not options.no_wait)
    except PromoError as error:
        print(f"load: {explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("load: interrupted; load again to complete it", file=sys.stderr)
        return 130
    return 0


def _load_and_drain(settings: Settings, folder: Path, rate: float | None, wait: bool) -> None:
    with Meter() as meter:
        summary = load(settings, folder, rate=rate, on_progress=meter.advance)
    print_summary(summary)
    tell(settings, told(summary, folder, time.time_ns() // 1_000))
    if wait:
        show_drain(settings, summary.lsn)


if __name__ == "__main__":
    run_command(main)
