"""Who is current, who was before it, and back again."""

import os
from pathlib import Path

import orjson
import pytest

from connectors.errors import BundleError, TrainingError
from ml.bundle import CHALLENGER, current_version, linked_version, publish, write
from ml.training import takeover
from ml.training.succession import FILE, challenge, promote, roll_back, succession, take_over
from tests.unit.ml.bundles import bundle


def trained(models_dir: Path, *versions: str) -> None:
    """Bundles that became current one after the other."""
    for version in versions:
        write(bundle(version), models_dir)
        take_over(models_dir, version)


def test_rolling_back_goes_to_the_model_before_and_then_further_back(tmp_path: Path) -> None:
    trained(tmp_path, "1", "2", "3")

    assert roll_back(tmp_path).bundle.version == "2"
    assert current_version(tmp_path) == "2"
    change = roll_back(tmp_path)
    assert (change.bundle.version, change.before) == ("1", "2")
    assert current_version(tmp_path) == "1"
    with pytest.raises(TrainingError, match=r"no model to go back to.*1 is current"):
        roll_back(tmp_path)
    assert current_version(tmp_path) == "1"


def test_after_a_roll_back_the_line_goes_on_from_there(tmp_path: Path) -> None:
    trained(tmp_path, "1", "2")
    roll_back(tmp_path)
    trained(tmp_path, "3")

    assert succession(tmp_path) == ["1", "3"]
    assert roll_back(tmp_path).bundle.version == "1"


def test_without_any_model_there_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no model to go back to"):
        roll_back(tmp_path)


def test_the_history_tells_what_was_current_when_and_why(tmp_path: Path) -> None:
    trained(tmp_path, "1", "2")
    roll_back(tmp_path)
    lines = [orjson.loads(line) for line in (tmp_path / FILE).read_bytes().splitlines()]

    assert [(line["current"], line["before"], line["why"]) for line in lines] == [
        ("1", None, "trained"),
        ("2", "1", "trained"),
        ("1", "2", "rolled back"),
    ]
    assert all(line["at"].endswith("+00:00") for line in lines)


def test_a_model_that_the_history_has_not_heard_of_can_be_gone_back_to(tmp_path: Path) -> None:
    publish(bundle("old"), tmp_path)
    trained(tmp_path, "new")

    assert roll_back(tmp_path).bundle.version == "old"


def test_a_challenger_judges_nobody_until_it_is_promoted(tmp_path: Path) -> None:
    trained(tmp_path, "1")
    write(bundle("2"), tmp_path)
    challenge(tmp_path, "2")
    assert (current_version(tmp_path), linked_version(tmp_path, CHALLENGER)) == ("1", "2")

    change = promote(tmp_path)

    assert (change.bundle.version, change.before) == ("2", "1")
    assert (current_version(tmp_path), linked_version(tmp_path, CHALLENGER)) == ("2", None)
    assert roll_back(tmp_path).bundle.version == "1"
    with pytest.raises(TrainingError, match="there is no challenger"):
        promote(tmp_path)


def test_a_damaged_bundle_does_not_take_over(tmp_path: Path) -> None:
    trained(tmp_path, "1", "2")
    os.remove(tmp_path / "1" / "model.txt")

    with pytest.raises(BundleError, match="missing or damaged"):
        roll_back(tmp_path)

    assert current_version(tmp_path) == "2"
    assert succession(tmp_path) == ["1", "2"]


@pytest.mark.parametrize("damage", [b"{\n", b"[]\n", b'{"why": "trained"}\n'])
def test_a_damaged_history_is_an_error_that_names_it(tmp_path: Path, damage: bytes) -> None:
    trained(tmp_path, "1", "2")
    with (tmp_path / FILE).open("ab") as file:
        file.write(damage)

    with pytest.raises(TrainingError, match=r"history\.jsonl is damaged"):
        roll_back(tmp_path)


@pytest.mark.parametrize(
    ("what", "said"), [("rollback", "current: 1,"), ("promote", "promote: there is no challenger")]
)
def test_the_commands_say_who_judges_now(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    what: str,
    said: str,
) -> None:
    monkeypatch.setenv("PROMO_STATE_DIR", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["takeover", what])
    trained(tmp_path / "models", "1", "2")

    assert takeover.main() == (what == "promote")
    shown = capsys.readouterr()
    assert (shown.out + shown.err).startswith(said)
