"""What the audit log is told of a load: counts that add up, and nothing of a line."""

from dataclasses import replace
from pathlib import Path

import orjson

from connectors import audit
from connectors.loading.rows import BEFORE_ALL_TIME, Row
from connectors.loading.summary import LoadSummary, Tally
from connectors.loading.tables import Table
from connectors.loading.told import told
from connectors.loading.values import Reason
from connectors.loading.write import Fate

NOW_US = 1_700_000_000_123_456


def summary(*tables: Table) -> LoadSummary:
    """Of a load in which two codes were disputed, one of them twice."""
    tally = Tally()
    for code in ("TEN", "TEN", "FIVE"):
        tally.reject(Table.PROMO_CODES, Reason.CONFLICT)
        tally.dispute(Row(BEFORE_ALL_TIME, Table.PROMO_CODES, 1, (code, "fixed", 10, 20)))
    tally.reject(Table.USERS, Reason.DATE)
    tally.dispute(Row(NOW_US, Table.USERS, 1, ("anna", *[None] * 15)))
    tally.keep(Table.USERS, Fate.ACCEPTED)
    tally.keep(Table.USERS, Fate.DUPLICATE)
    files = tuple(tally.of(table, ()) for table in tables)
    return LoadSummary(files, None, "0/0", 1.0, 1.0, tally.codes_in_conflict)


def test_a_load_is_told_by_file_with_reasons_and_the_codes_in_conflict() -> None:
    entry = told(summary(Table.PROMO_CODES, Table.USERS), Path("/data/noaat"), NOW_US)
    message = orjson.loads(audit.encode(entry))
    assert (message["action"], message["actor"], message["subject"]) == (
        "load", "operator", "noaat",
    )  # fmt: skip
    assert message["at"] == "2023-11-14T22:13:20.123456Z"
    assert message["detail"] == {
        "files": {
            "promo_codes.csv": {
                "accepted": 0,
                "duplicates": 0,
                "rejected": {"conflicting with an earlier row": 3},
            },
            "users.csv": {"accepted": 1, "duplicates": 1, "rejected": {"bad date": 1}},
        },
        "codes_in_conflict": 2,
    }


def test_a_load_without_codes_says_nothing_of_their_conflicts() -> None:
    detail = told(summary(Table.USERS), Path("/data/noaat"), NOW_US).detail
    assert list(detail) == ["files"]


def test_a_folder_is_named_also_where_it_was_given_as_here() -> None:
    entry = told(summary(Table.USERS), Path(), NOW_US)
    assert entry.subject == Path.cwd().name


def test_told_twice_it_is_the_same_entry_and_another_load_is_another() -> None:
    entry = told(summary(Table.USERS), Path("noaat"), NOW_US)
    assert entry.audit_id == replace(entry, detail={}).audit_id
    assert entry.audit_id != replace(entry, at_us=NOW_US + 1).audit_id
