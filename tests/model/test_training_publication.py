"""What becomes of a new bundle: current, challenger, or current although it is worse."""

import random
from pathlib import Path

import pytest

from connectors.settings import Settings
from ml.bundle import CHALLENGER, CURRENT, Bundle, linked_version, load
from ml.training import __main__ as command
from ml.training.succession import succession
from ml.training.train import Wish, train_from_folder

HEADER = "user_id,created_at,phone,is_abuser\n"


def honest_lines(number: int, abuser: bool) -> str:
    """One account a day; abusers write their phone oddly."""
    phone = f"{'+' * (1 + number // 5 % 100)}1{number:04}" if abuser else f"1555555{number:04}"
    year, day = 2015 + number // 336, number % 336
    return f"u{number},{year}-{1 + day // 28:02}-{1 + day % 28:02} 1:02:03,{phone},{abuser}\n"


def files(folder: Path, accounts: int, dealt_anew: int = 0) -> Path:
    """Every fifth account abuses; the labels of the first ones may be dealt anew."""
    abusers = [number % 5 == 0 for number in range(accounts)]
    labels = abusers[:dealt_anew]
    random.Random(3).shuffle(labels)
    lines = [honest_lines(number, abuser) for number, abuser in enumerate(abusers)]
    for number, label in enumerate(labels):
        lines[number] = lines[number].rsplit(",", 1)[0] + f",{label}\n"
    folder.mkdir(exist_ok=True)
    (folder / "users.csv").write_text(HEADER + "".join(lines))
    (folder / "promo_usages.csv").write_text("user_id,promo_code,used_at,used_promo\n")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, state_dir=tmp_path / "state")


@pytest.fixture
def first(settings: Settings, tmp_path: Path) -> Bundle:
    """A good model of the first accounts, which runs."""
    return train_from_folder(settings, files(tmp_path / "data", 400))


def links(settings: Settings) -> tuple[str | None, str | None]:
    """Who is current, and who challenges."""
    models_dir = settings.models_dir
    return linked_version(models_dir, CURRENT), linked_version(models_dir, CHALLENGER)


def test_a_model_that_is_not_worse_takes_over_and_says_on_what_it_was_judged(
    settings: Settings, first: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = train_from_folder(settings, files(tmp_path / "data", 700))

    assert links(settings) == (second.version, None)
    assert succession(settings.models_dir) == [first.version, second.version]
    said = capsys.readouterr().out
    assert "published, not worse than the one before: on the 150 newest labelled accounts" in said


def test_a_worse_model_only_challenges_and_the_running_one_stays(
    settings: Settings, first: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worse = train_from_folder(settings, files(tmp_path / "data", 700, dealt_anew=550))

    assert links(settings) == (first.version, worse.version)
    assert load(settings.models_dir, worse.version) == worse
    assert f"NOT published, worse than {first.version}, which stays" in capsys.readouterr().out


def test_a_worse_model_takes_over_by_force(
    settings: Settings, first: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = files(tmp_path / "data", 700, dealt_anew=550)
    worse = train_from_folder(settings, data, Wish(force=True))

    assert links(settings) == (worse.version, None)
    assert "although it is worse, as wished" in capsys.readouterr().out
    assert succession(settings.models_dir)[0] == first.version


def test_a_challenger_is_only_tried(
    settings: Settings, first: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = files(tmp_path / "data", 700)
    monkeypatch.setenv("PROMO_STATE_DIR", str(settings.state_dir))
    monkeypatch.setattr("sys.argv", ["training", str(data), "--challenger"])

    assert command.main() == 0
    current, challenger = links(settings)
    assert current == first.version
    assert challenger not in {None, current}
    assert succession(settings.models_dir) == [first.version]


def test_the_first_model_runs_even_if_it_was_wished_for_as_a_challenger(
    settings: Settings, tmp_path: Path
) -> None:
    only = train_from_folder(settings, files(tmp_path / "data", 400), Wish(challenger=True))

    assert links(settings) == (only.version, None)


def test_a_bundle_remembers_its_accounts_as_distributions_and_a_date(first: Bundle) -> None:
    assert first.trained_until_us is not None
    assert first.reference is not None
    assert set(first.reference.features) == set(first.features)
    assert 0.05 < first.reference.alert_rate < 0.25
    assert first.metrics["figures"]
    assert first.metrics["deviations"]
