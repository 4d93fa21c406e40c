"""Files that somebody meant to be loaded, under another name than the loader reads. Pure but for
listing the folder."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

from connectors.loading.tables import Table

_ALIKE = 0.85
_TEXT = frozenset({"csv", "tsv", "txt", "tab"})
_PACKED = frozenset({"gz", "zip", "bz2", "xz", "zst"})
_SHEETS = frozenset({"xls", "xlsx", "ods", "numbers"})


def look_alikes(folder: Path) -> tuple[str, ...]:
    """A sentence for each file that is passed over and looks like one of the loader's.

    Nothing is read under another name than its own: two files may both look like one.
    """
    names = {table.file for table in Table}
    return tuple(_sentences(sorted(one.name for one in folder.iterdir() if one.name not in names)))


def _sentences(names: list[str]) -> Iterator[str]:
    for name in names:
        stem, *endings = name.lower().split(".")
        table = _meant(stem)
        if table is None or not endings:
            continue
        if _PACKED & set(endings):
            yield f"{name} looks like {table.file}, packed: unpack it; it is not read"
        elif endings[-1] in _SHEETS:
            yield f"{name} looks like {table.file}: export it as CSV; it is not read"
        elif endings[-1] in _TEXT:
            yield f"{name} looks like {table.file}: rename it; it is not read"


def _meant(stem: str) -> Table | None:
    plain = re.sub(r"[\W_]+", "_", stem).strip("_")
    alike = {t: SequenceMatcher(None, plain, t.name.lower()).ratio() for t in Table}
    table = max(alike, key=lambda t: alike[t])
    return table if alike[table] >= _ALIKE else None
