"""No reader takes what belongs to others, whatever it asks for and however it behaves."""

import base64
import gzip
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import httpx
import lz4.frame
import pytest

from tests.integration.gateway_process import READER_PASSWORD, GatewayProcess
from warehouse.gateway.limits import API, MEBIBYTE, READER, UNREAD_S

DEADLINE_S = 60.0
POLL_S = 0.05
SLOW = "SELECT sum(sleepEachRow(1)) FROM numbers(1000000) SETTINGS max_block_size = 1"
ENDLESS = "SELECT * FROM numbers(1000000)"
FLOOD = READER.places + 4
LOCKED = ("400", "452"), ("403", "164")


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(POLL_S)


def asking(gateway: GatewayProcess, sql: str, password: str = READER_PASSWORD) -> socket.socket:
    """A connection that has sent a question as the reader, and reads nothing."""
    credentials = base64.b64encode(f"promo_reader:{password}".encode()).decode()
    made = socket.create_connection(("127.0.0.1", gateway.settings.clickhouse_port))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\n"
    made.sendall(f"{head}Content-Length: {len(sql)}\r\n\r\n{sql}".encode())
    return made


def under_way(http: httpx.Client, part: str) -> int:
    sql = f"SELECT count() FROM system.processes WHERE position(query, '{part}') > 0"
    return int(http.post("/", content=f"{sql} AND position(query, 'processes') = 0").text)


@contextmanager
def flooded(gateway: GatewayProcess, http: httpx.Client, sql: str, part: str) -> Iterator[None]:
    """All places of readers taken, and more who wait."""
    held = [asking(gateway, sql) for _ in range(FLOOD)]
    try:
        wait_until(lambda: under_way(http, part) == READER.places, "all places are taken")
        yield
    finally:
        for one in held:
            one.close()
    wait_until(lambda: under_way(http, part) == 0, "all are cancelled when their clients leave")


@pytest.mark.parametrize(("sql", "part"), [(SLOW, "sleepEachRow"), (ENDLESS, "numbers")])
def test_stuck_readers_stop_neither_our_own_parts_nor_the_writer(
    gateway: GatewayProcess, http: httpx.Client, sql: str, part: str
) -> None:
    http.post("/", content="CREATE TABLE IF NOT EXISTS shared_out (a UInt8) ENGINE = Memory")
    with gateway.api() as api, flooded(gateway, http, sql, part):
        for client in (api, http):
            assert client.post("/", content="SELECT 1", timeout=5).text == "1\n"
        insert = http.post("/", content="INSERT INTO shared_out VALUES (1)", timeout=5)
        assert insert.status_code == 200


def test_an_answer_that_nobody_reads_is_given_up(
    gateway: GatewayProcess, http: httpx.Client
) -> None:
    started = time.monotonic()
    with closing(asking(gateway, ENDLESS)), gateway.reader() as other:
        wait_until(lambda: under_way(http, "numbers(1000000)") == 1, "it has begun")
        wait_until(lambda: under_way(http, "numbers(1000000)") == 0, "it is given up")
        assert time.monotonic() - started < 3 * UNREAD_S
        assert other.post("/", content="SELECT 1").text == "1\n"


def test_whoever_leaves_while_it_waits_is_not_run(
    gateway: GatewayProcess, http: httpx.Client
) -> None:
    with flooded(gateway, http, SLOW, "sleepEachRow"):
        asking(gateway, "SELECT 'left while it waited'").close()
    with gateway.reader() as reader:
        assert reader.post("/", content="SELECT 1").text == "1\n"


def test_too_many_who_wait_are_told(gateway: GatewayProcess, http: httpx.Client) -> None:
    with flooded(gateway, http, SLOW, "sleepEachRow"):
        waiting = [asking(gateway, SLOW) for _ in range(READER.waiting)]
        with gateway.reader() as late:
            answer = late.post("/", content="SELECT 1")
        for one in waiting:
            one.close()
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (503, "202")
    assert "Ask again later" in answer.text


@pytest.mark.parametrize("name", READER.settings)
def test_a_reader_cannot_lift_a_limit(reader: httpx.Client, name: str) -> None:
    most = READER.settings[name]
    shown = f"SELECT getSetting('{name}') FORMAT TSVRaw"
    for value in (most + 1, 0, 2**63):
        lowered = reader.post("/", params={name: str(value)}, content=shown)
        assert float(lowered.text) == most
        for sql in (
            f"{shown} SETTINGS {name} = {value}",
            f"SELECT 1 FORMAT JSON SETTINGS {name} = {value}",
            f"SELECT * FROM (SELECT 1 SETTINGS {name} = {value})",
            f"WITH x AS (SELECT 1 SETTINGS {name} = '{value}') SELECT * FROM x",
            f"SELECT 1 WHERE 1 IN (SELECT 1 SETTINGS {name} = {value})",
            f"SELECT 1 UNION ALL SELECT 2 SETTINGS {name} = {value}",
            f"SELECT 1 SETTINGS {name} = DEFAULT",
        ):
            assert refused(reader.post("/", content=sql)) in LOCKED, sql
    assert reader.post("/", params={name: "1"}, content="SELECT 1").status_code < 500


@pytest.mark.parametrize(
    "name",
    ["log_comment", "readonly", "max_memory_usage_for_user", "max_sessions_for_user", "priority"]
    + ["function_sleep_max_microseconds_per_block", "workload", "allow_ddl", "profile", "dialect"]
    + ["format_template_row", "format_schema", "output_format_schema", "no_such_setting"],
)
def test_a_reader_may_not_have_a_setting_that_is_not_listed(
    reader: httpx.Client, name: str
) -> None:
    for sql in (f"SELECT 1 SETTINGS {name} = '1'", f"SELECT * FROM (SELECT 1 SETTINGS {name}='1')"):
        assert refused(reader.post("/", content=sql)) == ("403", "164")
    if name not in ("log_comment", "readonly"):  # in an address these two have no effect
        asked = reader.post("/", params={name: "1"}, content="SELECT 1")
        assert refused(asked) == ("403", "164")


def test_a_client_cannot_say_which_of_its_statements_are_cancelled(
    gateway: GatewayProcess, http: httpx.Client
) -> None:
    """Two statements of one name: whoever leaves takes its own along alone."""
    with gateway.reader() as other, closing(asking(gateway, SLOW)) as slow:
        wait_until(lambda: under_way(http, "sleepEachRow") == 1, "it runs")
        with pytest.raises(httpx.ReadTimeout):
            other.post("/", params={"query_id": "%"}, content=SLOW + ", max_threads = 1", timeout=1)
        wait_until(lambda: under_way(http, "max_threads = 1") == 0, "the second one is cancelled")
        assert under_way(http, "sleepEachRow") == 1
        slow.close()
        wait_until(lambda: under_way(http, "sleepEachRow") == 0, "so is the first one")


def test_a_result_has_at_most_so_many_rows_and_bytes(reader: httpx.Client) -> None:
    rows = reader.post("/", content="SELECT number FROM numbers(1000000000) FORMAT JSON")
    assert refused(rows)[1] == "396"
    wide = "SELECT repeat('x', 1000000) FROM numbers(200) FORMAT JSON"
    assert refused(reader.post("/", content=wide))[1] in ("396", "241")


def test_memory_is_a_share_that_settings_do_not_lift(reader: httpx.Client) -> None:
    sql = "SELECT length(groupArray(number)) FROM numbers(66000000)"
    assert refused(reader.post("/", content=sql))[1] == "241"


@pytest.mark.parametrize("encoding", ["gzip", "lz4", "deflate"])
def test_a_body_is_bounded_by_what_it_unpacks_to(gateway: GatewayProcess, encoding: str) -> None:
    text = b" " * (READER.body_bytes + 1)
    packers = {"gzip": gzip.compress, "lz4": lz4.frame.compress, "deflate": zlib.compress}
    headers = {"Content-Encoding": encoding}
    with gateway.reader() as reader:
        answer = reader.post("/", content=packers[encoding](text), headers=headers)
    assert refused(answer) == ("413", "314")


def test_a_body_of_countless_frames_is_refused(reader: httpx.Client) -> None:
    frames = gzip.compress(b"") * 50_000
    answer = reader.post("/", content=frames, headers={"Content-Encoding": "gzip"})
    assert refused(answer) == ("400", "117")


def test_the_password_is_checked_before_the_body_is_read(gateway: GatewayProcess) -> None:
    with socket.create_connection(("127.0.0.1", gateway.settings.clickhouse_port)) as stranger:
        stranger.settimeout(DEADLINE_S)
        stranger.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: promo_reader\r\n"
            b"X-ClickHouse-Key: wrong\r\nContent-Encoding: gzip\r\nContent-Length: 9999999\r\n\r\n"
        )
        assert b" 403 " in stranger.recv(4096).split(b"\r\n")[0]


def test_a_body_in_pieces_is_counted_too(gateway: GatewayProcess) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(READER.body_bytes // MEBIBYTE + 2):
            yield b" " * MEBIBYTE

    with gateway.reader() as reader:
        try:
            answer = reader.post("/", content=pieces())
        except httpx.WriteError:
            return  # It was refused, and closed, while it was still being sent.
    assert refused(answer) == ("413", "314")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "a" * 250_000,
        "SELECT " + "/*" * 120_000,
        "SELECT 1 -- " + "'" * 200_000,
        "SELECT " + "'\\" * 100_000,
        "SELECT " + "`" * 200_001,
        "SELECT " + "(" * 100_000,
        "SELECT " + "[" * 100_000 + "]" * 100_000,
        "SELECT " + "1+" * 100_000 + "1",
        "SELECT 1 " + " " * 200_000 + "FORMAT",
        "INSERT INTO t (" + "/*" * 100_000,
        "SELECT " + ",".join(f"f{n}(x)" for n in range(20_000)),
        "SELECT " + "a" * 300_000,
    ],
    ids=lambda sql: f"{sql[:12]}-{len(sql)}",
)
def test_no_text_takes_longer_than_its_length(reader: httpx.Client, sql: str) -> None:
    """Sixty thousand letters once took 99 s, for everybody."""
    assert reader.post("/", content=sql, timeout=10).status_code in (200, 400, 404, 413)


@pytest.mark.parametrize("query_id", ["a\r\nX-Injected: 1", "é", "x" * 201, "\x00"])
def test_no_word_of_a_client_reaches_a_header_unchecked(
    reader: httpx.Client, query_id: str
) -> None:
    answer = reader.post("/", params={"query_id": query_id}, content="SELECT 1")
    assert refused(answer) == ("400", "36")
    assert "x-injected" not in answer.headers
    odd = reader.post("/", params={"default_format": query_id}, content="SELECT 1")
    assert odd.status_code >= 400
    assert "x-injected" not in odd.headers


def test_our_own_parts_have_limits_too(gateway: GatewayProcess) -> None:
    with gateway.api() as api:
        asked = api.post("/", content="SELECT getSetting('max_execution_time')")
        assert float(asked.text) == API.settings["max_execution_time"]
        assert (
            refused(api.post("/", content="CREATE TABLE x (a UInt8) ENGINE = Memory"))[1] == "164"
        )


def refused(answer: httpx.Response) -> tuple[str, str]:
    return str(answer.status_code), answer.headers.get("x-clickhouse-exception-code", "")
