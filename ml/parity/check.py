"""Every scoring against the vector that today's rows give. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from ml.features.catalog import NAMES
from ml.features.feature import Common
from ml.parity.arrivals import Arrivals
from ml.parity.causes import Causes
from ml.parity.explanation import Explanation, Finding, explain
from ml.parity.late import Surroundings
from ml.parity.standing import Standing
from ml.parity.vectors import Difference, as_it_stood, recomputed, unequal
from ml.store import Neighbourhood
from warehouse.scorings import Scoring

Commons = Callable[[str], Common | None]
"""What a bundle holds for common, by its version; None where the bundle is gone."""


_WINDOWS = 10
_NAMES = frozenset(NAMES)


@dataclass(slots=True)
class Parity:
    """What was found.

    Attributes:
        accounts: registered accounts.
        scorings: all of them.
        latest: accounts whose newest scoring was compared.
        differences: numbers of newest scorings that today's rows do not give.
        unscored: accounts without a scoring.
        orphans: scorings' accounts that do not exist.
        superseded: older scorings; ``superseded_equal`` of them follow from today's rows.
        foreign: older ones of another catalogue of features; they cannot be compared.
        explained: the others that late events explain.
        unjudged: those that vanished rows may explain, which nobody can tell any more.
        unexplained: those that nothing explains.
        bundles_gone: scorings by bundle that is gone; its shares were not compared.
    """

    accounts: int = 0
    scorings: int = 0
    latest: int = 0
    differences: list[Difference] = field(default_factory=list)
    unscored: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    superseded: int = 0
    superseded_equal: int = 0
    foreign: int = 0
    explained: list[tuple[Scoring, Explanation]] = field(default_factory=list)
    unjudged: list[tuple[Scoring, Explanation]] = field(default_factory=list)
    unexplained: list[tuple[Scoring, Explanation]] = field(default_factory=list)
    bundles_gone: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        """Nothing differs and nothing is missing."""
        return not (self.differences or self.unscored or self.orphans or self.unexplained)


def check(standing: Standing, scorings: Iterable[Scoring], commons: Commons) -> Parity:
    """Recompute every vector from a standing and compare.

    Args:
        standing: what the warehouse holds, read when the stream had drained.
        scorings: account by account, each account's in order.
        commons: the bundles.
    """
    found, arrivals = Parity(accounts=len(standing.accounts)), Arrivals()
    seen: set[str] = set()
    pending: list[Scoring] = []
    for user_id, group in groupby(scorings, key=attrgetter("user_id")):
        seen.add(user_id)
        made = list(_noted(group, arrivals))
        found.scorings += len(made)
        around = standing.store.neighbourhood(user_id)
        if around is None:
            found.orphans.append(user_id)
            continue
        pending += _compare(found, made, around, commons)
    found.unscored = sorted(standing.accounts.keys() - seen)
    _explain_all(found, pending, standing, Causes(standing, arrivals), commons)
    return found


def _noted(scorings: Iterable[Scoring], arrivals: Arrivals) -> Iterator[Scoring]:
    for scoring in scorings:
        arrivals.note(scoring)
        yield scoring


def _compare(
    found: Parity, made: Sequence[Scoring], around: Neighbourhood, commons: Commons
) -> Iterator[Scoring]:
    """Compare an account's scorings; those that need an explanation come back."""
    *older, latest = made
    found.latest += 1
    found.differences += _differences(found, latest, around, commons)
    for scoring in older:
        found.superseded += 1
        if scoring.features.keys() != _NAMES:
            found.foreign += 1
            continue
        then = as_it_stood(around, scoring.event_time_us)
        if then is not None and not any(_unequal_older(found, scoring, then, commons)):
            found.superseded_equal += 1
        else:
            yield scoring


def _differences(
    found: Parity, latest: Scoring, around: Neighbourhood, commons: Commons
) -> Iterator[Difference]:
    common = _common(found, latest, commons)
    vector = recomputed(around, common)
    for name in unequal(latest.features, vector, gone=common is None):
        yield Difference(
            latest.user_id, latest.event_id, name, latest.features.get(name), vector.get(name)
        )
    if latest.event_time_us != around.as_of_us:
        times = (float(latest.event_time_us), float(around.as_of_us))
        yield Difference(latest.user_id, latest.event_id, "event_time_us", *times)


def _unequal_older(
    found: Parity, scoring: Scoring, then: Neighbourhood, commons: Commons
) -> Iterator[str]:
    """The features that differ."""
    common = _common(found, scoring, commons)
    vector = recomputed(then, common)
    return iter(unequal(scoring.features, vector, gone=common is None))


def _common(found: Parity, scoring: Scoring, commons: Commons) -> Common | None:
    common = commons(scoring.model_version)
    if common is None:
        found.bundles_gone[scoring.model_version] += 1
    return common


def _explain_all(
    found: Parity,
    pending: Sequence[Scoring],
    standing: Standing,
    causes: Causes,
    commons: Commons,
) -> None:
    lists = {
        Finding.EXPLAINED: found.explained,
        Finding.UNJUDGED: found.unjudged,
        Finding.DIFFERENT: found.unexplained,
    }
    for scoring in pending:
        common = commons(scoring.model_version)
        around = _surroundings(standing, scoring.user_id)
        explanation = explain(scoring, around, common, causes)
        lists[explanation.finding].append((scoring, explanation))


def _surroundings(standing: Standing, user_id: str) -> Surroundings:
    """What lies around an account; wide, because those in a window push others out of it."""
    store = standing.store
    everyone = store.surroundings(user_id, windows=_WINDOWS, strangers_too=True)
    linked = store.surroundings(user_id, windows=_WINDOWS)
    today = store.neighbourhood(user_id)
    assert everyone is not None  # only registered accounts need an explanation
    assert linked is not None
    assert today is not None
    return Surroundings(everyone, linked, frozenset(today.linked))
