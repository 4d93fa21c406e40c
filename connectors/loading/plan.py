"""Rows in file order in, rows in event-time order out, whatever their number.

Sorted runs that exceed a memory budget are spooled to files that have no name, so nothing
personal stays behind, not even after kill -9; then all runs are merged.
"""

import heapq
import pickle
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO

from connectors.loading.rows import Row

RUN_ROWS = 200_000
RUN_CHARACTERS = 64 * 1024 * 1024
_CHUNK = 500


class EventOrder:
    """Collects rows and gives them back sorted; a context manager that frees its files.

    Args:
        folder: where to spool, on a disk with room for the CSV files' size.
        run_rows: rows after which a sorted run is spooled.
    """

    def __init__(self, folder: Path, run_rows: int = RUN_ROWS) -> None:
        self._folder = folder
        self._run_rows = run_rows
        self._run: list[Row] = []
        self._characters = 0
        self._spooled: list[IO[bytes]] = []
        self._files = ExitStack()

    def __enter__(self) -> "EventOrder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.close()

    def add(self, row: Row) -> None:
        """Take a row."""
        self._run.append(row)
        self._characters += sum(len(v) for v in row.values if isinstance(v, str))
        if len(self._run) >= self._run_rows or self._characters >= RUN_CHARACTERS:
            self._spool()

    def rows(self) -> Iterator[Row]:
        """All rows in order; call once, when all have been added."""
        self._run.sort()
        return heapq.merge(*map(_read_run, self._spooled), self._run)

    def _spool(self) -> None:
        file = self._files.enter_context(tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115
        self._run.sort()
        for start in range(0, len(self._run), _CHUNK):
            pickle.dump([tuple(row) for row in self._run[start : start + _CHUNK]], file, protocol=5)
        self._spooled.append(file)
        self._run, self._characters = [], 0


def _read_run(file: IO[bytes]) -> Iterator[Row]:
    file.seek(0)
    while True:
        try:
            chunk = pickle.load(file)
        except EOFError:
            return
        yield from (Row(*fields) for fields in chunk)
