"""With the guard switched off: what SQL reaches then is the warehouse, and nothing else.

All that the engine lists is tried, so that a new version's additions are too.
"""

import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.integration.gateway_process import WRITER_PASSWORD, GatewayProcess

SECRET = "5ecret-of-somebody-else"
IN_PARALLEL = 4


@dataclass(frozen=True)
class Outside:
    """A file, a listener and a folder that no SQL may reach."""

    secret: Path
    port: int
    visits: list[str]
    folder: Path

    def arguments(self) -> list[str]:
        path, url, host = self.secret, f"http://127.0.0.1:{self.port}/x", f"127.0.0.1:{self.port}"
        return [
            f"'{path}'",
            f"'{path}', 'LineAsString'",
            f"'{path}', 'LineAsString', 'line String'",
            f"'{path}', 1",
            f"'', '{path}'",
            f"'{url}'",
            f"'{url}', 'LineAsString', 'line String'",
            f"'{url}', 'key', 'secret', 'LineAsString', 'line String'",
            f"'{host}', 'system', 'one'",
            f"'{host}', 'd', 't', 'u', 'p'",
            f"'{host}', 'd', 't', 'u', 'p', 'a String'",
            "'cat', 'LineAsString', 'line String'",
            f"'{path}', 't'",
        ]


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("unguarded")
    process = GatewayProcess(folder, "tests.integration.unguarded_gateway")
    process.start()
    with process.client() as writer:
        writer.post("/", content="CREATE TABLE seen (a String) ENGINE = MergeTree ORDER BY a")
        writer.post("/", content="INSERT INTO seen VALUES ('kept')")
    yield process
    process.stop()


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    folder = tmp_path_factory.mktemp("outside")
    secret = folder / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o644)
    listener = socket.create_server(("127.0.0.1", 0))
    visits: list[str] = []

    def note() -> None:
        while True:
            try:
                visitor, address = listener.accept()
            except OSError:
                return
            visits.append(str(address))
            visitor.close()

    threading.Thread(target=note, daemon=True).start()
    yield Outside(secret, listener.getsockname()[1], visits, folder)
    listener.close()


def listed(client: httpx.Client, sql: str) -> list[str]:
    answer = client.post("/", content=f"{sql} FORMAT TSVRaw")
    assert answer.status_code == 200, answer.text
    return answer.text.split()


def try_all(client: httpx.Client, statements: Sequence[str], outside: Outside) -> None:
    """Send the statements, and look at what came of them outside."""

    def answer(sql: str) -> str:
        return client.post("/", params={"max_execution_time": "0.5"}, content=sql).text

    with client, ThreadPoolExecutor(IN_PARALLEL) as pool:
        texts = list(pool.map(answer, statements))
    assert not [text[:200] for text in texts if SECRET in text]
    assert not outside.visits
    assert [path.name for path in outside.folder.iterdir()] == ["secret"]


def test_no_table_function_reaches_a_file_or_a_host(
    unguarded: GatewayProcess, outside: Outside
) -> None:
    with unguarded.client() as client:
        names = listed(client, "SELECT name FROM system.table_functions")
    assert "url" in names
    calls = [f"{name}({arguments})" for name in names for arguments in outside.arguments()]
    try_all(unguarded.reader(), [f"SELECT * FROM {call} LIMIT 3" for call in calls], outside)
    inserts = [f"INSERT INTO FUNCTION {call} SELECT '1'" for call in calls]
    try_all(unguarded.client(), inserts, outside)


def test_no_function_reaches_a_file_or_a_host(unguarded: GatewayProcess, outside: Outside) -> None:
    with unguarded.client() as client:
        names = listed(client, "SELECT name FROM system.functions WHERE NOT is_aggregate")
    assert "file" in names
    path, url = outside.secret, f"http://127.0.0.1:{outside.port}/"
    calls = [f"`{name}`({given})" for name in names for given in (f"'{path}'", f"'x', '{url}'")]
    made = [f"SELECT {call}" for call in calls if not call.startswith("`sleep")]
    made += [
        f"SELECT arrayMap(file, ['{path}'])",
        f"SELECT * APPLY(file) FROM (SELECT '{path}' AS a)",
        "SELECT file('/proc/self/environ')",
    ]
    try_all(unguarded.reader(), made, outside)


def test_no_password_stands_where_the_engine_can_read(unguarded: GatewayProcess) -> None:
    with unguarded.reader() as reader:
        for place in ("self", "thread-self"):
            sql = f"SELECT file('/proc/{place}/environ') FORMAT RawBLOB"
            answer = reader.post("/", content=sql)
            assert WRITER_PASSWORD.encode() not in answer.content
            assert b"PROMO_" not in answer.content


def test_no_engine_of_tables_reaches_a_file_or_a_host(
    unguarded: GatewayProcess, outside: Outside
) -> None:
    with unguarded.client() as client:
        names = listed(client, "SELECT name FROM system.table_engines")
    assert "URL" in names
    made = []
    for name in names:
        for number, arguments in enumerate(outside.arguments()[::2]):
            table = f"{name}{number}"
            made += [
                f"CREATE TABLE {table} (line String) ENGINE = {name}({arguments})",
                f"SELECT * FROM {table} LIMIT 3",
                f"INSERT INTO {table} SELECT '1'",
            ]
    try_all(unguarded.client(), made, outside)


def test_no_other_statement_reaches_a_file_a_host_or_a_program(
    unguarded: GatewayProcess, outside: Outside
) -> None:
    path, out, url = outside.secret, outside.folder / "out", f"http://127.0.0.1:{outside.port}/"
    made = [
        f"SELECT 1 AS `x'`, file('{path}') AS f",
        f"SELECT 1 INTO OUTFILE '{out}'",
        f"SELECT 1 AS `x'` INTO OUTFILE '{path}' TRUNCATE FORMAT RawBLOB",
        f"EXPLAIN SELECT 1 INTO OUTFILE '{out}'",
        f"SHOW TABLES INTO OUTFILE '{out}'",
        f"INSERT INTO seen FROM INFILE '{path}' FORMAT LineAsString",
        f"INSERT INTO seen SELECT file('{path}')",
        f"INSERT INTO seen VALUES (file('{path}'))",
        "SELECT * FROM seen",
        f"BACKUP TABLE seen TO File('{out}')",
        f"BACKUP TABLE seen TO S3('{url}', 'k', 's')",
        f"RESTORE TABLE seen FROM File('{path}')",
        f"SELECT 1 FORMAT Template SETTINGS format_template_row = '{path}'",
        f"SELECT 1 FORMAT Protobuf SETTINGS format_schema = '{path}:M'",
        f"SELECT 1 FORMAT CapnProto SETTINGS format_schema = '{path}:M'",
        f"CREATE DICTIONARY d (a String) PRIMARY KEY a SOURCE(FILE(PATH '{path}' FORMAT TSV))"
        " LAYOUT(COMPLEX_KEY_DIRECT())",
        f"CREATE DICTIONARY d (a String) PRIMARY KEY a SOURCE(HTTP(URL '{url}' FORMAT TSV))"
        " LAYOUT(COMPLEX_KEY_DIRECT())",
        "CREATE DICTIONARY d (a String) PRIMARY KEY a SOURCE(EXECUTABLE(COMMAND 'cat' FORMAT TSV))"
        " LAYOUT(COMPLEX_KEY_DIRECT())",
        f"CREATE TEMPORARY TABLE x (a String) ENGINE = File(TSV, '{path}')",
        f"CREATE NAMED COLLECTION c AS url = '{url}'",
        f"CREATE DATABASE o ENGINE = Filesystem('{outside.folder}')",
        f"CREATE DATABASE o ENGINE = SQLite('{path}')",
        f"SELECT * FROM o.`{path}`",
        f"SELECT * FROM `{path}`",
        "CREATE FUNCTION reader AS x -> file(x)",
        "CREATE USER u",
        "GRANT ALL ON *.* TO default",
        "EXECUTE AS default SELECT 1",
        f"SELECT 1 PARALLEL WITH SELECT file('{path}')",
        f"ATTACH TABLE t FROM '{outside.folder}' (a String) ENGINE = MergeTree ORDER BY a",
        f"SELECT * FROM Python(settings) WHERE '{path}' != ''",
        "SYSTEM RELOAD CONFIG",
        f"DESCRIBE TABLE url('{url}')",
        f"DESCRIBE TABLE file('{path}')",
    ]
    for client in (unguarded.reader(), unguarded.client()):
        try_all(client, made, outside)
    assert outside.secret.read_text() == SECRET


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO seen SELECT 'x'",
        "INSERT INTO seen VALUES ('x')",
        "DROP TABLE seen",
        "TRUNCATE TABLE seen",
        "ALTER TABLE seen DELETE WHERE 1",
        "DELETE FROM seen WHERE 1",
        "CREATE TABLE other (a UInt8) ENGINE = Memory",
        "CREATE VIEW other AS SELECT 1",
        "RENAME TABLE seen TO other",
        "SET ROLE writer PARALLEL WITH DROP TABLE seen",
        "DROP DATABASE promo",
        "SET readonly = 0",
        "SELECT 1 SETTINGS readonly = 0",
    ],
)
def test_a_reader_changes_nothing(unguarded: GatewayProcess, sql: str) -> None:
    with unguarded.reader() as reader:
        assert reader.post("/", content=sql).status_code >= 400
        assert "kept" in reader.post("/", content="SELECT a FROM seen").text
