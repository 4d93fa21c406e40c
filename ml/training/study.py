"""Everything that is found out about a model before anybody relies on it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.policy import Policy
from ml.training.comparison import sampling_deviation
from ml.training.evaluate import Evaluation, Method
from ml.training.examples import Examples
from ml.training.fit import Learned, importances, learn
from ml.training.history import History
from ml.training.leaks import Leaks, leaks
from ml.training.levels import Caught, alerted, caught
from ml.training.missed import Missed, missed_by
from ml.training.money import Costs
from ml.training.time_order import TimeOrdered, time_ordered


@dataclass(frozen=True, slots=True)
class Data:
    """What was learned from, in numbers.

    Attributes:
        digest: tells this history from any other.
        accounts, labelled, abusers: how many there are.
        redemptions: counted ones of these accounts or of others.
        linked: accounts that share a device, phone or mailbox with another one.
        first_us, last_us: sign-ups.
    """

    digest: str
    accounts: int
    labelled: int
    abusers: int
    redemptions: int
    linked: int
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Study:
    """A model, what it was made of, and what was measured."""

    data: Data
    costs: Costs
    policy: Policy
    learned: Learned
    evaluation: Evaluation
    sampling_deviation: float
    levels: tuple[Caught, ...]
    in_time: TimeOrdered | None
    leaks: Leaks
    missed: Missed
    importances: Mapping[str, float]


def study_of(
    history: History,
    examples: Examples,
    evaluation: Evaluation,
    costs: Costs,
    policy: Policy,
    threads: int,
) -> Study:
    """Fit the model of all accounts, and ask everything that is to be known of it."""
    learned = learn(examples, examples.everyone, threads)
    scores = evaluation.out_of_fold[Method.PUBLISHED]
    probabilities = evaluation.out_of_fold[Method.MODEL]
    return Study(
        data=_data(history, examples),
        costs=costs,
        policy=policy,
        learned=learned,
        evaluation=evaluation,
        sampling_deviation=sampling_deviation(evaluation.labels, probabilities),
        levels=caught(evaluation.labels, scores, policy.boundaries),
        in_time=time_ordered(examples, costs, policy.boundaries, threads),
        leaks=leaks(history, examples, threads),
        missed=missed_by(
            examples, learned.common, probabilities, alerted(scores, policy.boundaries)
        ),
        importances=dict(importances(learned.booster)),
    )


def _data(history: History, examples: Examples) -> Data:
    once = examples.at_registration
    labels = examples.labels[once & examples.labelled]
    clusters = np.bincount(examples.clusters[once])
    return Data(
        digest=history.digest,
        accounts=int(once.sum()),
        labelled=len(labels),
        abusers=int(labels.sum()),
        redemptions=sum(event.counted for event in history.redemptions),
        linked=int(clusters[clusters > 1].sum()),
        first_us=int(examples.registered_at_us.min()),
        last_us=int(examples.registered_at_us.max()),
    )
