"""Who may do what through the gateway."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.gateway_process import GatewayProcess

READONLY = (403, "164")
DENIED = (403, "497")

REACHES_OUT = [
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT file('/etc/passwd')",
    "SELECT `file` /* hidden */ ('/etc/passwd')",
    "WITH file('/etc/passwd') AS text SELECT text",
    "SELECT * FROM view(SELECT file('/etc/passwd'))",
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM cluster('x', system.one)",
    "SELECT * FROM s3('http://127.0.0.1:1/b/k', 'CSV', 'a String')",
    "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM sqlite('/tmp/x', 't')",
    "SELECT * FROM executable('ls', 'CSV', 'a String')",
    "SELECT * FROM Python(settings)",
    "SELECT * FROM merge('system', 'processes')",
    "DESCRIBE TABLE url('http://127.0.0.1:1/')",
    "EXPLAIN SELECT file('/etc/passwd')",
]
WRITES_OUT = ["SELECT 1 INTO OUTFILE '{folder}/out.csv'"]
ESCALATES = ["SET ROLE owner", "SET ROLE ALL", "EXECUTE AS default SELECT 1", "SYSTEM SHUTDOWN"]


@pytest.fixture(scope="module", autouse=True)
def _seen(gateway: GatewayProcess) -> Iterator[None]:
    with gateway.client() as client:
        client.post("/", content="CREATE TABLE IF NOT EXISTS seen (a UInt8) ENGINE = Memory")
        client.post("/", content="INSERT INTO seen VALUES (1)")
        yield


def outcome(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("x-clickhouse-exception-code", "")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count() FROM seen",
        "WITH 1 AS x SELECT x FROM promo.seen",
        "SELECT count() FROM numbers(3)",
        "SHOW TABLES",
        "SHOW DATABASES",
        "DESCRIBE TABLE seen",
        "EXISTS TABLE seen",
        "EXPLAIN SELECT 1",
        "SELECT name FROM system.databases",
        "SELECT name, type FROM system.columns WHERE database = 'promo'",
        "SELECT name FROM system.tables",
        "SELECT name FROM system.settings LIMIT 1",
        "SELECT name FROM system.functions LIMIT 1",
        "SELECT 'file(', 'system.processes', 'INTO OUTFILE'",
    ],
)
def test_the_reader_reads(reader: httpx.Client, sql: str) -> None:
    assert reader.post("/", content=sql).status_code == 200


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO seen VALUES (2)",
        "INSERT INTO seen SELECT 2",
        "CREATE TABLE other (a UInt8) ENGINE = Memory",
        "CREATE TEMPORARY TABLE other (a UInt8)",
        "CREATE VIEW other AS SELECT 1",
        "CREATE DATABASE other",
        "ALTER TABLE seen DELETE WHERE 1",
        "DELETE FROM seen WHERE 1",
        "DROP TABLE seen",
        "TRUNCATE TABLE seen",
        "OPTIMIZE TABLE seen",
        "RENAME TABLE seen TO other",
        "/* SELECT */ KILL QUERY WHERE 1",
        "SET max_threads = 1",
        "SET readonly = 0",
        "USE promo",
        "GRANT ALL ON *.* TO default",
        "BACKUP TABLE seen TO File('x')",
        "SHOW PROCESSLIST",
        "SHOW GRANTS",
        "SELECT query FROM system.processes",
        'SELECT * FROM `system`."processes"',
        "SELECT value FROM system.server_settings",
        *REACHES_OUT,
        *WRITES_OUT,
        *ESCALATES,
    ],
)
def test_the_reader_does_nothing_else(reader: httpx.Client, sql: str, tmp_path: Path) -> None:
    answer = reader.post("/", content=sql.format(folder=tmp_path))
    assert outcome(answer) == READONLY
    assert "(READONLY)" in answer.text
    assert not list(tmp_path.iterdir())


def test_the_reader_cannot_smuggle_a_second_statement(reader: httpx.Client) -> None:
    for sql in ("SELECT 1; DROP TABLE seen", "SELECT 1;\n-- x\nSET ROLE owner; SELECT 2"):
        assert outcome(reader.post("/", content=sql)) == (400, "62")


def test_the_reader_cannot_leave_readonly(reader: httpx.Client) -> None:
    for readonly in ("0", "1"):
        answer = reader.post("/", params={"readonly": readonly}, content="DROP TABLE seen")
        assert outcome(answer) == READONLY
    switched = reader.post("/", content="SELECT 1 SETTINGS readonly = 0")
    assert outcome(switched) == READONLY


def test_the_reader_cannot_name_a_system_table_by_parameter_or_database(
    reader: httpx.Client,
) -> None:
    params = {"param_d": "system", "param_t": "processes"}
    named = reader.post("/", params=params, content="SELECT * FROM {d:Identifier}.{t:Identifier}")
    assert outcome(named) == READONLY
    moved = reader.post("/", params={"database": "system"}, content="SELECT * FROM processes")
    assert outcome(moved) == READONLY
    other = reader.post("/", params={"database": "default"}, content="SELECT 1")
    assert outcome(other) == DENIED


def test_the_reader_may_send_the_settings_that_grafana_sends(reader: httpx.Client) -> None:
    params = {
        "max_execution_time": "60",
        "client_protocol_version": "54460",
        "default_format": "Native",
        "enable_http_compression": "1",
    }
    answer = reader.post("/", params=params, content="SELECT a FROM seen")
    assert answer.content == b"\x01\x01\x01a\x05UInt8\x01"


@pytest.mark.parametrize("sql", [*REACHES_OUT, *WRITES_OUT, *ESCALATES])
def test_the_writer_does_not_reach_the_host(http: httpx.Client, sql: str, tmp_path: Path) -> None:
    assert outcome(http.post("/", content=sql.format(folder=tmp_path))) == DENIED
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO seen FROM INFILE '/etc/passwd' FORMAT CSV",
        "INSERT INTO FUNCTION file('out.csv') SELECT 1",
        "CREATE TABLE outside (a String) ENGINE = File(CSV, '/etc/passwd')",
        "CREATE TABLE outside (a String) ENGINE = URL('http://127.0.0.1:1/', 'CSV')",
        "CREATE TABLE outside (a String) ENGINE = MySQL('127.0.0.1:1', 'd', 't', 'u', 'p')",
        "CREATE TABLE outside (a String) ENGINE = Executable('ls', 'CSV')",
        "CREATE TABLE outside (a String DEFAULT file('/etc/passwd')) ENGINE = Memory",
        "CREATE VIEW outside AS SELECT file('/etc/passwd')",
        "CREATE DICTIONARY outside (a UInt64) PRIMARY KEY a"
        " SOURCE(FILE(PATH '/etc/passwd' FORMAT CSV)) LAYOUT(FLAT()) LIFETIME(0)",
        "CREATE FUNCTION outside AS x -> x",
        "CREATE TEMPORARY TABLE outside (a UInt8)",
        "CREATE DATABASE elsewhere",
        "CREATE USER outside",
        "DROP DATABASE promo",
        "SYSTEM FLUSH LOGS",
        "BACKUP TABLE seen TO File('x')",
        "SELECT 1 FORMAT Template SETTINGS format_template_row = '/etc/passwd'",
        "SELECT 1 SETTINGS dialect = 'prql'",
    ],
)
def test_the_writer_keeps_to_its_database(http: httpx.Client, sql: str) -> None:
    answer = http.post("/", content=sql)
    assert answer.status_code >= 400
    assert answer.headers["x-clickhouse-exception-code"] in {"497", "452"}


def test_the_values_of_an_insert_do_not_read_files(http: httpx.Client) -> None:
    http.post("/", content="CREATE TABLE texts (a String) ENGINE = Memory")
    for rows in ("(file('/etc/passwd'))", "(concat('a', `file`/**/('/etc/passwd')))"):
        assert http.post("/", content=f"INSERT INTO texts VALUES {rows}").status_code == 400
    assert http.post("/", content="INSERT INTO texts VALUES ('file(x)')").status_code == 200
    assert http.post("/", content="INSERT INTO texts VALUES (upper('b'))").status_code == 200
    assert http.post("/", content="SELECT * FROM texts ORDER BY a").text == "B\nfile(x)\n"
