"""How CSV records are checked, and in which order they are loaded."""

import csv
import io
import stat
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import LoadError
from connectors.loading.layout import look_at
from connectors.loading.look_alikes import look_alikes
from connectors.loading.plan import EventOrder
from connectors.loading.rejects import RejectsFile
from connectors.loading.rows import BEFORE_ALL_TIME, Rejection, Row, read_file
from connectors.loading.tables import COLUMNS, Table
from connectors.loading.values import BadValue, Reason, boolean, day, number, timestamp

USAGES = "user_id,promo_code,used_at,used_promo"


def records(tmp_path: Path, text: str | bytes, table: Table = Table.PROMO_USAGES) -> list[
    Row | Rejection
]:  # fmt: skip
    """What the loader reads from a file."""
    path = tmp_path / table.file
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_file(table, path))


def reasons(found: Sequence[Row | Rejection]) -> list[Reason | None]:
    return [one.reason if isinstance(one, Rejection) else None for one in found]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-08-28 6:17:03", datetime(2019, 8, 28, 6, 17, 3, tzinfo=UTC)),
        ("2023-08-20 14:41:50.435432", datetime(2023, 8, 20, 14, 41, 50, 435432, tzinfo=UTC)),
        ("2023-08-20T14:41:50Z", datetime(2023, 8, 20, 14, 41, 50, tzinfo=UTC)),
        ("2023-08-20 14:41:50+02", datetime(2023, 8, 20, 12, 41, 50, tzinfo=UTC)),
        ("2023-08-20T14:41:50-0530", datetime(2023, 8, 20, 20, 11, 50, tzinfo=UTC)),
        ("2023-08-20 14:41:50.5 +00:00", datetime(2023, 8, 20, 14, 41, 50, 500000, tzinfo=UTC)),
        ("2023-08-20 14:41:50 utc", datetime(2023, 8, 20, 14, 41, 50, tzinfo=UTC)),
        (" 2023-8-2 14:41 ", datetime(2023, 8, 2, 14, 41, tzinfo=UTC)),
        ("2023-08-20", datetime(2023, 8, 20, tzinfo=UTC)),
        ("2023-08-20 0:00:00.123456789", datetime(2023, 8, 20, 0, 0, 0, 123456, tzinfo=UTC)),
        ("0001-01-01 00:00:00", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_read(text: str, moment: datetime) -> None:
    assert timestamp(text) == moment


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2023-02-29", "2023-13-01 00:00:00", "2023-01-01 25:00:00", "infinity", "now",
     "0000-01-01", "12023-01-01", "2023-01-01x00:00:00", "1692542510", "01/02/2023", " ",
     "0001-01-01 00:00:00+05", "9999-12-31 23:59:59-05", "2023-01-01 00:00:00+99",
     "2023-01-01 00:00:00+01:75", "2023-01-01 00:00:60", "٢٠٢٣-01-01"],
)  # fmt: skip
def test_a_bad_timestamp_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="bad timestamp"):
        timestamp(text)


@pytest.mark.parametrize("text", ["TRUE", "True", "true", "t", "1", "yes", " true "])
def test_true_is_read(text: str) -> None:
    assert boolean(text) is True


@pytest.mark.parametrize("text", ["FALSE", "False", "false", "f", "0", "no"])
def test_false_is_read(text: str) -> None:
    assert boolean(text) is False


@pytest.mark.parametrize("text", ["maybe", "2", "-", " ", "tru"])
def test_a_bad_boolean_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="bad boolean"):
        boolean(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("25", 25),
        (" 0.50", "0.5"),
        ("-1e3", -1000),
        ("1e32", "1e32"),
        ("-Infinity", "-inf"),
        ("1e131071", "1e131071"),
    ],
)
def test_a_number_is_read(text: str, value: str | int) -> None:
    assert number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "ten",
        "NaN7",
        "sNaN",
        "1e131072",
        "1e9999999999999999999",
        "1e-16384",
        "1,5",
        "$5",
        " ",
        "1_0",
    ],
)
def test_a_bad_number_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="bad number"):
        number(text)


def test_a_date_is_read() -> None:
    assert day(" 1945-06-2") == date(1945, 6, 2)


@pytest.mark.parametrize("text", ["1945-06-31", "22.06.1945", "1945-06-22 00:00", "0000-01-01"])
def test_a_bad_date_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="bad date"):
        day(text)


def test_a_row_has_its_line_its_time_and_typed_values(tmp_path: Path) -> None:
    found = records(tmp_path, f"{USAGES}\nanna,X,1970-01-01 0:00:01,False\n")

    at = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert found == [Row(1_000_000, Table.PROMO_USAGES, 2, ("anna", "X", at, False))]


def test_text_is_stored_as_it_came_and_empty_is_null(tmp_path: Path) -> None:
    header = "user_id,created_at,first_name,last_name,city"
    line = '" Änna ",2023-01-01,"a ""quoted"" name, with\r\nlines",,""'

    (row,) = records(tmp_path, f"{header}\n{line}", Table.USERS)

    assert isinstance(row, Row)
    values = dict(zip(COLUMNS[Table.USERS].parsers, row.values, strict=True))
    assert values["user_id"] == " Änna "
    assert values["first_name"] == 'a "quoted" name, with\r\nlines'
    assert (values["last_name"], values["city"]) == (None, None)


def test_a_missing_column_is_null_for_every_row(tmp_path: Path) -> None:
    (row,) = records(tmp_path, "created_at,user_id\n2023-01-01,anna", Table.USERS)

    assert isinstance(row, Row)
    assert row.values[0] == "anna"
    assert set(row.values[2:]) == {None}


def test_a_missing_column_that_may_not_be_null_rejects_every_row(tmp_path: Path) -> None:
    found = records(tmp_path, "user_id,email\nanna,a@b.c\nbert,\n", Table.USERS)

    assert [(r.reason, r.detail) for r in found if isinstance(r, Rejection)] == [
        (Reason.MISSING, "created_at")
    ] * 2


def test_columns_may_come_in_any_order_and_unknown_ones_are_named(tmp_path: Path) -> None:
    text = "\ufeffused_at, colour ,promo_code,user_id\n2023-01-01,red,X,anna\n"

    (row,) = records(tmp_path, text)

    assert isinstance(row, Row)
    assert row.values == ("anna", "X", datetime(2023, 1, 1, tzinfo=UTC), None)
    path = tmp_path / Table.PROMO_USAGES.file
    assert look_at(Table.PROMO_USAGES, path).unknown == ("colour",)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"anna,X,soon,True", Reason.TIMESTAMP),
        (b"anna,X,2023-01-01,perhaps", Reason.BOOLEAN),
        (b",X,2023-01-01,True", Reason.MISSING),
        (b"anna,X,,True", Reason.MISSING),
        (b"anna,X,2023-01-01", Reason.FIELD_COUNT),
        (b"anna,X,2023-01-01,True,more", Reason.FIELD_COUNT),
        (b"an\0na,X,2023-01-01,True", Reason.NUL),
        (b"an\xffna,X,2023-01-01,True", Reason.UTF8),
        (b"an\xed\xa0\x80na,X,2023-01-01,True", Reason.UTF8),
        (b'"anna"s,X,2023-01-01,True', Reason.QUOTES),
        (b"x" * 9_000_000 + b",X,2023-01-01,True", Reason.TOO_LARGE),
        (b"x" * 17_000_000 + b",X,2023-01-01,True", Reason.LONG_FIELD),
        (b"anna,X,2023-01-01," + b"\x01" * 2_000_000, Reason.TOO_LARGE),
    ],
)
def test_a_bad_line_is_rejected_alone(tmp_path: Path, line: bytes, reason: Reason) -> None:
    good = b"bert,X,2023-01-01,True"

    found = records(tmp_path, b"\n".join([USAGES.encode(), good, line, good]))

    assert reasons(found) == [None, reason, None]
    assert [one.line for one in found] == [2, 3, 4]


def test_a_five_megabyte_field_is_a_row(tmp_path: Path) -> None:
    text = f"user_id,created_at,user_agent\nanna,2023-01-01,{'x' * 5_000_000}"

    assert reasons(records(tmp_path, text, Table.USERS)) == [None]


def test_lines_are_counted_as_an_editor_shows_them(tmp_path: Path) -> None:
    text = f'{USAGES}\n\n"an\nna",X,2023-01-01,\n\n\nbert,X,bad,\n'

    assert [(one.line) for one in records(tmp_path, text)] == [3, 7]


def test_an_open_quote_rejects_what_it_swallows_once(tmp_path: Path) -> None:
    found = records(tmp_path, f'{USAGES}\nanna,X,2023-01-01,\n"bert,X,2023-01-01,\ncarl,X,2023,')

    assert reasons(found) == [None, Reason.QUOTES]


@pytest.mark.parametrize("text", ["", "\n\n", "anna,X,2023-01-01,True\n", "user_id,user_id\n"])
def test_a_file_without_a_header_of_its_table_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(LoadError, match=r"promo_usages\.csv"):
        records(tmp_path, text)


def test_a_header_alone_is_a_file_without_records(tmp_path: Path) -> None:
    assert records(tmp_path, USAGES) == []


def test_codes_come_before_all_time(tmp_path: Path) -> None:
    (row,) = records(tmp_path, "promo_code,discount_value\nX,2.5", Table.PROMO_CODES)

    assert row == Row(BEFORE_ALL_TIME, Table.PROMO_CODES, 2, ("X", None, Decimal("2.5"), None))


fields = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@settings(max_examples=50)
@given(st.lists(st.tuples(fields.filter(bool), fields.filter(bool)), max_size=20))
def test_every_text_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(USAGES.split(","))
    writer.writerows([user, code, "2023-01-01", ""] for user, code in rows)

    found = records(tmp_path_factory.getbasetemp(), buffer.getvalue())

    assert [one.values[:2] for one in found if isinstance(one, Row)] == rows


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(-5, 5), st.sampled_from(Table)), max_size=30))
def test_rows_come_out_in_event_order_however_little_memory_there_is(
    tmp_path_factory: pytest.TempPathFactory, keys: list[tuple[int, Table]]
) -> None:
    rows = [Row(at, table, line, ("x", None)) for line, (at, table) in enumerate(keys)]
    folder = tmp_path_factory.getbasetemp()

    with EventOrder(folder, run_rows=4) as order:
        for row in rows:
            order.add(row)
        found = list(order.rows())

    assert found == sorted(rows)
    assert all(isinstance(row, Row) for row in found)
    assert all(one <= other for one, other in pairwise(found))


def test_spooled_rows_leave_no_file_behind(tmp_path: Path) -> None:
    with EventOrder(tmp_path, run_rows=1) as order:
        order.add(Row(0, Table.USERS, 2, ("anna",)))
        assert list(tmp_path.iterdir()) == []


def test_rejected_lines_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    record = ["an,na", b"\xff".decode("utf-8", "surrogateescape"), "a\nb"]

    with RejectsFile(tmp_path / "rejected", now) as rejects:
        assert rejects.path is None
        rejects.add(Rejection(Table.USERS, 7, Reason.UTF8, "", record))
        path = rejects.path

    assert path == tmp_path / "rejected" / "20260102T030405.000000Z.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        header, line = csv.reader(file)
    assert header == ["file", "line", "reason", "detail", "record"]
    assert line[:4] == ["users.csv", "7", "invalid UTF-8", ""]
    assert next(csv.reader(io.StringIO(line[4], newline=""))) == record


def test_without_rejections_there_is_no_file(tmp_path: Path) -> None:
    with RejectsFile(tmp_path / "rejected", datetime.now(UTC)) as rejects:
        pass

    assert rejects.path is None
    assert not (tmp_path / "rejected").exists()


USERS_HEADER, USERS_LINE = "user_id,created_at,device_id", "anna,2026-11-20 10:00:00,dev"


def users_file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "users.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "line", "remarks"),
    [
        (f"{USERS_HEADER}\n{USERS_LINE}".encode(), 2, []),
        (f"{USERS_HEADER}\n{USERS_LINE}".encode("utf-8-sig"), 2, []),
        (f"{USERS_HEADER}\n{USERS_LINE}".replace(",", ";").encode(), 2, ["read with ';'"]),
        (f"{USERS_HEADER}\r\n{USERS_LINE}".replace(",", "\t").encode(), 2, ["read with a tab"]),
        (f"sep=,\n{USERS_HEADER}\n{USERS_LINE}".encode(), 3, ["read with ','"]),
        (f'"SEP=|"\r\n{USERS_HEADER}\r\n{USERS_LINE}'.replace(",", "|").encode(), 3,
         ["read with '|'"]),
        (f"\n\n{USERS_HEADER}\n{USERS_LINE}".encode(), 4, []),
        (f"{USERS_HEADER}\n{USERS_LINE}".encode("utf-16"), 2, ["read as UTF-16-LE"]),
        (b"\xfe\xff" + f"{USERS_HEADER};x\n{USERS_LINE}; ".replace(",", ";").encode("utf-16-be"), 2,
         ["read as UTF-16-BE", "read with ';'"]),
        (f'"User_ID", "Created At" ,DEVICE-ID\n{USERS_LINE}'.replace(', "', ',"').encode(), 2,
         ["read 'User_ID' as user_id, 'Created At' as created_at, 'DEVICE-ID' as device_id"]),
    ],
)  # fmt: skip
def test_a_file_is_read_as_its_mark_and_header_say_and_that_is_told(
    tmp_path: Path, content: bytes, line: int, remarks: list[str]
) -> None:
    path = users_file(tmp_path, content.replace(b'At" ,', b'At",'))

    (row,) = read_file(Table.USERS, path)

    assert isinstance(row, Row)
    assert (row.line, row.values[0], row.values[9]) == (line, "anna", "dev")
    told = look_at(Table.USERS, path).remarks
    assert [given.startswith(wanted) for given, wanted in zip(told, remarks, strict=True)] == [
        True for _ in remarks
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("user_id,created_at\na,2026-01-01".encode("utf-16-le"), "without a byte order mark"),
        (b"\xff\xfe\x00\x00" + "user_id".encode("utf-32-le"), "UTF-32"),
        ("user_id,prénom\n".encode("cp1252"), "WINDOWS-1252"),
        (b"user_id,created_at,User ID\n", "user_id twice"),
        (b"user:id/created:at\n", "1 field"),
        (b"u-1,2026-01-01,ada@example.com,Ada,King\n", "names no column of users; found 5 fields"),
    ],
)
def test_a_file_that_cannot_be_read_safely_is_refused_with_what_was_found(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = users_file(tmp_path, content)

    with pytest.raises(LoadError) as refused:
        list(read_file(Table.USERS, path))

    assert said in str(refused.value)
    assert not any(word in str(refused.value) for word in ("ada@", "Ada", "King", "u-1"))


def test_files_under_another_name_are_named_and_not_read(tmp_path: Path) -> None:
    for name in ("Users.csv", "users.CSV", "promo_usage.csv", "Promo Codes.tsv", "users.csv.gz",
                 "promo-codes.xlsx", "users.csv", "notes.txt", "orders.csv", "README"):  # fmt: skip
        (tmp_path / name).touch()

    told = look_alikes(tmp_path)

    assert {one.partition(" looks")[0] for one in told} == {
        "Users.csv", "users.CSV", "promo_usage.csv", "Promo Codes.tsv", "users.csv.gz",
        "promo-codes.xlsx",
    }  # fmt: skip
    assert "promo_usage.csv looks like promo_usages.csv: rename it; it is not read" in told
    assert "users.csv.gz looks like users.csv, packed: unpack it; it is not read" in told
