"""The report says what was found, the same way each time, and names nobody."""

from pathlib import Path

import orjson
import pytest

from connectors.settings import Settings
from ml.policy import STANDARD
from ml.training import report_figures
from ml.training.evaluate import evaluate
from ml.training.examples import examples_of
from ml.training.replay import replay
from ml.training.report import FILE, write_report
from ml.training.study import Study, study_of
from ml.training.train import study_folder
from tests.unit.ml.shops import COSTS, shop


@pytest.fixture(scope="module")
def study() -> Study:
    return studied()


def studied() -> Study:
    history = shop()
    examples = examples_of(replay(history))
    evaluation = evaluate(examples, COSTS, threads=1, repeats=2)
    return study_of(history, examples, evaluation, COSTS, STANDARD, threads=1)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_data_give_the_same_bytes(study: Study, tmp_path: Path) -> None:
    write_report(study, tmp_path / "one")
    write_report(studied(), tmp_path / "other")

    assert contents(tmp_path / "one") == contents(tmp_path / "other")
    assert len(contents(tmp_path / "one")) == 6


def test_every_picture_is_shown_on_the_page_and_every_section_is_there(
    study: Study, tmp_path: Path
) -> None:
    page = write_report(study, tmp_path).read_text()

    for name, data in contents(tmp_path).items():
        if name.endswith(".png"):
            assert f"]({name})" in page
            assert data.startswith(b"\x89PNG")
            assert b"tEXt" not in data
    for section in ("order of time", "Calibration", "money", "Cross-validation", "not found"):
        assert f"{section}" in page
    assert "chosen by people who\nhad looked at the Noaat data" in page


def test_figures_for_programs_are_those_of_the_page(study: Study, tmp_path: Path) -> None:
    page = write_report(study, tmp_path).read_text()
    found = orjson.loads((tmp_path / report_figures.FILE).read_bytes())

    assert f"| accounts | {found['data']['accounts']:,} |" in page
    for one in found["cross_validation"]:
        spread = f"{one['average_precision']:.3f} ± {one['deviation']:.3f}"
        assert f"| {one['stage']} | {one['method']} | {spread} |" in page
    for one in found["levels"]:
        assert f"| {one['level']} | {one['abusers']:,} | {one['honest']:,} |" in page


def test_the_page_names_no_account(study: Study, tmp_path: Path) -> None:
    page = write_report(study, tmp_path).read_text()

    assert not [e for e in shop().registrations if e.profile.user_id in page]


def test_a_study_of_a_folder_publishes_nothing(tmp_path: Path) -> None:
    lines = [
        f"u{n},2021-{1 + n % 12:02}-{1 + n % 28:02} 1:02:03,"
        f"{'+' * (1 + n % 30) if n < 40 else '1555555'}{1000 + n},{n < 40}\n"
        for n in range(300)
    ]
    (tmp_path / "users.csv").write_text("user_id,created_at,phone,is_abuser\n" + "".join(lines))
    (tmp_path / "promo_usages.csv").write_text("user_id,promo_code,used_at,used_promo\n")
    settings = Settings(_env_file=None, state_dir=tmp_path / "state")

    study_folder(settings, tmp_path, tmp_path / "report", repeats=1)

    assert "300" in (tmp_path / "report" / FILE).read_text()
    assert not (tmp_path / "state").exists()
