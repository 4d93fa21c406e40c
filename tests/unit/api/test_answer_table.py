"""ClickHouse's answers as a browser takes them: times as numbers, integers that stay exact."""

import orjson

from api.answer_table import read_answer


def answer(*lines: object) -> bytes:
    return b"\n".join(orjson.dumps(line) for line in lines)


def test_columns_have_a_kind_each() -> None:
    types = {
        "DateTime64(3, 'UTC')": "time",
        "Nullable(DateTime64(6))": "time",
        "DateTime": "time",
        "Date": "time",
        "UInt64": "number",
        "Nullable(Int32)": "number",
        "Float64": "number",
        "Nullable(Decimal(38, 6))": "number",
        "Bool": "bool",
        "Nullable(Bool)": "bool",
        "String": "text",
        "LowCardinality(Nullable(String))": "text",
        "Enum8('a' = 1)": "text",
        "Array(UInt8)": "text",
        "IntervalDay": "text",
    }

    found = read_answer(answer([str(n) for n in range(len(types))], list(types)), 10)

    kinds = dict(zip(types, (column.type.value for column in found.columns), strict=True))
    assert kinds == types


def test_values_are_written_as_their_columns_say() -> None:
    names = ["at", "day", "count", "share", "is", "name", "list", "none"]
    types = ["DateTime64(3)", "Date", "UInt64", "Float64", "Bool", "String", "Array(String)",
             "Nullable(DateTime64(3))"]  # fmt: skip
    row = ["2026-11-25T12:00:00.250Z", "2026-11-25", 2**64 - 1, 0.5, True, "<b>", ["a"], None]

    found = read_answer(answer(names, types, row), 10)

    assert found.rows == [
        [1_795_608_000_250, 1_795_564_800_000, str(2**64 - 1), 0.5, True, "<b>", '["a"]', None]
    ]


def test_integers_that_a_browser_keeps_stay_numbers() -> None:
    found = read_answer(answer(["n"], ["Int64"], [2**53], [2**53 + 1], [-(2**60)]), 10)

    assert found.rows == [[2**53], [str(2**53 + 1)], [str(-(2**60))]]


def test_rows_beyond_the_most_are_cut_and_it_says_so() -> None:
    lines = (["n"], ["UInt8"], [1], [2], [3])

    assert read_answer(answer(*lines), 2).rows == [[1], [2]]
    assert read_answer(answer(*lines), 2).cut
    assert not read_answer(answer(*lines), 3).cut
