"""Why an older vector is another than today's rows give: which late events stand behind it. Pure.

Today's rows hold more than a scoring could know. Those of them that may have been missing then
are taken away, in the order in which they became known, and, where they are few, in every
combination: where the rest gives the published vector, number for number, they explain it. Of
many late events not every combination is tried; then the numbers must lie within what was found.

An updated row keeps its newest version alone and a deleted one nothing. Where such a change came
after the scoring, and may have moved the numbers that differ, nobody can tell any more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain, combinations, islice

from ml.features import own, verification
from ml.features.catalog import CATALOG
from ml.features.feature import Available, Common
from ml.parity.causes import Cause, Causes, Kind
from ml.parity.late import Late, Surroundings, late_events, without
from ml.parity.vectors import OF_COMMON, as_it_stood, recomputed
from warehouse.scorings import Scoring

_MOST_COMBINED = 7
"""So many late events are tried in every combination."""

_MOST_NAMED = 5

_OF_ROW = frozenset(feature.name for feature in own.FEATURES)
_VERIFIED = frozenset(feature.name for feature in verification.FEATURES)
_AFTER_REDEMPTION = frozenset(f.name for f in CATALOG if f.available is Available.REDEMPTION)
_OF_OTHERS = frozenset(f.name for f in CATALOG) - _OF_ROW - _VERIFIED

_Numbers = dict[str, float | None]


class Finding(Enum):
    """What an older scoring that differs from today's rows comes to."""

    EXPLAINED = auto()
    UNJUDGED = auto()
    """Rows that have vanished may explain it; what they said is not kept."""
    DIFFERENT = auto()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A finding with the events behind it (a few of them) and the features that differ."""

    finding: Finding
    causes: tuple[Cause, ...] = ()
    features: tuple[str, ...] = ()


def explain(
    scoring: Scoring, around: Surroundings, common: Common | None, causes: Causes
) -> Explanation:
    """Explain a scoring whose vector today's rows do not give.

    Args:
        scoring: an older one.
        around: what lies around its account today.
        common: its bundle's shares, None where the bundle is gone.
        causes: tells what was late.
    """
    update = causes.own_update(scoring)
    if update is not None:
        return Explanation(Finding.EXPLAINED, (update,))
    if as_it_stood(around.everyone, scoring.event_time_us) is None:
        return _unjudged_by(scoring, causes, causes.gone_redemptions(scoring))
    late, names = late_events(scoring, around, causes), _judged(common)
    stored = {name: scoring.features[name] for name in names}
    tried: list[_Numbers] = []
    for missing in _orders(late):
        then = without(missing, scoring, around)
        if then is not None:
            found = recomputed(then, common)
            tried.append({name: found[name] for name in names})
            if tried[-1] == stored:
                return Explanation(Finding.EXPLAINED, _named(missing))
    return _not_met(scoring, late, stored, tried, causes)


def _not_met(
    scoring: Scoring,
    late: Sequence[Late],
    stored: _Numbers,
    tried: Sequence[_Numbers],
    causes: Causes,
) -> Explanation:
    """What a vector comes to that no combination gave."""
    columns = {name: [found[name] for found in tried] for name in stored}
    outside = tuple(name for name in stored if not _within(stored[name], columns[name]))
    if _is_open(late):
        if not outside:
            return Explanation(Finding.EXPLAINED, _named(late))
        if all(len(set(columns[name])) > 1 for name in outside):
            return Explanation(Finding.UNJUDGED, _named(late), outside)
    differing = outside or tuple(name for name in stored if stored[name] != columns[name][0])
    return _unjudged_by(scoring, causes, _vanished(scoring, differing, causes), differing)


def _is_open(late: Sequence[Late]) -> bool:
    """Whether there were more combinations than were tried, or changes that hide what was."""
    hiding = (Kind.UPDATE, Kind.LINK_DECISION)
    return len(late) > _MOST_COMBINED or any(one.cause.kind in hiding for one in late)


def _orders(late: Sequence[Late]) -> Iterator[tuple[Late, ...]]:
    """What may have been missing together: the likeliest first; it begins with nothing."""
    events = tuple(late)
    newest = (events[:count] for count in range(len(events) + 1))
    if len(events) > _MOST_COMBINED:
        return chain(newest, ((event,) for event in events))
    every = (combinations(events, size) for size in range(1, len(events) + 1))
    return chain(newest, chain.from_iterable(every))


def _named(late: Sequence[Late]) -> tuple[Cause, ...]:
    return tuple(sorted({one.cause for one in late})[:_MOST_NAMED])


def _unjudged_by(
    scoring: Scoring, causes: Causes, gone: Iterator[Cause], features: tuple[str, ...] = ()
) -> Explanation:
    """What may explain it, though it has vanished; if there is nothing, it is different."""
    named = tuple(islice(gone, _MOST_NAMED)) or tuple(causes.perhaps_own_update(scoring))
    return Explanation(Finding.UNJUDGED if named else Finding.DIFFERENT, named, features)


def _judged(common: Common | None) -> list[str]:
    """The features whose numbers can be recomputed."""
    names = [feature.name for feature in CATALOG]
    return names if common is not None else [name for name in names if name not in OF_COMMON]


def _within(stored: float | None, found: Sequence[float | None]) -> bool:
    """Whether a number is one of those found, or lies between them."""
    if stored in found:
        return True
    numbers = [number for number in found if number is not None]
    return stored is not None and bool(numbers) and min(numbers) <= stored <= max(numbers)


def _vanished(scoring: Scoring, outside: Sequence[str], causes: Causes) -> Iterator[Cause]:
    """Rows that are gone or changed and may have moved these numbers; none where they cannot."""
    if any(name in _OF_ROW for name in outside):
        return
    if any(name in _OF_OTHERS for name in outside):
        yield from causes.gone_accounts(scoring)
    if any(name in _AFTER_REDEMPTION or name == "redemptions" for name in outside):
        yield from causes.gone_redemptions(scoring)
