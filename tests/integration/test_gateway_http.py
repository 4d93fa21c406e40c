"""The gateway against ClickHouse's documented HTTP interface, byte for byte."""

import gzip
import json

import httpx
import lz4.frame
import pytest

from tests.integration.gateway_process import READER_PASSWORD, WRITER_PASSWORD, GatewayProcess


def test_ping_answers_without_credentials(gateway: GatewayProcess) -> None:
    answer = httpx.get(f"{gateway.url}/ping")
    assert (answer.status_code, answer.text) == (200, "Ok.\n")


def test_a_request_without_a_statement_answers_ok(http: httpx.Client) -> None:
    assert http.get("/").text == "Ok.\n"


def test_the_statement_may_stand_in_the_address_the_body_or_both(http: httpx.Client) -> None:
    assert http.get("/", params={"query": "SELECT 1"}).text == "1\n"
    assert http.post("/", content="SELECT 2").text == "2\n"
    assert http.post("/", params={"query": "SELECT"}, content="3").text == "3\n"


@pytest.mark.parametrize("sql", ["SELECT 1;", "/* a */ SELECT -- b\n 1", "(SELECT 1)"])
def test_comments_brackets_and_a_last_semicolon_are_read_as_sql(
    http: httpx.Client, sql: str
) -> None:
    assert http.post("/", content=sql).text == "1\n"


def test_the_format_comes_from_the_statement_then_parameter_then_header(
    http: httpx.Client,
) -> None:
    by_header = {"X-ClickHouse-Format": "JSONEachRow"}
    assert http.post("/", content="SELECT 1 AS x", headers=by_header).text == '{"x":1}\n'
    chosen = http.post("/", params={"default_format": "CSV"}, content="SELECT 'a'")
    assert (chosen.text, chosen.headers["x-clickhouse-format"]) == ('"a"\n', "CSV")
    stated = http.post("/", params={"default_format": "CSV"}, content="SELECT 1 AS x FORMAT JSON")
    assert stated.json()["data"] == [{"x": 1}]
    assert stated.headers["x-clickhouse-format"] == "JSON"
    assert stated.headers["content-type"].startswith("application/json")


def test_the_word_format_inside_a_string_is_not_a_format(http: httpx.Client) -> None:
    answer = http.post("/", content="SELECT ' FORMAT JSON'")
    assert answer.text == " FORMAT JSON\n"
    assert answer.headers["x-clickhouse-format"] == "TabSeparated"


def test_headers_name_the_query_its_time_zone_and_what_it_did(http: httpx.Client) -> None:
    sql = "SELECT sum(number) FROM numbers(1000)"
    answer = http.post("/", params={"query_id": "my-query"}, content=sql)
    summary = json.loads(answer.headers["x-clickhouse-summary"])
    assert answer.headers["x-clickhouse-query-id"] == "my-query"
    assert answer.headers["x-clickhouse-timezone"] == "UTC"
    assert (summary["read_rows"], summary["result_rows"]) == ("1000", "1")
    assert int(summary["elapsed_ns"]) > 0


def test_parameters_are_bound_by_the_engine(http: httpx.Client) -> None:
    params = {
        "param_s": r"it's a \t tab",
        "param_n": "18446744073709551615",
        "param_a": "['x','y']",
        "param_o": r"\N",
        "param_t": "2024-02-29 12:00:00.123",
        "param_c": "number",
    }
    sql = (
        "SELECT {s:String} AS s, {n:UInt64} AS n, {a:Array(String)} AS a,"
        " {o:Nullable(String)} AS o,"
        " {t:DateTime64(3,'UTC')} AS t, {c:Identifier} AS c FROM numbers(1) FORMAT JSONEachRow"
    )
    answer = http.post("/", params=params, content=sql)
    assert answer.json() == {
        "s": "it's a \t tab",
        "n": 18446744073709551615,
        "a": ["x", "y"],
        "o": None,
        "t": "2024-02-29 12:00:00.123",
        "c": 0,
    }


def test_parameters_are_bound_among_the_values_of_an_insert(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE bound (n UInt32, s Nullable(String)) ENGINE = Memory")
    params = {"param_n": "7", "param_s": r"it's \\ {n:UInt32}", "param_o": r"\N"}
    sql = "INSERT INTO bound VALUES ({n:UInt32}, {s:String}), (8, {o:Nullable(String)})"
    assert http.post("/", params=params, content=sql).status_code == 200
    rows = http.post("/", content="SELECT * FROM bound ORDER BY n FORMAT JSONCompactEachRow").text
    assert [json.loads(row) for row in rows.splitlines()] == [
        [7, "it's \\ {n:UInt32}"],
        [8, None],
    ]


def test_rows_follow_the_head_of_an_insert_in_address_or_body(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE followed (a UInt8, b String) ENGINE = Memory")
    head = "INSERT INTO followed FORMAT CSV"
    done = http.post("/", params={"query": head}, content='1,"x;y"\n2,z\n')
    assert json.loads(done.headers["x-clickhouse-summary"])["written_rows"] == "2"
    http.post("/", content="insert into followed (b, a) values ('FORMAT', 3), ('it''s', 4);")
    http.post("/", content="INSERT INTO promo.followed FORMAT JSONEachRow\n" + '{"a":5,"b":"é"}')
    http.post("/", content="INSERT INTO followed SELECT 6, 'selected'")
    assert http.post("/", content="SELECT * FROM followed ORDER BY a").text == (
        "1\tx;y\n2\tz\n3\tFORMAT\n4\tit\\'s\n5\té\n6\tselected\n"
    )


@pytest.mark.parametrize("columns", [9, 10, 13, 32])
def test_a_native_block_may_begin_with_a_byte_that_looks_like_white_space(
    http: httpx.Client, columns: int
) -> None:
    names = ", ".join(f"c{n} UInt8" for n in range(columns))
    http.post("/", content=f"CREATE TABLE white{columns} ({names}) ENGINE = Memory")
    values = ", ".join(f"toUInt8({n}) AS c{n}" for n in range(columns))
    block = http.post("/", content=f"SELECT {values} FORMAT Native").content
    head = f"INSERT INTO white{columns} FORMAT Native"
    for request in (
        {"params": {"query": head}, "content": block},
        {"content": head.encode() + b"\n" + block},
    ):
        assert http.post("/", **request).status_code == 200
    assert http.post("/", content=f"SELECT count() FROM white{columns}").text == "2\n"


def test_an_insert_without_rows_is_done_at_once(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE nothing (a UInt8) ENGINE = Memory")
    answer = http.post("/", content="INSERT INTO nothing FORMAT Native\n")
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() < 0.5


def test_one_bad_row_refuses_the_whole_batch(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE strict (a UInt8) ENGINE = MergeTree ORDER BY a")
    bad = http.post("/", params={"query": "INSERT INTO strict FORMAT CSV"}, content="1\nx\n")
    assert bad.status_code == 400
    assert http.post("/", content="SELECT count() FROM strict").text == "0\n"


def test_answers_and_bodies_may_be_compressed(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE packed (a UInt32) ENGINE = Memory")
    rows = b"".join(b"%d\n" % n for n in range(5000))
    params = {"query": "INSERT INTO packed FORMAT TSV"}
    for encoding, body in (("gzip", gzip.compress(rows)), ("lz4", lz4.frame.compress(rows))):
        headers = {"Content-Encoding": encoding}
        assert http.post("/", params=params, content=body, headers=headers).status_code == 200
    sql = "SELECT a FROM packed ORDER BY a"
    packed = http.post("/", params={"enable_http_compression": 1}, content=sql)
    plain = http.post("/", content=sql)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert plain.text.count("\n") == 10_000


def test_a_damaged_body_is_refused(http: httpx.Client) -> None:
    body = gzip.compress(b"1\n" * 1000)[:-10]
    params = {"query": "INSERT INTO packed FORMAT TSV"}
    answer = http.post("/", params=params, content=body, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (400, "117")


def test_a_large_result_is_streamed_whole(http: httpx.Client) -> None:
    sql = "SELECT number FROM numbers(2000000)"
    lines = http.post("/", params={"enable_http_compression": 1}, content=sql).text.splitlines()
    assert (len(lines), lines[-1]) == (2_000_000, "1999999")


def test_an_error_after_the_first_byte_stands_at_the_end_of_the_answer(http: httpx.Client) -> None:
    sql = "SELECT throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 1000"
    answer = http.post("/", params={"default_format": "TSV", "max_threads": 1}, content=sql)
    tag = answer.headers["x-clickhouse-exception-tag"]
    assert answer.status_code == 200
    assert answer.text.endswith(f" {tag}\r\n__exception__\r\n")
    assert "Code: 395" in answer.text


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("SELEC 1", 400, 62),
        ("SELECT 1; SELECT 2", 400, 62),
        ("1 + 1", 400, 62),
        ("SELECT * FROM nowhere", 404, 60),
        ("SELECT * FROM nowhere.nothing", 404, 81),
        ("SELECT nothing", 404, 47),
        ("SELECT no_such_function()", 404, 46),
        ("SELECT toUInt8('x')", 400, 6),
        ("SELECT {a:UInt8}", 400, 456),
        ("INSERT INTO nowhere FORMAT CSV\n1", 404, 60),
        ("SELECT sleepEachRow(0.2) FROM numbers(9) SETTINGS max_execution_time = 0.3", 408, 159),
        ("SELECT 1 FORMAT Nothing", 404, 73),
    ],
)
def test_an_error_has_clickhouses_code_and_a_fitting_status(
    http: httpx.Client, sql: str, status: int, code: int
) -> None:
    answer = http.post("/", content=sql)
    assert answer.headers["x-clickhouse-exception-code"] == str(code)
    assert answer.status_code == status
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "formatQuery" not in answer.text


def test_settings_come_with_the_address_and_end_with_the_request(http: httpx.Client) -> None:
    sql = "SELECT getSetting('max_block_size')"
    assert http.post("/", params={"max_block_size": "77"}, content=sql).text == "77\n"
    assert http.post("/", content=sql).text != "77\n"
    unknown = http.post("/", params={"no_such_setting": "1"}, content=sql)
    assert (unknown.status_code, unknown.headers["x-clickhouse-exception-code"]) == (404, "115")


def test_get_and_head_change_nothing(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE kept (a UInt8) ENGINE = Memory")
    dropped = http.get("/", params={"query": "DROP TABLE kept"})
    assert (dropped.status_code, dropped.headers["x-clickhouse-exception-code"]) == (403, "164")
    assert http.head("/", params={"query": "DROP TABLE kept"}).status_code == 403
    assert http.head("/", params={"query": "SELECT 1"}).status_code == 200
    assert http.post("/", content="EXISTS TABLE kept").text == "1\n"


def test_credentials_may_come_in_three_ways(gateway: GatewayProcess) -> None:
    headers = {"X-ClickHouse-User": "promo", "X-ClickHouse-Key": WRITER_PASSWORD}
    values = {"user": "promo_reader", "password": READER_PASSWORD, "query": "SELECT 1"}
    assert httpx.post(gateway.url, content="SELECT 1", headers=headers).text == "1\n"
    assert httpx.get(gateway.url, params=values).text == "1\n"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-ClickHouse-User": "promo", "X-ClickHouse-Key": "wrong"},
        {"X-ClickHouse-User": "nobody", "X-ClickHouse-Key": WRITER_PASSWORD},
        {"X-ClickHouse-User": "promo_reader", "X-ClickHouse-Key": WRITER_PASSWORD},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer token"},
        {
            "X-ClickHouse-User": "promo",
            "X-ClickHouse-Key": WRITER_PASSWORD,
            "Authorization": "Basic cHJvbW86eA==",
        },
    ],
)
def test_wrong_missing_or_double_credentials_are_refused(
    gateway: GatewayProcess, headers: dict[str, str]
) -> None:
    answer = httpx.post(gateway.url, content="SELECT 1", headers=headers)
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (403, "516")


def test_clickhouse_gos_opening_query_is_answered_with_revision_zero(http: httpx.Client) -> None:
    sql = "SELECT displayName(), version(), revision(), timezone()"
    params = {"default_format": "Native", "client_protocol_version": "54460"}
    block = http.post("/", params=params, content=sql).content
    columns, rows = block[0], block[1]
    assert (columns, rows) == (4, 1)
    assert b"\x0arevision()\x06UInt32\x00\x00\x00\x00" in block
    assert block.endswith(b"\x0atimezone()\x06String\x03UTC")


def test_a_native_block_is_of_revision_zero_whatever_the_client_speaks(http: httpx.Client) -> None:
    params = {"default_format": "Native", "client_protocol_version": "54460"}
    block = http.post("/", params=params, content="SELECT toUInt8(5) AS x").content
    assert block == b"\x01\x01\x01x\x05UInt8\x05"


def test_native_compression_is_refused_clearly(http: httpx.Client) -> None:
    answer = http.post("/", params={"compress": 1}, content="SELECT 1")
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (501, "48")
