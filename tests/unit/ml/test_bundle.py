"""A bundle is published whole or not at all, and read back as it was."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from connectors.errors import BundleError
from ml.bundle import Model, current_version, load, publish
from ml.calibration import Calibration
from ml.drift import Reference, distribution
from ml.features.catalog import NAMES
from ml.features.feature import COMMON_FROM
from tests.unit.ml.bundles import PHONE, bundle


def test_before_the_first_training_there_is_no_version(tmp_path: Path) -> None:
    assert current_version(tmp_path / "models") is None


def test_a_published_bundle_is_current_and_reads_back_equal(tmp_path: Path) -> None:
    published = bundle()
    folder = publish(published, tmp_path)

    assert folder == tmp_path / published.version
    assert current_version(tmp_path) == published.version
    assert load(tmp_path, published.version) == published


def test_a_bundle_with_all_that_a_training_adds_reads_back_equal(tmp_path: Path) -> None:
    spread = distribution(np.array([0.0, 0.0, 0.1, 7.5, np.nan]))
    published = replace(
        bundle(),
        calibration=Calibration(0.9, 2.5, -0.5),
        reference=Reference(dict.fromkeys(NAMES, spread), spread, 0.25),
        trained_until_us=1_650_000_000_000_000,
    )
    publish(published, tmp_path)

    assert load(tmp_path, published.version) == published


def test_a_bundle_of_before_calibration_takes_its_model_at_its_word(tmp_path: Path) -> None:
    path = publish(bundle("1"), tmp_path) / "bundle.json"
    described = orjson.loads(path.read_bytes())
    for name in ("calibration", "reference", "trained_until_us"):
        del described[name]
    path.write_bytes(orjson.dumps(described))

    assert load(tmp_path, "1") == bundle("1")


def test_a_model_gives_calibrated_probabilities_in_the_same_order() -> None:
    vectors = np.full((2, len(NAMES)), np.nan)
    vectors[:, PHONE] = (0.0, COMMON_FROM)
    believed = Model(bundle()).probabilities(vectors)
    calibration = Calibration(2.0, 2.0, 0.0)

    found = Model(replace(bundle(), calibration=calibration)).probabilities(vectors)

    np.testing.assert_array_equal(found, calibration.calibrated(believed))
    assert found[0] > believed[0] > believed[1] > found[1]


def test_a_newer_bundle_takes_over_and_the_older_one_stays(tmp_path: Path) -> None:
    first, second = bundle("1"), bundle("2")
    publish(first, tmp_path)
    publish(second, tmp_path)

    assert current_version(tmp_path) == "2"
    assert load(tmp_path, "1") == first
    assert sorted(os.listdir(tmp_path)) == ["1", "2", "current"]


def test_a_training_that_cannot_be_written_leaves_the_running_bundle(tmp_path: Path) -> None:
    publish(bundle("1"), tmp_path)

    with pytest.raises(TypeError):
        publish(replace(bundle("2"), metrics={"unwritable": object()}), tmp_path)

    assert current_version(tmp_path) == "1"
    assert sorted(os.listdir(tmp_path)) == ["1", "current"]


@pytest.mark.parametrize("damage", ["{", "{}", "[]", '{"version": 1}'])
def test_a_damaged_description_is_refused(tmp_path: Path, damage: str) -> None:
    (publish(bundle("1"), tmp_path) / "bundle.json").write_text(damage)

    with pytest.raises(BundleError, match="missing or damaged"):
        load(tmp_path, "1")


def test_a_missing_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="missing or damaged"):
        load(tmp_path, "1")


def test_a_bundle_for_other_features_is_refused_by_name() -> None:
    with pytest.raises(BundleError, match=r"other features \(shoe_size\): run `make train`"):
        Model(bundle(features=(*NAMES, "shoe_size")))
    with pytest.raises(BundleError, match="their order"):
        Model(bundle(features=NAMES[::-1]))


def test_a_bundle_of_before_unknown_facts_were_neutral_is_read_but_does_not_judge(
    tmp_path: Path,
) -> None:
    path = publish(bundle("1"), tmp_path) / "bundle.json"
    described = orjson.loads(path.read_bytes())
    del described["neutral"]
    path.write_bytes(orjson.dumps(described))
    old = load(tmp_path, "1")

    assert old == replace(bundle("1"), neutral=None)
    with pytest.raises(BundleError, match=r"other features \(unknown facts .* run `make train`"):
        Model(old)


def test_a_damaged_model_is_refused() -> None:
    with pytest.raises(BundleError, match="is damaged"):
        Model(replace(bundle(), model="tree\nversion=v4\nnot a model"))


def test_a_model_explains_itself_to_its_own_log_odds(tmp_path: Path) -> None:
    model = Model(bundle())
    vector = np.full(len(NAMES), np.nan)
    vector[PHONE] = 0.0
    probability = model.probabilities(vector.reshape(1, -1))[0]
    contributions = model.contributions(vector)

    assert contributions.shape == (len(NAMES),)
    assert int(np.argmax(contributions)) == PHONE
    assert probability > 0.9
