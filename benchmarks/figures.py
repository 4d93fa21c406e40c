"""What a benchmark hands back: figures with their marks, and tables that explain them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number beside the mark that it has to reach.

    Attributes:
        name: what was measured.
        measured: the number with its unit, as a reader wants it.
        values: the same unrounded, by name with the unit in it.
        mark: what it has to be; empty where there is no mark.
        met: whether it is; None without a mark.
        waits_for: what a figure that misses its mark waits for.
    """

    name: str
    measured: str
    values: Mapping[str, float]
    mark: str = ""
    met: bool | None = None
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of details; every row has as many cells as there are headings."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """The outcome of one benchmark; ``notes`` say how it was measured, a sentence each."""

    title: str
    figures: Sequence[Figure]
    tables: Sequence[Table] = ()
    notes: Sequence[str] = field(default=())


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie, by nearest rank; NaN of none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
