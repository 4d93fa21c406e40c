"""Whether a new model is worse than the running one, on accounts that can judge both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from connectors.errors import BundleError
from ml.bundle import Bundle, Model
from ml.training.evaluate import Method, Stage
from ml.training.examples import Examples, Mask, Numbers
from ml.training.fit import learn
from ml.training.folds import LEAST_ACCOUNTS
from ml.training.resampling import average_precisions

CONFIDENCE = 0.95
"""One-sided: a candidate is worse only if so few chances in a hundred speak against it."""

LEAST_ABUSERS, LEAST_HONEST = 20, 100
"""Newer labelled accounts that must be there to judge by."""

_Z = 1.645


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found.

    Attributes:
        worse: whether the candidate must not take over.
        why: on what it was compared, with what outcome.
    """

    worse: bool
    why: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A cross-validated average precision, and how far chance moves it.

    Attributes:
        average_precision: with redemptions known, mean over the repeats.
        deviation: over the repeats, that is over divisions into folds.
        sampling_deviation: over bootstrap resamples of the accounts.
        training_digest: of the data.
    """

    average_precision: float
    deviation: float
    sampling_deviation: float
    training_digest: str


def compare(candidate: Measured, running: Bundle, examples: Examples, threads: int) -> Comparison:
    """Judge by average precision with redemptions known.

    Accounts that a model has learned from cannot judge it. So both are tried on labelled
    accounts that signed up after the running model's training (the newer half of these where
    that suffices), the candidate by a model that learned from older accounts only. Where there
    are too few of them, the cross-validated figures that both were published with decide.
    """
    try:
        model = Model(running)
    except BundleError as error:
        return Comparison(False, f"the running model cannot be compared: {error}")
    for judged in _newer_than(running.trained_until_us, examples):
        older = examples.registered_at_us < examples.registered_at_us[judged].min()
        if _enough(examples, older & examples.newest, LEAST_ACCOUNTS, LEAST_ACCOUNTS):
            return _on_newer(model, examples, judged, older, threads)
    return _on_record(candidate, running)


def measured(described: Mapping[str, Any], training_digest: str) -> Measured | None:
    """What a bundle's metrics say; None if they do not say it."""
    found = _entry(described.get("figures"))
    if found is None:
        return None
    spread = _entry(described.get("deviations"))
    return Measured(
        average_precision=found,
        deviation=spread or 0.0,
        sampling_deviation=float(described.get("sampling_deviation", 0.0)),
        training_digest=training_digest,
    )


def _entry(listed: Any) -> float | None:
    for one in listed or ():
        if (one["method"], one["stage"]) == (Method.MODEL, Stage.NEWEST):
            return float(one["average_precision"])
    return None


def _newer_than(until_us: int | None, examples: Examples) -> Iterator[Mask]:
    """Sets of newest rows that can judge, the more recent one first."""
    if until_us is None:
        return
    newer = examples.newest & examples.labelled & (examples.registered_at_us > until_us)
    if not newer.any():
        return
    middle = np.median(examples.registered_at_us[newer])
    for judged in (newer & (examples.registered_at_us >= middle), newer):
        if _enough(examples, judged, LEAST_ABUSERS, LEAST_HONEST):
            yield judged


def _enough(examples: Examples, rows: Mask, abusers: int, honest: int) -> bool:
    labels = examples.labels[rows & examples.labelled]
    return bool((labels == 1.0).sum() >= abusers and (labels == 0.0).sum() >= honest)


def _on_newer(
    model: Model, examples: Examples, judged: Mask, older: Mask, threads: int
) -> Comparison:
    labels = examples.labels[judged]
    candidate = learn(examples, older, threads).probabilities(examples, judged)
    running = model.probabilities(examples.vectors(model.bundle.common)[judged])
    pairs = average_precisions(labels, candidate, running)
    highest = float(np.nanquantile(pairs[:, 0] - pairs[:, 1], CONFIDENCE))
    new, old = (float(average_precision_score(labels, s)) for s in (candidate, running))
    return Comparison(
        highest < 0,
        f"on the {len(labels)} newest labelled accounts ({int(labels.sum())} abusers), which"
        f" neither had seen, average precision is {new:.3f} (taught by older accounts only)"
        f" against the running model's {old:.3f}; with {CONFIDENCE:.0%} confidence the"
        f" difference is at most {highest:+.3f} (paired bootstrap)",
    )


def _on_record(candidate: Measured, running: Bundle) -> Comparison:
    record = measured(running.metrics, running.training_digest)
    if record is None:
        return Comparison(False, "the running model has no figures to be compared with")
    spread = float(np.hypot(_spread(candidate, record), _spread(record, candidate)))
    difference = candidate.average_precision - record.average_precision
    highest = difference + _Z * spread
    return Comparison(
        highest < 0,
        f"fewer than {LEAST_ABUSERS} abusers or {LEAST_HONEST} honest accounts are labelled that"
        " signed up after the running model's training, so the cross-validated figures are"
        f" compared: average precision {candidate.average_precision:.3f} against the running"
        f" model's {record.average_precision:.3f}; with {CONFIDENCE:.0%} confidence the"
        f" difference is at most {highest:+.3f}",
    )


def _spread(one: Measured, other: Measured) -> float:
    """On the same data chance is in the folds alone; on other data also in who came."""
    if one.training_digest == other.training_digest:
        return one.deviation
    return float(np.hypot(one.deviation, one.sampling_deviation))


def sampling_deviation(labels: Numbers, scores: Numbers) -> float:
    """The standard deviation of average precision over bootstrap resamples."""
    return float(np.nanstd(average_precisions(labels, scores)))
