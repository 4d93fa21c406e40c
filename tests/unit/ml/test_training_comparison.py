"""A new model takes over unless it is worse on accounts that can judge both."""

import random
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from ml.bundle import Bundle
from ml.features.catalog import NAMES
from ml.training.comparison import LEAST_ABUSERS, Measured, compare, measured
from ml.training.evaluate import Method, Stage
from ml.training.examples import Examples, examples_of
from ml.training.fit import learn
from ml.training.history import History, history_of
from ml.training.replay import replay
from ml.training.resampling import RESAMPLES, average_precisions
from tests.unit.ml.bundles import bundle
from tests.unit.ml.shops import shop

ACCOUNTS, ABUSERS = 1_200, 240
GOOD = Measured(0.80, 0.004, 0.02, "these data")


def few(number: int) -> bool:
    """A fifth; :func:`shop` gives most of its first thirty odd phones."""
    return number % (ACCOUNTS // ABUSERS) == 0


def history() -> History:
    """Whoever abuses writes the phone oddly, from first to last."""
    usual = shop(ACCOUNTS, few)
    return replace(
        usual,
        registrations=tuple(
            replace(
                event,
                profile=replace(
                    event.profile,
                    phone_shape=f"0:{number}" if event.label else "1:911",
                    canonical_email=None,
                ),
            )
            for number, event in enumerate(usual.registrations)
        ),
    )


def mislabelled(events: History, share: float) -> History:
    """The first accounts' labels dealt anew."""
    count = int(len(events.registrations) * share)
    first, rest = events.registrations[:count], events.registrations[count:]
    labels = [event.label for event in first]
    random.Random(5).shuffle(labels)
    dealt = (replace(event, label=label) for event, label in zip(first, labels, strict=True))
    return history_of([*dealt, *rest], events.redemptions)


def examples(events: History) -> Examples:
    return examples_of(replay(events))


def running(events: History, share: float) -> Bundle:
    """A bundle that learned from the first accounts."""
    rows = examples(events)
    until = int(np.quantile(rows.registered_at_us[rows.at_registration], share, method="lower"))
    learned = learn(rows, rows.registered_at_us <= until, threads=1)
    return replace(
        bundle(),
        common=learned.common,
        model=learned.booster.model_to_string(),
        trained_until_us=until,
        metrics=metrics(GOOD),
        training_digest=GOOD.training_digest,
    )


def metrics(found: Measured) -> dict[str, object]:
    """As a bundle records them."""
    where = {"method": Method.MODEL.value, "stage": Stage.NEWEST.value}
    return {
        "figures": [{**where, "average_precision": found.average_precision}],
        "deviations": [{**where, "average_precision": found.deviation}],
        "sampling_deviation": found.sampling_deviation,
    }


def test_the_same_recipe_is_not_worse_on_newer_accounts() -> None:
    found = compare(GOOD, running(history(), 0.5), examples(history()), threads=1)

    assert not found.worse
    # The newer half of the 600 accounts that the running model has not seen.
    assert "on the 300 newest labelled accounts" in found.why


def test_a_model_of_wrong_labels_is_worse_on_newer_accounts_whatever_its_figures() -> None:
    bad = examples(mislabelled(history(), 0.7))
    found = compare(replace(GOOD, average_precision=0.99), running(history(), 0.5), bad, threads=1)

    assert found.worse
    assert "with 95% confidence the difference is at most -0" in found.why


def test_a_model_that_repairs_a_bad_one_is_not_worse() -> None:
    bad = running(mislabelled(history(), 0.7), 0.5)

    assert not compare(GOOD, bad, examples(history()), threads=1).worse


def test_where_the_newer_half_is_too_small_all_newer_accounts_judge() -> None:
    share = 1 - 1.5 * LEAST_ABUSERS / ABUSERS
    found = compare(GOOD, running(history(), share), examples(history()), threads=1)

    assert "on the 150 newest labelled accounts" in found.why


@pytest.mark.parametrize(
    ("candidate", "worse"),
    [
        (GOOD, False),
        (replace(GOOD, average_precision=0.795), False),
        (replace(GOOD, average_precision=0.78), True),
        # Other accounts came: then so small a difference may be chance.
        (replace(GOOD, average_precision=0.78, training_digest="others"), False),
        (replace(GOOD, average_precision=0.70, training_digest="others"), True),
    ],
)
def test_without_newer_accounts_the_cross_validated_figures_decide(
    candidate: Measured, worse: bool
) -> None:
    found = compare(candidate, running(history(), 1.0), examples(history()), threads=1)

    assert found.worse == worse
    assert "the cross-validated figures are compared" in found.why


def test_a_bundle_that_does_not_know_until_when_it_learned_is_compared_on_record() -> None:
    old = replace(running(history(), 0.5), trained_until_us=None)

    assert "cross-validated" in compare(GOOD, old, examples(history()), threads=1).why


def test_a_model_of_other_features_cannot_be_compared_and_gives_way() -> None:
    other = replace(running(history(), 0.5), features=NAMES[::-1])
    found = compare(GOOD, other, examples(history()), threads=1)

    assert not found.worse
    assert "cannot be compared: bundle" in found.why


def test_recorded_figures_are_read_back() -> None:
    assert measured(metrics(GOOD), GOOD.training_digest) == GOOD
    assert measured({}, "") is None


def test_a_resampled_figure_is_the_one_of_the_accounts_drawn() -> None:
    dice = np.random.default_rng(4)
    scores = dice.random(200).round(2)
    labels = (dice.random(200) < scores).astype(float)
    drawn = average_precisions(labels, scores, -scores)

    assert drawn.shape == (RESAMPLES, 2)
    assert drawn[:, 0].mean() == pytest.approx(average_precision_score(labels, scores), abs=0.02)
    assert drawn[:, 1].mean() == pytest.approx(average_precision_score(labels, -scores), abs=0.02)
    assert 0.005 < drawn[:, 0].std() < 0.1
    np.testing.assert_array_equal(drawn, average_precisions(labels, scores, -scores))
