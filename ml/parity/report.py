"""What a parity check found, in words. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ml.parity.check import Parity
from ml.parity.explanation import Explanation
from ml.parity.vectors import Difference
from warehouse.scorings import Scoring

Cases = Sequence[tuple[Scoring, Explanation]]


def text(found: Parity, limit: int) -> str:
    """The report; each list is cut after ``limit`` entries."""
    return "\n".join((*_summary(found), *_details(found, limit)))


def _summary(found: Parity) -> Iterator[str]:
    differing = len({difference.user_id for difference in found.differences})
    yield f"{found.accounts:,} accounts, {found.scorings:,} scorings"
    yield (
        f"latest vectors: {found.latest:,} compared, {differing:,} differ"
        f" in {len(found.differences):,} numbers"
    )
    yield f"accounts without a scoring: {len(found.unscored):,}"
    yield f"scorings without an account: {len(found.orphans):,} accounts"
    yield (
        f"superseded vectors: {found.superseded:,}; {found.superseded_equal:,} follow from"
        f" today's rows, {len(found.explained):,} are explained by a late event,"
        f" {len(found.unjudged):,} cannot be judged, {len(found.unexplained):,} are not explained"
    )
    if found.foreign:
        yield f"  of them {found.foreign:,} are of other features, and were not compared"
    kinds = Counter(cause.kind for _, e in found.explained for cause in e.causes[:1])
    if kinds:
        named = ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items()))
        yield f"late events by kind (the first of each): {named}"
    for version, count in sorted(found.bundles_gone.items()):
        yield f"bundle {version} is gone: the shares of {count:,} scorings were not compared"


def _details(found: Parity, limit: int) -> Iterator[str]:
    yield from _cut("differs", [_difference(one) for one in found.differences], limit)
    yield from _cut("has no scoring", found.unscored, limit)
    yield from _cut("is scored and does not exist", found.orphans, limit)
    yield from _cut("is not explained", _cases(found.unexplained), limit)
    yield from _cut(
        "cannot be judged (vanished rows may explain it)", _cases(found.unjudged), limit
    )
    yield from _cut("was late", _cases(found.explained), limit)


def _cut(what: str, lines: Sequence[str], limit: int) -> Iterator[str]:
    if not lines:
        return
    yield f"{what}:"
    yield from (f"  {line}" for line in lines[:limit])
    if len(lines) > limit:
        yield f"  … and {len(lines) - limit:,} more"


def _difference(one: Difference) -> str:
    return f"{one.user_id} {one.feature}: stored {one.stored}, recomputed {one.recomputed}"


def _cases(cases: Cases) -> list[str]:
    return [_case(scoring, explanation) for scoring, explanation in cases]


def _case(scoring: Scoring, explanation: Explanation) -> str:
    causes = ", ".join(f"{cause.kind} {cause.identity}" for cause in explanation.causes)
    features = f" {', '.join(explanation.features)}" if explanation.features else ""
    return f"{scoring.user_id} revision {scoring.revision}{features}" + (
        f": {causes}" if causes else ""
    )
