"""The same question in the order of time: taught by the accounts of the past, tested on later ones.

Cross-validation mixes the years, so it cannot tell whether what abusers do changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.policy import Boundaries
from ml.training.evaluate import Method, Stage, evaluate
from ml.training.examples import Examples, Mask, Numbers
from ml.training.figures import Figures, figures
from ml.training.fit import learn
from ml.training.folds import LEAST_ACCOUNTS, is_divisible
from ml.training.levels import Caught, caught, published
from ml.training.money import Costs

SHARE = 0.7
"""Share of the labelled accounts, by sign-up, that teaches."""


@dataclass(frozen=True, slots=True)
class TimeOrdered:
    """What was measured on later accounts.

    Attributes:
        cut_us: sign-up from which accounts are tested.
        taught, taught_abusers, tested, tested_abusers: labelled accounts.
        figures: of the later accounts.
        levels: what of the later accounts the levels hold, with redemptions known.
    """

    cut_us: int
    taught: int
    taught_abusers: int
    tested: int
    tested_abusers: int
    figures: Mapping[tuple[Method, Stage], Figures]
    levels: tuple[Caught, ...]


def time_ordered(
    examples: Examples,
    costs: Costs,
    boundaries: Boundaries,
    threads: int,
    share: float = SHARE,
) -> TimeOrdered | None:
    """Teach with the first accounts, all that is fitted included; None if either part has too few.

    The earlier accounts' rows are all there, later redemptions too, because their labels are
    known today only; the later accounts have no part in what is learned.
    """
    cut_us = _cut(examples, share)
    early = examples.registered_at_us < cut_us
    if not (_enough(examples, early) and _enough(examples, ~early)):
        return None
    past = examples.only(early)
    if not is_divisible(past):
        return None
    fitted = evaluate(past, costs, threads, repeats=1, against_logistic=False)
    believed = learn(past, past.everyone, threads).probabilities(examples, examples.everyone)
    probabilities = fitted.calibration.calibrated(believed)
    scores = {
        Method.MODEL: probabilities,
        Method.RULES: examples.by_rules,
        Method.PUBLISHED: published(fitted.thresholds, probabilities, examples.by_rules),
    }
    judged = ~early & examples.newest & examples.labelled
    taught, tested = (examples.labels[_once(examples, rows)] for rows in (early, ~early))
    return TimeOrdered(
        cut_us=cut_us,
        taught=len(taught),
        taught_abusers=int(taught.sum()),
        tested=len(tested),
        tested_abusers=int(tested.sum()),
        figures={
            (method, stage): _figures(examples, ~early, found, stage)
            for method, found in scores.items()
            for stage in Stage
        },
        levels=caught(examples.labels[judged], scores[Method.PUBLISHED][judged], boundaries),
    )


def _cut(examples: Examples, share: float) -> int:
    signups = examples.registered_at_us[examples.at_registration & examples.labelled]
    return int(np.quantile(signups, share, method="lower"))


def _enough(examples: Examples, rows: Mask) -> bool:
    counts = np.bincount(examples.labels[_once(examples, rows)].astype(np.intp), minlength=2)
    return bool(min(counts) >= LEAST_ACCOUNTS)


def _once(examples: Examples, rows: Mask) -> Mask:
    return rows & examples.labelled & examples.at_registration


def _figures(examples: Examples, rows: Mask, scores: Numbers, stage: Stage) -> Figures:
    judged = examples.at_registration if stage is Stage.REGISTRATION else examples.newest
    chosen = rows & judged & examples.labelled
    return figures(examples.labels[chosen], scores[chosen])
