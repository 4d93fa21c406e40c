"""The commentary counts what is there: on files that can be counted by hand."""

import ast
import json
import re
from pathlib import Path

import pytest

from connectors.errors import LoadError, TrainingError
from connectors.loading.tables import Table
from ml.commentary.__main__ import REPOSITORY, write
from ml.commentary.cited import cell, cited
from ml.commentary.effort import AREAS, effort
from ml.commentary.findings import Findings, findings
from ml.commentary.habits import Habits
from ml.commentary.handled import handled
from ml.commentary.leftover import compare
from ml.commentary.links import links
from ml.commentary.page import SECTIONS
from ml.commentary.phones import digits, national, phones
from ml.commentary.plots import PICTURES
from ml.commentary.quality import conflicting_lines, quality
from ml.commentary.share import Share
from ml.commentary.shop import Shop, read_shop
from ml.commentary.signals import FAST, UNVERIFIED, signals
from ml.commentary.sizes import sizes
from ml.commentary.traps import calendar, row_order
from ml.commentary.waits import waits
from tests.unit.ml.commentary_files import write_files

PHONE = "phone written in an unusual way"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return read_shop(write_files(tmp_path_factory.mktemp("files")))


@pytest.fixture(scope="module")
def found(shop: Shop) -> Findings:
    return findings(shop, REPOSITORY)


def test_files_are_counted_as_a_load_would_report_them(shop: Shop) -> None:
    counts = {
        table.file: (f.counts.accepted, f.counts.duplicates, sum(f.counts.rejected.values()))
        for table, f in shop.files.items()
    }

    assert counts == {
        "promo_codes.csv": (3, 1, 1),
        "users.csv": (215, 0, 1),
        "promo_usages.csv": (196, 0, 0),
    }


def test_of_several_definitions_of_a_code_the_first_line_stands(shop: Shop) -> None:
    assert shop.codes["A"]["discount_type"] == "percentage"
    assert shop.codes_in_conflict == 1
    assert conflicting_lines(shop.files[Table.PROMO_CODES].rows) == 2


def test_sizes_tell_how_the_tables_meet(shop: Shop) -> None:
    found = sizes(shop)

    assert (found.accounts, found.abusers, found.honest, found.unlabelled) == (215, 15, 200, 0)
    assert (found.redemptions, found.strangers, found.strange_redemptions) == (196, 1, 1)
    assert (found.silent, found.silent_abusers, found.most_redemptions) == (20, 0, 1)
    assert (found.uses_least, found.uses_most, found.unknown_codes) == (1, 180, 0)
    assert f"{found.first_signup:%Y-%m-%d}" == "2020-01-01"


def test_signals_tell_who_has_them_and_which_separate(shop: Shop) -> None:
    found = signals(shop.accounts)

    assert [reach.name for reach in found.separating] == [PHONE, FAST]
    assert (found.reached_once, found.reached_more, found.none) == (9, 0, 6)
    assert found.honest_reached == 0
    assert len(found.untouched) == 206


def test_precision_and_lift_count_both_kinds(shop: Shop) -> None:
    reach = signals(shop.accounts).named(UNVERIFIED)

    assert (reach.of_abusers.successes, reach.of_honest.successes) == (6, 50)
    assert reach.precision.value == pytest.approx(6 / 56)
    assert reach.lift == pytest.approx((6 / 56) / (15 / 215))
    low, high = reach.lift_interval
    assert low < reach.lift < high


def test_an_interval_is_wilsons() -> None:
    # Ten of ten: 1 / (1 + 1.96² / 10).
    assert Share(10, 10).interval == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_accounts_with_several_signals_are_reached_once(shop: Shop) -> None:
    found = signals(
        shop.accounts,
        {
            "phone": lambda account, habits: habits.is_unusual("phone_shape", account.profile),
            "abuser": lambda account, _: account.is_abuser,
        },
    )

    assert (found.reached_once, found.reached_more, found.none) == (10, 5, 0)


def test_waits_are_told_apart_at_a_quarter_of_an_hour(shop: Shop) -> None:
    found = waits(shop.accounts)

    assert len(found.fast) == 4
    assert (found.fastest_minutes, found.slowest_fast_minutes) == (10.0, 13.0)
    assert found.next_days == 401


def test_the_order_of_rows_is_measured_from_the_top(shop: Shop) -> None:
    found = row_order(shop)

    assert (found.rows, found.abusers) == (195, 15)
    assert found.average_precision == found.roc_auc == 1.0
    assert found.half == pytest.approx(8 / 195)
    assert found.curve[0] == 0.0
    assert found.curve[-1] == 1.0
    assert found.unverified_block == 0


def test_the_calendar_finds_whom_the_speed_finds(shop: Shop) -> None:
    found = calendar(shop.accounts, signals(shop.accounts).separating)

    assert (found.after, found.fast, found.both) == (4, 4, 4)
    assert (found.early, found.early_or_after) == (5, 9)
    assert f"{found.last_honest:%Y-%m-%d}" == "2020-07-18"
    assert found.first_after.year == 2022


def test_cleaning_phones_takes_their_shape_away(shop: Shop) -> None:
    found = phones(shop)

    assert found.raw.of_abusers.successes == 5
    assert found.national.of_abusers.successes < found.raw.of_abusers.successes


@pytest.mark.parametrize(
    ("phone", "cleaned"),
    [
        ("15550100199", "+15550100199"),
        ("+1-555-010-0199x17", "+15550100199"),
        ("(555)010-0199", "+15550100199"),
        ("001-555-010-0199", "+15550100199"),
        ("020 7946", "0207946"),
    ],
)
def test_one_national_format_hides_how_a_number_was_written(phone: str, cleaned: str) -> None:
    assert national(phone) == cleaned


def test_digits_alone_keep_an_extension() -> None:
    assert digits("(555)010-0199x17") == "555010019917"


def test_linked_pairs_are_found_through_mailboxes(shop: Shop) -> None:
    found = links(shop)

    assert (found.devices, found.addresses) == (0, 0)
    assert (found.mailboxes, found.by_mailbox, found.pairs, found.same_code) == (1, 2, 1, 1)


def test_quality_counts_each_oddity(shop: Shop) -> None:
    found = quality(shop)

    assert (found.records, found.kept, found.duplicates) == (417, 414, 1)
    assert (found.malformed, found.bad_timestamps, found.refused_lines) == (1, 1, 1)
    assert found.empty == (("users.csv", "city", 1),)
    assert (found.young_by_year, found.young_exact) == (0, 1)
    assert (found.dear_lines, found.dear_codes, found.fixed_codes) == (2, 1, 2)
    assert (found.private, found.unknown_zones, found.early) == (1, 1, 0)
    assert (found.timestamps, found.with_offset) == (412, 1)


def test_one_attribute_of_many_is_corrected_for_their_number(shop: Shop) -> None:
    abusers = [a for a in shop.accounts if a.is_abuser]
    honest = [a for a in shop.accounts if not a.is_abuser]
    tests = compare(
        {
            "label": lambda account: account.is_abuser,
            "hour": lambda account: float(account.profile.hour),
            "nobody has it": lambda account: None,
            "everybody has it": lambda account: True,
        },
        abusers,
        honest,
    )

    assert [test.attribute for test in tests] == ["label", "hour"]
    label = tests[0]
    assert label.auc == 1.0
    assert label.corrected == pytest.approx(2 * label.p)
    assert label.flagged == Share(15, 15)


def test_what_is_usual_is_asked_of_everybody(shop: Shop) -> None:
    habits = Habits(shop.accounts)

    assert habits.shared("device") == (0, 0)
    assert habits.shared("canonical_email") == (1, 2)


def test_lines_are_counted_by_area_and_unit_tests_with_theirs(tmp_path: Path) -> None:
    for path, text in {
        "api/main.py": "a = 1\n\nb = 2\n",
        "api/generated/x.py": "left = out\n",
        "api/notes.md": "left out\n",
        "tests/unit/api/test_main.py": "one = 1\n",
        "tests/e2e/test_all.py": "one = 1\ntwo = 2\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    counted = {area.name: (area.code, area.tests) for area in effort(tmp_path)}

    assert counted["api"] == (2, 1)
    assert counted["tests"] == (0, 2)
    assert counted["ml"] == (0, 0)


def test_every_folder_with_code_has_its_row() -> None:
    folders = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")} | {"tests"}

    assert folders <= set(AREAS)


def test_a_cell_of_a_page_is_found_by_its_section_and_row() -> None:
    page = "## One\n\n| a | 1 |\n\n## Two\n\n| a | b | **2** |\n| a | c | 3 |\n"

    assert cell(page, "Two", "a", "b", column=2) == "2"
    with pytest.raises(LoadError, match="model-report"):
        cell(page, "One", "a", "b", column=2)


def test_a_figure_that_is_gone_is_named(tmp_path: Path) -> None:
    results = tmp_path / "benchmarks/results"
    results.mkdir(parents=True)
    for name in ("speed", "speed-answers", "survival"):
        (results / f"{name}.json").write_text(json.dumps({"benchmarks": []}))
    (tmp_path / "docs/model-report").mkdir(parents=True)
    (tmp_path / "docs/model-report/README.md").write_bytes(
        (REPOSITORY / "docs/model-report/README.md").read_bytes()
    )

    with pytest.raises(LoadError, match="backlog"):
        cited(tmp_path)


def test_a_shop_without_abusers_is_refused(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    users = folder / "users.csv"
    users.write_text(re.sub(r"True\r?\n", "False\n", users.read_text()))

    with pytest.raises(TrainingError, match="labelled"):
        read_shop(folder)


def test_the_page_and_its_pictures_are_the_same_each_time(found: Findings, tmp_path: Path) -> None:
    contents = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write(found, tmp_path / name / "page.md")
        files = (path for path in sorted((tmp_path / name).rglob("*")) if path.is_file())
        contents.append([path.read_bytes() for path in files])

    assert contents[0] == contents[1]
    assert len(contents[0]) == 1 + len(PICTURES)


def test_every_picture_is_on_the_page_with_words_for_who_cannot_see_it() -> None:
    shown = re.findall(r"^!\[(.{20,}?)\]\(data-commentary/(.+?)\)$", _sections(), re.MULTILINE)

    assert sorted(name for _, name in shown) == sorted(PICTURES)


def test_no_number_of_the_data_is_typed() -> None:
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|\{[^}]*\}|^#.*$", "", _sections(), flags=re.MULTILINE)

    # What a method is named by: intervals, what chance gives, an answer's status.
    assert set(re.findall(r"\d[\d.,%]*\d|\d", text)) <= {"95", "0.5", "503"}


def test_what_handles_each_problem_and_its_test_are_there(found: Findings) -> None:
    for problem in handled(found):
        path, _, name = problem.test.partition("::")
        tree = ast.parse((REPOSITORY / path).read_text())
        assert (REPOSITORY / problem.code).is_file()
        assert name in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}


def _sections() -> str:
    return "\n".join(path.read_text() for path in sorted(SECTIONS.glob("*.txt")))
