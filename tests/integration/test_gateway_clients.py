"""clickhouse-connect, unchanged, against the gateway."""

import asyncio
import datetime as dt
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver import AsyncClient, Client
from clickhouse_connect.driver.exceptions import DatabaseError

from connectors.errors import DependencyDown
from connectors.settings import Settings
from tests.conftest import free_ports
from tests.integration.gateway_process import WRITER_PASSWORD, GatewayProcess
from warehouse import client as warehouse_client

DEADLINE_S = 10.0
POLL_S = 0.02
EVERY_TYPE = """
CREATE TABLE every_type
(
    id UInt64, at DateTime64(3, 'UTC'), maybe Nullable(String), kind LowCardinality(String),
    maybe_kind LowCardinality(Nullable(String)), tags Array(String), counts Array(Nullable(Int32)),
    price Decimal(18, 2), born Nullable(Date32), flag Bool, ratio Float64,
    attributes Map(String, Float32), pair Tuple(UInt8, String), document String, uid UUID
)
ENGINE = ReplacingMergeTree ORDER BY id
"""
ROW: list[Any] = [
    18446744073709551615,
    dt.datetime(2024, 2, 29, 12, 0, 0, 123000, tzinfo=dt.UTC),
    None,
    "android",
    None,
    ["a", "it's", "é"],
    [1, None],
    Decimal("12345.67"),
    dt.date(1931, 5, 4),
    True,
    0.1,
    {"age": 0.5},
    (1, "b"),
    '{"reasons": [{"code": "a\\nb"}]}',
    uuid.UUID(int=5),
]


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[Client]:
    made = warehouse_client.writer(gateway.settings)
    yield made
    made.close()


@pytest.fixture
async def async_client(gateway: GatewayProcess) -> AsyncIterator[AsyncClient]:
    made = await warehouse_client.async_writer(gateway.settings)
    yield made
    await made.close()


def fresh(client: Client, table: str, columns: str) -> None:
    client.command(f"CREATE OR REPLACE TABLE {table} ({columns}) ENGINE = MergeTree ORDER BY a")


def test_every_type_of_the_warehouse_comes_back_as_it_went(client: Client) -> None:
    client.command(EVERY_TYPE)
    client.insert("every_type", [ROW])
    client.insert("every_type", [[value] for value in ROW], column_oriented=True)
    result = client.query("SELECT * FROM every_type FINAL")
    assert [list(row) for row in result.result_rows] == [ROW]
    assert result.column_names[:2] == ("id", "at")


def test_an_insert_reports_its_rows_and_a_query_its_summary(client: Client) -> None:
    fresh(client, "reported", "a UInt32, b String DEFAULT 'x'")
    assert client.insert("reported", [[1], [2]], column_names=["a"]).written_rows == 2
    result = client.query("SELECT a, b FROM reported ORDER BY a", settings={"max_threads": 1})
    assert result.result_rows == [(1, "x"), (2, "x")]
    assert int(result.summary["result_rows"]) == 2


def test_an_insert_of_no_rows_is_harmless_and_quick(client: Client) -> None:
    fresh(client, "empty", "a UInt32")
    started = time.monotonic()
    client.insert("empty", [], column_names=["a"])
    assert time.monotonic() - started < 0.5
    assert client.query("SELECT * FROM empty").result_rows == []


def test_values_are_bound_on_either_side(client: Client) -> None:
    server = client.query(
        "SELECT {s:String}, {n:Int32}, {l:Array(String)}, {t:DateTime64(3)}",
        parameters={"s": "it's {n} \\ \t", "n": -1, "l": ["a'b"], "t": ROW[1]},
    ).result_rows
    assert server[0][:3] == ("it's {n} \\ \t", -1, ["a'b"])
    local = client.query("SELECT %(s)s", parameters={"s": "it's\n"}).result_rows
    assert local == [("it's\n",)]


def test_commands_return_values_and_ddl_returns_nothing_wrong(client: Client) -> None:
    assert client.command("SELECT count() FROM numbers(5)") == 5
    fresh(client, "altered", "a UInt32")
    client.command("ALTER TABLE altered ADD COLUMN b UInt8")
    client.command("INSERT INTO altered (a) VALUES ({a:UInt32})", parameters={"a": 3})
    assert client.query("SELECT a, b FROM altered").result_rows == [(3, 0)]
    assert client.command("EXISTS TABLE altered") == 1
    client.command("DROP TABLE altered")
    assert client.command("EXISTS TABLE altered") == 0


def test_errors_carry_clickhouses_code(client: Client) -> None:
    for sql, code in (("SELEC", 62), ("SELECT * FROM nowhere", 60), ("SELECT toUInt8('x')", 6)):
        with pytest.raises(DatabaseError) as raised:
            client.query(sql)
        assert raised.value.code == code
    with pytest.raises(DatabaseError) as raised:
        client.insert("nowhere", [[1]], column_names=["a"], column_type_names=["UInt8"])
    assert raised.value.code == 60


def test_a_statement_that_takes_too_long_is_stopped(client: Client) -> None:
    with pytest.raises(DatabaseError) as raised:
        client.query(
            "SELECT sleepEachRow(0.1) FROM numbers(20)",
            settings={"max_execution_time": 0.3, "max_block_size": 1},
        )
    assert raised.value.code == 159


@pytest.mark.parametrize("compress", [True, "gzip", "lz4", "zstd", False])
def test_every_compression_that_the_client_offers_works(
    gateway: GatewayProcess, compress: bool | str
) -> None:
    made = clickhouse_connect.get_client(
        host="127.0.0.1",
        port=gateway.settings.clickhouse_port,
        username="promo",
        password=WRITER_PASSWORD,
        database="promo",
        compress=compress,
    )
    fresh(made, "compressed", "a UInt32, b String")
    made.insert("compressed", [[n, "text" * 10] for n in range(20_000)])
    assert len(made.query("SELECT * FROM compressed").result_rows) == 20_000
    made.close()


def test_large_results_come_as_a_stream(client: Client) -> None:
    with client.query_row_block_stream("SELECT number, 'x' FROM numbers(500000)") as blocks:
        assert sum(len(block) for block in blocks) == 500_000
    raw = client.raw_query("SELECT number FROM numbers(3)", fmt="JSONEachRow")
    assert raw == b'{"number":0}\n{"number":1}\n{"number":2}\n'
    assert client.raw_insert("every_type", ["id"], b"5\n6\n", fmt="CSV").written_rows == 2


def test_an_error_in_the_middle_of_a_stream_reaches_the_client(client: Client) -> None:
    sql = "SELECT throwIf(number = 900000, 'halt') FROM numbers(1000000)"
    with (
        pytest.raises(Exception, match="halt"),
        client.query_row_block_stream(sql, settings={"max_block_size": 1000}) as blocks,
    ):
        for _ in blocks:
            pass


async def test_the_async_client_queries_inserts_and_reports_errors(
    async_client: AsyncClient,
) -> None:
    await async_client.command(
        "CREATE OR REPLACE TABLE awaited (a UInt32) ENGINE = MergeTree ORDER BY a"
    )
    batches = ([[n + 100 * k] for n in range(100)] for k in range(8))
    await asyncio.gather(*(async_client.insert("awaited", batch) for batch in batches))
    result = await async_client.query("SELECT count(), max(a) FROM awaited")
    assert result.result_rows == [(800, 799)]
    with pytest.raises(DatabaseError) as raised:
        await async_client.query("SELECT * FROM nowhere")
    assert raised.value.code == 60


def running(http: httpx.Client, mark: str) -> bool:
    sql = f"SELECT count() FROM system.processes WHERE endsWith(Settings['log_comment'], ' {mark}')"
    return http.post("/", content=sql).text != "0\n"


def wait_until(http: httpx.Client, mark: str, is_running: bool) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while running(http, mark) != is_running:
        assert time.monotonic() < deadline, f"{mark}: running is {not is_running}"
        time.sleep(POLL_S)


def test_a_client_that_goes_away_stops_its_query(
    gateway: GatewayProcess, http: httpx.Client
) -> None:
    params = {"query_id": "left", "max_block_size": "1"}
    sql = "SELECT sleepEachRow(0.05) FROM numbers(2000) FORMAT Null"
    with pytest.raises(httpx.ReadTimeout), gateway.client() as impatient:
        impatient.post("/", params=params, content=sql, timeout=0.5)
    wait_until(http, "left", is_running=False)


def test_a_reader_of_a_stream_that_goes_away_stops_its_query(
    gateway: GatewayProcess, http: httpx.Client
) -> None:
    params = {"query_id": "left-stream", "query": "SELECT number FROM system.numbers"}
    with gateway.client() as impatient, impatient.stream("GET", "/", params=params) as answer:
        chunks = answer.iter_bytes()
        next(chunks)
        wait_until(http, "left-stream", is_running=True)
    wait_until(http, "left-stream", is_running=False)


def test_kill_query_by_the_clients_query_id(gateway: GatewayProcess, http: httpx.Client) -> None:
    params = {"query_id": "victim", "max_block_size": "1"}
    sql = "SELECT sleepEachRow(0.05) FROM numbers(2000) FORMAT Null"
    with ThreadPoolExecutor(1) as pool, gateway.client() as other:
        victim = pool.submit(other.post, "/", params=params, content=sql)
        wait_until(http, "victim", is_running=True)
        http.post("/", content="KILL QUERY WHERE query_id = 'victim' SYNC")
        assert victim.result().headers["x-clickhouse-exception-code"] == "394"


def test_readers_and_writers_work_side_by_side(gateway: GatewayProcess, client: Client) -> None:
    fresh(client, "shared", "a UInt64, b UInt32")
    stop = threading.Event()

    def write(k: int) -> int:
        own = warehouse_client.writer(gateway.settings)
        for n in range(15):
            own.insert("shared", [[k * 100_000 + n * 100 + i, k] for i in range(100)])
        own.close()
        return 1500

    def look() -> int:
        own = warehouse_client.reader(gateway.settings)
        seen = 0
        while not stop.is_set():
            count = int(own.query("SELECT count() FROM shared").result_rows[0][0])
            assert count >= seen
            assert count % 100 == 0, "an insert is seen whole or not at all"
            seen = count
        own.close()
        return seen

    with ThreadPoolExecutor(8) as pool:
        lookers = [pool.submit(look) for _ in range(3)]
        written = sum(pool.map(write, range(4)))
        stop.set()
        assert all(looker.result() <= written for looker in lookers)
    assert client.command("SELECT uniqExact(a) FROM shared") == written == 6000


def test_slow_readers_do_not_keep_an_insert_waiting(
    gateway: GatewayProcess, client: Client
) -> None:
    fresh(client, "unhindered", "a UInt32")
    sql = "SELECT sleepEachRow(0.1) FROM numbers(20) SETTINGS max_block_size = 1"
    with ThreadPoolExecutor(12) as pool:
        clients = [gateway.reader() for _ in range(12)]
        slow = [pool.submit(one.post, "/", content=sql) for one in clients]
        started = time.monotonic()
        client.insert("unhindered", [[1]], column_type_names=["UInt32"], column_names=["a"])
        assert time.monotonic() - started < 1.0
        assert all(answer.result().status_code == 200 for answer in slow)
        for one in clients:
            one.close()


def test_an_absent_warehouse_is_a_dependency_that_is_down(gateway: GatewayProcess) -> None:
    values = {**gateway.settings.model_dump(), "clickhouse_port": free_ports(1)[0]}
    with pytest.raises(DependencyDown, match="ClickHouse"):
        warehouse_client.writer(Settings(_env_file=None, **values))


async def test_an_absent_warehouse_is_down_for_the_async_client_too(
    gateway: GatewayProcess,
) -> None:
    values = {**gateway.settings.model_dump(), "clickhouse_port": free_ports(1)[0]}
    with pytest.raises(DependencyDown, match="ClickHouse"):
        await warehouse_client.async_reader(Settings(_env_file=None, **values))


AWKWARD = ["it's", "a\nb", "a\r\nb", "\r", "tab\t", "back\\slash", 'quo"te', "ünï ✓", "", " ends "]


def test_parameters_too_long_for_an_address_come_as_a_form(client: Client) -> None:
    names = [*AWKWARD, *(f"{number}-{'x' * 40}" for number in range(5_000))]
    sql = "SELECT arrayJoin({names:Array(String)}) AS name"
    assert [row[0] for row in client.query(sql, {"names": names}).result_rows] == names


async def test_an_event_loops_client_may_send_a_form_too(gateway: GatewayProcess) -> None:
    client = await warehouse_client.async_writer(gateway.settings)
    names = AWKWARD * 1_000
    answer = await client.query("SELECT arrayJoin({n:Array(String)}) AS name", {"n": names})
    assert [row[0] for row in answer.result_rows] == names
    await client.close()


def test_a_form_with_anything_else_is_refused(gateway: GatewayProcess) -> None:
    with gateway.client() as http:
        table = {"t": ("t", b"1\n", "text/plain")}
        assert "form" in http.post("/", data={"query": "SELECT 1"}, files=table).text
        no_query = http.post("/", files={"param_x": (None, "1")})
        assert "no query" in no_query.text
        assert no_query.is_client_error
