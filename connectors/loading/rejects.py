"""The file of rejected lines. It holds personal data, so only its owner may read it."""

import csv
import io
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from connectors.loading.rows import Rejection

HEADER = ("file", "line", "reason", "detail", "record")


class RejectsFile:
    """Writes ``<folder>/<time>.csv`` with the first rejection; none, no file.

    Args:
        folder: made with mode 700 if missing; the file has mode 600.
        now: names the file, in UTC.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        self._target = folder / f"{now:%Y%m%dT%H%M%S.%f}Z.csv"
        self._file: IO[str] | None = None

    @property
    def path(self) -> Path | None:
        """The file, or None if nothing was rejected so far."""
        return self._target if self._file is not None else None

    def __enter__(self) -> "RejectsFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, rejection: Rejection) -> None:
        """Write one rejection; its record is CSV within the CSV, byte for byte as it came."""
        if self._file is None:
            self._file = self._open()
            csv.writer(self._file).writerow(HEADER)
        table, line, reason, detail, record = rejection
        csv.writer(self._file).writerow([table.file, line, reason.value, detail, _text(record)])

    def _open(self) -> IO[str]:
        self._target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="")


def _text(record: Sequence[str]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow(record)
    return buffer.getvalue().removesuffix("\r\n")
