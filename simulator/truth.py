"""Who is who, for evaluation: ``<state_dir>/simulated/<seed>.csv``."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path

COLUMNS = ("user_id", "truth")


def truth_file(state_dir: Path, seed: int) -> Path:
    """The file of all plays of a seed."""
    return state_dir / "simulated" / f"{seed}.csv"


def read_truth(file: Path) -> dict[str, str]:
    """``honest`` or the attack's name by account; empty if there is no such file."""
    if not file.is_file():
        return {}
    with file.open(newline="", encoding="utf-8") as lines:
        return {row["user_id"]: row["truth"] for row in csv.DictReader(lines)}


def add_truth(file: Path, truth: Mapping[str, str]) -> None:
    """Add accounts to a file, atomically; what is in it already stays."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    with unfinished.open("w", newline="", encoding="utf-8") as lines:
        os.fchmod(lines.fileno(), 0o600)
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows({**read_truth(file), **truth}.items())
    unfinished.replace(file)
