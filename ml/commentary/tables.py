"""The page's tables, as Markdown. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ml.commentary.effort import AREAS, Area
from ml.commentary.findings import Findings
from ml.commentary.handled import handled
from ml.commentary.leftover import Test
from ml.commentary.share import Share
from ml.commentary.signals import Reach

SHOWN_TESTS = 6


@dataclass(frozen=True, slots=True)
class Tables:
    """Each table of the page by its name in the sections."""

    signals: str
    tests: str
    quality: str
    effort: str


def tables(found: Findings) -> Tables:
    """All of them."""
    return Tables(
        signals=_table(
            ("signal", "abusers", "honest accounts", "precision, 95 % interval",
             "lift, 95 % interval"),
            map(_reach, found.signals.reaches),
        ),
        tests=_table(
            ("attribute", "abusers", "honest accounts", "AUC", "p", "p, corrected"),
            map(_test, found.tests[:SHOWN_TESTS]),
        ),
        quality=_table(
            ("what", "how many", "what the pipeline does", "where"),
            (problem.cells() for problem in handled(found)),
        ),
        effort=_table(("area", "lines", "lines of its unit tests", "where the work went"),
                      map(_effort, found.effort)),
    )  # fmt: skip


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (header, ("---",) * len(header), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _reach(reach: Reach) -> tuple[str, ...]:
    held = reach.precision
    if not held.trials:
        return (reach.name, _counted(reach.of_abusers), _counted(reach.of_honest), "", "")
    low, high = reach.lift_interval
    return (
        reach.name,
        _counted(reach.of_abusers),
        _counted(reach.of_honest),
        f"{held.value:.1%} ({held.interval[0]:.1%} to {held.interval[1]:.1%})",
        f"{reach.lift:.1f} ({low:.1f} to {high:.1f})",
    )


def _test(test: Test) -> tuple[str, ...]:
    return (
        test.attribute,
        "" if test.of_abusers is None else _counted(test.of_abusers),
        "" if test.of_honest is None else _counted(test.of_honest),
        f"{test.auc:.2f}",
        f"{test.p:.2g}",
        f"{test.corrected:.2g}",
    )


def _counted(share: Share) -> str:
    return f"{share.successes:,} ({share.value:.1%})"


def _effort(area: Area) -> tuple[str, ...]:
    name = f"[{area.name}](../{area.name})"
    return (
        name,
        f"{area.code:,}" if area.code else "",
        f"{area.tests:,}" if area.tests else "",
        AREAS[area.name],
    )
