"""Which bundle is current, which one was before it, and how one follows another.

``models/history.jsonl`` keeps a line for each change: what became current, when, and why.
The link ``models/current`` is the truth; it is changed first, and whatever the history has
not heard of counts as having become current last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import orjson

from connectors.errors import TrainingError
from ml.bundle import CHALLENGER, CURRENT, Bundle, linked_version, load, point

FILE = "history.jsonl"


class Why(StrEnum):
    """How a bundle became current."""

    TRAINED = "trained"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class Change:
    """One bundle follows another.

    Attributes:
        bundle: what is current now.
        before: the version that was, None if there was none.
    """

    bundle: Bundle
    before: str | None


def take_over(models_dir: Path, version: str, why: Why = Why.TRAINED) -> Change:
    """Make a written bundle current; a challenger of that version stops being one.

    Raises:
        BundleError: the bundle is missing or damaged; nothing is changed.
    """
    bundle = load(models_dir, version)
    before = linked_version(models_dir, CURRENT)
    point(models_dir, CURRENT, version)
    _note(models_dir, version, before, why)
    if linked_version(models_dir, CHALLENGER) == version:
        point(models_dir, CHALLENGER, None)
    return Change(bundle, before)


def challenge(models_dir: Path, version: str) -> None:
    """Try a written bundle in shadow, instead of whichever was."""
    point(models_dir, CHALLENGER, version)


def promote(models_dir: Path) -> Change:
    """Make the challenger current.

    Raises:
        TrainingError: there is no challenger.
        BundleError: its bundle is missing or damaged.
    """
    version = linked_version(models_dir, CHALLENGER)
    if version is None:
        raise TrainingError("there is no challenger: `make train CHALLENGER=1` makes one")
    return take_over(models_dir, version, Why.PROMOTED)


def roll_back(models_dir: Path) -> Change:
    """Go back to what was current before what is; the next time, further back.

    Raises:
        TrainingError: nothing was current before.
        BundleError: that bundle is missing or damaged; nothing is changed.
    """
    line = succession(models_dir)
    if len(line) < 2:
        running = line[-1] if line else "none"
        raise TrainingError(
            f"there is no model to go back to: none was current before ({running} is current)"
        )
    return take_over(models_dir, line[-2], Why.ROLLED_BACK)


def succession(models_dir: Path) -> list[str]:
    """The versions that a roll-back would go through, the current one last."""
    line: list[str] = []
    for change in _history(models_dir):
        if change["why"] == Why.ROLLED_BACK:
            # Back to the one before: what came after it is out of the line.
            while line and line[-1] != change["current"]:
                line.pop()
        if not line or line[-1] != change["current"]:
            line.append(change["current"])
    current = linked_version(models_dir, CURRENT)
    if current is not None and (not line or line[-1] != current):
        line.append(current)
    return line


def _history(models_dir: Path) -> Iterator[dict[str, str]]:
    try:
        lines = (models_dir / FILE).read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            change = orjson.loads(line)
            yield {"current": str(change["current"]), "why": str(change["why"])}
        except (ValueError, TypeError, KeyError) as error:
            raise TrainingError(f"{models_dir / FILE} is damaged: {error}") from error


def _note(models_dir: Path, version: str, before: str | None, why: Why) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    known = _unheard_of(models_dir, before)
    with (models_dir / FILE).open("ab") as file:
        for line in (*known, {"at": at, "current": version, "before": before, "why": why.value}):
            file.write(orjson.dumps(line) + b"\n")


def _unheard_of(models_dir: Path, before: str | None) -> list[dict[str, str]]:
    """A line for a bundle that was current without the history having heard of it."""
    last = [change["current"] for change in _history(models_dir)][-1:]
    if before is None or last == [before]:
        return []
    return [{"current": before, "why": Why.TRAINED.value}]
