"""docs/data-commentary.md says what is counted in the Noaat data, and names nobody in it."""

import csv
import re
from pathlib import Path

import pytest

from connectors.settings import load_settings
from ml.commentary.__main__ import REPOSITORY
from ml.commentary.effort import effort
from ml.commentary.findings import Findings, findings
from ml.commentary.page import page
from ml.commentary.plots import PICTURES
from ml.commentary.shop import read_shop

PAGE = REPOSITORY / "docs/data-commentary.md"
EFFORT = "## 7. How the effort was divided"
"""From here on the page follows the size of the repository."""

SHARE_OFF, LINES_OFF = 0.25, 300
"""How far an area's lines may be from those of the page: it is written again now and then."""

IDENTIFIERS = ("user_id", "email", "phone", "ip_address", "device_id", "user_agent")
LARGEST_PICTURE = 100_000


def noaat() -> Path:
    folder = load_settings().noaat_dir
    if not (folder / "users.csv").is_file():
        pytest.skip(f"no Noaat data in {folder}: set PROMO_NOAAT_DIR to the folder of its files")
    return folder


@pytest.fixture(scope="module")
def found() -> Findings:
    return findings(read_shop(noaat()), REPOSITORY)


def test_the_committed_page_says_what_is_counted(found: Findings) -> None:
    told, _, _ = PAGE.read_text().partition(EFFORT)
    counted, heading, _ = page(found).partition(EFFORT)

    assert heading
    assert told == counted, "write it again: make data-commentary DATA=folder"


def test_the_files_and_their_facts_are_those_that_the_project_relies_on(found: Findings) -> None:
    assert (found.sizes.accounts, found.sizes.abusers) == (8_998, 196)
    assert {reach.of_abusers.successes for reach in found.signals.separating} == {
        50,
        41,
        23,
        16,
        10,
    }
    assert (found.signals.reached, found.signals.none, found.signals.honest_reached) == (140, 56, 0)
    assert found.calendar.after == found.calendar.both == found.calendar.fast == 41
    # What is left is about chance: whoever ranks it well has been told.
    assert found.chance.average_precision < 3 * found.chance.base_rate


def test_nobody_in_the_files_is_named() -> None:
    words = set(re.split(r"[\s|()`,;]+", PAGE.read_text()))
    text = PAGE.read_text()
    with (noaat() / "users.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            named = [column for column in IDENTIFIERS if row[column] in words]
            assert not named
            assert row["email"] not in text
            assert row["user_agent"] not in text
            assert f"{row['first_name']} {row['last_name']}" not in text


def test_every_picture_is_there_and_small() -> None:
    folder = PAGE.with_suffix("")

    assert {path.name for path in folder.iterdir()} == set(PICTURES)
    for name in PICTURES:
        assert f"](data-commentary/{name})" in PAGE.read_text()
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
        assert 5_000 < (folder / name).stat().st_size < LARGEST_PICTURE


def test_the_effort_is_about_what_it_is_now() -> None:
    _, _, told = PAGE.read_text().partition(EFFORT)
    rows = re.findall(r"^\| \[(\w+)\]\(\S+\) \| ([\d,]*) \| ([\d,]*) \|", told, re.MULTILINE)
    lines = {name: _number(code) + _number(tests) for name, code, tests in rows}
    counted = {area.name: area.code + area.tests for area in effort(REPOSITORY)}

    assert lines.keys() == counted.keys()
    far = {
        name: (lines[name], now)
        for name, now in counted.items()
        if abs(lines[name] - now) > LINES_OFF + SHARE_OFF * now
    }
    assert not far, "write it again: make data-commentary DATA=folder"


def _number(shown: str) -> int:
    return int(shown.replace(",", "") or 0)
