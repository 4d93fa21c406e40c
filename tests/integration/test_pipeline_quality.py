"""*Pipeline health*: what is odd in the data, what loads refused, what was set aside."""

from collections.abc import Callable, Iterator, Mapping

import orjson
import pytest

from connectors import audit
from connectors.audit import Action, AuditEntry
from connectors.events import RowChange
from connectors.identifiers.placeholders import Form
from connectors.moments import iso
from connectors.profile import Profile
from connectors.settings import Settings
from tests.integration.board import Board, empty_board
from tests.unit.ml.builders import account, code_defined, erased, redeemed, registered
from warehouse.rows import Row, audit_row, dead_letter_row, source_row

NEW_YEAR_2024_H = 1_138
"""After the builders' noon in November 2023: in the first days of 2024."""


@pytest.fixture
def board(partial_stack: Callable[..., Settings]) -> Iterator[Board]:
    with empty_board(partial_stack("clickhouse")) as made:
        yield made


def checks(board: Board) -> dict[str, int]:
    """Checks that found something."""
    found = board.ask("pipeline_data_quality")
    return {row["quality_check"]: row["rows"] for row in found if row["rows"]}


def person(user_id: str, **facts: object) -> Profile:
    """Somebody who signed up in 2024 and says everything, but for some facts."""
    whole = {"email": "e", "phone": "p", "device": "d", "ip": "i"}
    return account(user_id, NEW_YEAR_2024_H, **{**whole, **facts})


def test_nothing_is_odd_where_nothing_is_stored(board: Board) -> None:
    assert checks(board) == {}
    assert len(board.ask("pipeline_data_quality")) == 14


def test_registrations_are_odd_by_what_they_lack_and_by_age(board: Board) -> None:
    people = [
        person("whole", birth_year=1990),
        person("young", birth_year=2007),
        person("of age", birth_year=2006),
        person("old", birth_year=1930),
        person("from within", ip_is_private=True),
        person("nobody", email=None, phone=None, device=None, ip=None),
        person("gone", email=None),
    ]
    board.rows(*(source_row(registered(profile)) for profile in people), source_row(erased("gone")))
    assert checks(board) == {
        "registrations without e-mail": 1,
        "registrations without phone": 1,
        "registrations without device": 1,
        "registrations without address": 1,
        "private IP addresses": 1,
        "under 18 at sign-up": 1,
        "over 90 at sign-up": 1,
    }


def test_identifiers_that_identify_nobody_are_counted_by_what_they_are(board: Board) -> None:
    people = [
        person("anna", device=None, placeholders=(f"device|unknown|{'a' * 32}",)),
        person("ben", device=None, placeholders=(f"device|unknown|{'a' * 32}",)),
        person("cleo", phone=None, placeholders=(f"phone|{Form.REPEATED}|{'b' * 32}",)),
        person("dora", device=None, placeholders=(f"device|02:00:00:00:00:00|{'c' * 32}",)),
    ]
    board.rows(*(source_row(registered(profile)) for profile in people))

    found = checks(board)
    assert {check: rows for check, rows in found.items() if "nobody" in check} == {
        "device that identifies nobody: unknown": 2,
        "device that identifies nobody: 02:00:00:00:00:00": 1,
        "phone that identifies nobody: one character repeated": 1,
    }


def test_redemptions_and_codes_are_odd_by_what_they_do_not_say(board: Board) -> None:
    rows: list[RowChange] = [
        registered(person("anna")),
        code_defined("FAIR", "fixed_amount", "5", "20"),
        code_defined("GIFT", "fixed_amount", "30", "20"),
        code_defined("SHARE", "percentage", "30", "20"),
        code_defined("ODD", "buy one, get one", "1", None),
        code_defined("fair ", "fixed_amount", "5", "20"),
        redeemed("anna", "FAIR", usage_id=1),
        redeemed("ben", "FAIR", usage_id=2),
        redeemed("anna", "NONE", usage_id=3),
        redeemed("anna", "g\u0456ft", usage_id=4),
    ]
    board.rows(*(source_row(row) for row in rows))
    assert checks(board) == {
        "redemptions without account": 1,
        "codes defined in several writings": 1,
        "redemptions of unknown codes": 1,
        "unknown discount types": 1,
        "discounts above the minimum purchase": 1,
    }


def load(folder: str, at_us: int, files: Mapping[str, object], codes: int | None = None) -> Row:
    """The audit entry of a load."""
    more = {} if codes is None else {"codes_in_conflict": codes}
    detail = {"files": files, **more}
    entry = AuditEntry(Action.LOAD, folder, at_us, "operator", "", detail)  # type: ignore[arg-type]
    return audit_row(orjson.loads(audit.encode(entry)))


def counted(duplicates: int = 0, **rejected: int) -> Mapping[str, object]:
    return {"accepted": 9, "duplicates": duplicates, "rejected": rejected}


def test_the_newest_load_of_each_folder_tells_what_was_refused(board: Board) -> None:
    board.rows(
        load("shop", 1_000_000, {"promo_codes.csv": counted(conflicting=99)}, codes=98),
        load(
            "shop",
            2_000_000,
            {"promo_codes.csv": counted(4, conflicting=5), "users.csv": counted(2, date=3)},
            codes=4,
        ),
        load("branch", 1_500_000, {"promo_codes.csv": counted(conflicting=1)}, codes=1),
    )
    assert checks(board) == {
        "codes in conflict": 5,
        "lines loaded before": 6,
        "lines refused: conflicting": 6,
        "lines refused: date": 3,
    }
    refused = [
        r for r in board.ask("pipeline_data_quality") if "refused: date" in r["quality_check"]
    ]
    assert [row["meaning"] for row in refused] == ["in users.csv"]


def set_aside(board: Board, at_s: float, offset: int, error: str, stage: str = "decode") -> Row:
    """What the warehouse keeps of a dead letter."""
    moment_us = round((board.begin_s + at_s) * 1e6)
    headers = {
        "topic": "promo.public.users", "partition": "0", "offset": str(offset),
        "stage": stage, "error": error, "failed_at": str(moment_us),
    }  # fmt: skip
    row = dead_letter_row({name: text.encode() for name, text in headers.items()})
    assert row.values["failed_at"] == iso(moment_us)
    return row


def test_dead_letters_are_counted_once_by_reason_and_by_stretch_of_time(board: Board) -> None:
    letters = [
        set_aside(board, -10, 0, "before the period"),
        set_aside(board, 10, 1, "not JSON"),
        set_aside(board, 20, 2, "not JSON"),
        set_aside(board, 70, 3, "ends the process", "crash"),
    ]
    board.rows(*letters)
    board.rows(*letters)

    found = board.ask("pipeline_dead_letters")
    assert [(row["reason"], row["stage"], row["letters"]) for row in found] == [
        ("ends the process", "crash", 1),
        ("not JSON", "decode", 2),
    ]
    assert found[1]["last_at"].timestamp() == board.begin_s + 20
    drawn = board.lines("pipeline_dead_letters_over_time", "stage", "letters")
    assert drawn == {"decode": {0: 2}, "crash": {60: 1}}
