"""A training on a small shop: what it learns from, what it refuses, what it leaves behind."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from connectors.errors import TrainingError
from connectors.settings import Settings
from ml.bundle import Model, current_version, load
from ml.features.catalog import vector
from ml.features.feature import Common, Fact
from ml.policy import Level
from ml.scorer import Judge, score
from ml.training import __main__ as command
from ml.training.evaluate import Method, Stage, evaluate
from ml.training.examples import Examples, examples_of
from ml.training.fit import LEAST_ACCOUNTS, fit_common, learn
from ml.training.folder import read_folder
from ml.training.folds import held_out
from ml.training.history import History, history_of
from ml.training.replay import replay
from ml.training.report import FILE
from ml.training.train import REPORT, train_from_folder
from tests.unit.ml.builders import account, neighbourhood, registered
from tests.unit.ml.shops import COSTS, USUAL, Label, shop


def examples(history: History) -> Examples:
    return examples_of(replay(history))


@pytest.fixture(scope="module")
def small() -> Examples:
    return examples(shop())


def test_history_is_in_event_time_whatever_order_it_came_in() -> None:
    history = shop()
    shuffled = history_of(history.registrations[::-1], history.redemptions[::-1])

    assert shuffled == history
    assert shuffled.digest == history.digest


def test_the_digest_tells_a_changed_label_or_redemption() -> None:
    history = shop()
    (first, *others), redemptions = history.registrations, history.redemptions

    assert {
        history.digest,
        history_of([replace(first, label=None), *others], redemptions).digest,
        history_of([first, *others], redemptions[1:]).digest,
    }.__len__() == 3


def test_each_account_has_a_first_and_a_newest_row_and_counts_once(small: Examples) -> None:
    assert len(small.user_ids) == 300
    assert small.at_registration.sum() == small.newest.sum() == 300
    assert len(small.accounts) == 450
    assert small.weights.sum() == pytest.approx(300)


def test_rows_with_shares_filled_in_are_the_vectors_that_scoring_computes(
    small: Examples,
) -> None:
    common = Common({fact: {USUAL: 0.7, "0:91": 0.004} for fact in Fact})
    direct = np.stack([vector(moment.neighbourhood, common) for moment in replay(shop())])

    np.testing.assert_array_equal(small.vectors(common), direct)


def test_no_row_depends_on_any_label(small: Examples) -> None:
    flipped = examples(shop(label=lambda number: number >= 200))

    np.testing.assert_array_equal(small.uncommon, flipped.uncommon)
    np.testing.assert_array_equal(small.by_rules, flipped.by_rules)
    assert small.labels.tolist() != flipped.labels.tolist()


def test_what_is_common_counts_training_accounts_once_and_forgets_rare_values(
    small: Examples,
) -> None:
    everyone = fit_common(small, small.everyone).shares[Fact.PHONE_SHAPE]
    few = small.accounts < LEAST_ACCOUNTS - 1

    assert everyone == {USUAL: pytest.approx(276 / 300)}
    assert fit_common(small, few).shares[Fact.PHONE_SHAPE] == {}


def test_linked_accounts_and_their_rows_are_held_out_together(small: Examples) -> None:
    held = list(held_out(small, folds=5, seed=0))

    assert np.sum(held, axis=0).tolist() == [1] * len(small.accounts)
    for tested in held:
        assert not set(small.accounts[tested]) & set(small.accounts[~tested])
        assert not set(small.clusters[tested]) & set(small.clusters[~tested])
    assert len(set(small.clusters)) == 270


def test_unlabelled_accounts_are_never_tested() -> None:
    rows = examples(shop(label=lambda number: None if number >= 250 else number < 30))
    tested = np.any(list(held_out(rows, folds=5, seed=0)), axis=0)

    np.testing.assert_array_equal(tested, rows.labelled)


def test_the_same_history_gives_the_same_model(small: Examples) -> None:
    one, other = (learn(small, small.everyone, threads=1) for _ in range(2))

    assert one.booster.model_to_string() == other.booster.model_to_string()
    assert one.common == other.common


def test_the_model_finds_what_separates_and_beats_the_rules(small: Examples) -> None:
    evaluation = evaluate(small, COSTS, threads=1, folds=5, repeats=2)
    model = evaluation.figures[Method.MODEL, Stage.REGISTRATION]

    assert (evaluation.accounts, evaluation.abusers) == (300, 30)
    assert model.average_precision > 0.75
    assert model.precision_at_recall["0.67"] == 1.0
    rules = evaluation.figures[Method.RULES, Stage.REGISTRATION]
    assert model.average_precision > rules.average_precision
    assert Method.LOGISTIC in {method for method, _ in evaluation.figures}


def test_labels_without_meaning_cannot_be_ranked() -> None:
    """A leak would show here: what is drawn by lot cannot be foretold."""
    lots = random.Random(3)
    rows = examples(shop(label=lambda _: lots.random() < 0.2))
    evaluation = evaluate(rows, COSTS, threads=1, folds=5, repeats=2)

    for stage in Stage:
        assert evaluation.figures[Method.MODEL, stage].roc_auc == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (lambda number: None, "none of 300 accounts has a label"),
        (lambda number: False, "only 0 accounts are labelled as abusers and 300 as honest"),
        (lambda number: number < 9, "only 9 accounts are labelled as abusers"),
        (lambda number: number >= 9, "and 9 as honest"),
    ],
)
def test_next_to_no_labels_are_refused_with_what_to_do(label: Label, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        evaluate(examples(shop(label=label)), COSTS, threads=1)


def test_one_great_ring_cannot_be_divided_into_folds() -> None:
    ring = [
        registered(account(f"u{n:02}", n, device="d" if n < 20 else None), n < 20)
        for n in range(60)
    ]
    with pytest.raises(TrainingError, match="too few separate clusters"):
        evaluate(examples(history_of(ring, ())), COSTS, threads=1)


def test_an_empty_shop_is_refused() -> None:
    with pytest.raises(TrainingError, match="no accounts yet"):
        examples(history_of((), ()))


USERS_HEADER = "user_id,created_at,email,phone,dob,is_abuser\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = [
        f"u{n},2021-{1 + n % 12:02}-{1 + n % 28:02} 1:02:03,u{n}@a.org,"
        f"{'+' * (1 + n % 20) if n < 40 else ''}1555555{1000 + n},19{60 + n % 40}-05-06,{n < 40}\n"
        for n in range(400)
    ]
    (tmp_path / "users.csv").write_text(USERS_HEADER + "".join(lines) + lines[0] + "broken\n")
    (tmp_path / "promo_usages.csv").write_text(
        "user_id,promo_code,used_at,used_promo\n"
        "u1,A,2022-01-01 00:00:00,True\nu1,A,2022-01-01 00:00:00,True\n"
        "u2,A,2022-01-02 00:00:00.5,False\nstranger,A,2022-01-03,\n"
    )
    return tmp_path


def own_settings(state_dir: Path) -> Settings:
    return Settings(_env_file=None, state_dir=state_dir)


def test_a_folder_is_read_as_the_loader_would(folder: Path) -> None:
    history = read_folder(folder)

    assert len(history.registrations) == 400
    assert [(r.user_id, r.used_promo) for r in history.redemptions] == [
        ("u1", True),
        ("u2", False),
        ("stranger", None),
    ]
    assert history.redemptions[1].used_at_us % 1_000_000 == 500_000
    assert history.registrations[0].profile.birth_year == 1960


def test_a_training_leaves_a_current_bundle_that_scores_and_its_report(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = own_settings(tmp_path / "state")
    published = train_from_folder(settings, folder)

    assert current_version(settings.models_dir) == published.version
    assert load(settings.models_dir, published.version) == published
    report = (settings.models_dir / published.version / REPORT / FILE).read_text()
    said = capsys.readouterr().out
    assert "published, the first model: there was none before" in said
    for text in (said, report):
        assert "| at registration | model | 1.000 ± 0.000 |" in text
    assert "| phone_shape_share | 100.0% |" in report
    odd, usual = score(
        [neighbourhood(account(phone_shape=shape)) for shape in (":+191-193-194", "1:911")],
        Judge(Model(published)),
    )
    assert (odd.level, usual.level) == (Level.CRITICAL, Level.LOW)


def test_a_shop_without_labels_gets_a_message_and_no_bundle(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    users = folder / "users.csv"
    users.write_text(users.read_text().replace(",True\n", ",\n").replace(",False\n", ",\n"))
    monkeypatch.setenv("PROMO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr("sys.argv", ["training", str(folder)])

    assert command.main() == 1
    assert capsys.readouterr().err.startswith("training: none of 400 accounts has a label")
    assert not (tmp_path / "state").exists()
