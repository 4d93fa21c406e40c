"""What a push did, object by object."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of an object."""

    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one object, and why if it failed."""

    kind: str
    name: str
    outcome: Outcome
    reason: str = ""


def line(done: Done, dry_run: bool) -> str:
    """One object's line."""
    would = dry_run and done.outcome not in (Outcome.UNCHANGED, Outcome.FAILED)
    what = f"would be {done.outcome}" if would else str(done.outcome)
    return f"  {done.kind:<14}{done.name:<28}{what}{': ' if done.reason else ''}{done.reason}"


def summary(all_done: Iterable[Done]) -> str:
    """How many objects became what."""
    outcomes = [done.outcome for done in all_done]
    counts = ((outcome, outcomes.count(outcome)) for outcome in Outcome)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts if count)
