"""The gateway as a process: its end, its start after any end, and what it costs idle."""

import contextlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from connectors.errors import DependencyDown
from tests.integration.gateway_process import GatewayProcess
from warehouse import client as warehouse_client

ROUNDS = 3
STOP_S = 10.0
"""A stop takes three; before reads were stopped at once, it took twenty and more."""
IDLE_S = 3.0
IDLE_CPU_SHARE = 0.05
IDLE_RSS_BYTES = 500 * 1024 * 1024


def insert_until_cut_off(gateway: GatewayProcess, first: int, acknowledged: list[int]) -> None:
    """Insert batches of ten and note each that was acknowledged, until the gateway dies."""
    try:
        client = warehouse_client.writer(gateway.settings)
        while True:
            client.insert("durable", [[first + i] for i in range(10)], column_names=["a"])
            acknowledged.append(first)
            first += 10
    except (DependencyDown, DatabaseError):
        return


def test_kill_9_loses_nothing_that_was_acknowledged(own_gateway: GatewayProcess) -> None:
    chance = random.Random(7)
    acknowledged: list[int] = []
    with own_gateway.client() as http:
        http.post("/", content="CREATE TABLE durable (a UInt64) ENGINE = MergeTree ORDER BY a")
    for round_number in range(ROUNDS):
        writers = [
            threading.Thread(
                target=insert_until_cut_off,
                args=(own_gateway, (round_number * 10 + k) * 1_000_000, acknowledged),
            )
            for k in range(3)
        ]
        wanted = len(acknowledged) + chance.randint(10, 40)
        for writer in writers:
            writer.start()
        while len(acknowledged) < wanted:
            assert any(writer.is_alive() for writer in writers)
            time.sleep(0.005)
        own_gateway.stop(signal.SIGKILL)
        for writer in writers:
            writer.join(timeout=20)
        own_gateway.start()
        with own_gateway.client() as http:
            sql = "SELECT DISTINCT intDiv(a, 10) * 10 FROM durable GROUP BY a FORMAT TSV"
            kept = {int(line) for line in http.post("/", content=sql).text.split()}
        assert set(acknowledged) <= kept


def test_sigterm_lets_a_running_insert_finish(own_gateway: GatewayProcess) -> None:
    with own_gateway.client() as http:
        http.post("/", content="CREATE TABLE slow (a UInt8) ENGINE = MergeTree ORDER BY a")
        sql = "INSERT INTO slow SELECT sleepEachRow(0.02) FROM numbers(50)"
        answers: list[httpx.Response] = []
        insert = threading.Thread(target=lambda: answers.append(http.post("/", content=sql)))
        insert.start()
        with own_gateway.client() as other:
            watch = "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO slow%'"
            deadline = time.monotonic() + 10
            while other.post("/", content=watch).text != "1\n":
                assert time.monotonic() < deadline
        assert own_gateway.stop() == 0
        insert.join(timeout=20)
    assert answers[0].status_code == 200
    own_gateway.start()
    with own_gateway.client() as http:
        assert http.post("/", content="SELECT count() FROM slow").text == "50\n"


def test_sigterm_ends_queries_that_would_run_on(own_gateway: GatewayProcess) -> None:
    endless = {"query": "SELECT number FROM system.numbers"}
    slow = "SELECT sum(sleepEachRow(1)) FROM numbers(600) SETTINGS max_block_size = 1"
    with own_gateway.client() as http, own_gateway.client() as other:
        stuck = threading.Thread(target=lambda: refused_or_cut_off(other, slow))
        with http.stream("GET", "/", params=endless) as answer:
            chunks = answer.iter_bytes()
            next(chunks)
            stuck.start()
            assert own_gateway.stop() == 0
        stuck.join(timeout=20)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(sipHash64(number)) FROM numbers(100000000000)",
        "SELECT count() FROM numbers(1000000) AS a, numbers(1000000) AS b",
        # Within one block, where the engine does not look whether it is to stop.
        "SELECT arraySum(arrayMap(x -> sipHash64(x), range(200000000)))",
        "SELECT arraySum(arraySort(x -> sipHash64(x), range(30000000 + number))) FROM numbers(1)",
    ],
)
def test_no_read_holds_up_a_stop(own_gateway: GatewayProcess, sql: str) -> None:
    """Whose port is free meanwhile, for anybody to take."""
    with own_gateway.client() as http, own_gateway.client() as other:
        stuck = threading.Thread(target=lambda: refused_or_cut_off(http, sql))
        stuck.start()
        # Those that are asked for, and the question itself.
        watch = (
            "SELECT count() FROM system.processes"
            " WHERE position(query, 'sipHash64') OR position(query, 'AS b')"
        )
        deadline = time.monotonic() + 10
        while int(other.post("/", content=watch).text) < 2:
            assert time.monotonic() < deadline
        asked = time.monotonic()
        assert own_gateway.stop() == 0
        assert time.monotonic() - asked < STOP_S
        stuck.join(timeout=20)
    own_gateway.start()


def refused_or_cut_off(client: httpx.Client, sql: str) -> None:
    with contextlib.suppress(httpx.TransportError):
        assert client.post("/", content=sql).status_code >= 400


def test_a_second_process_on_the_folder_says_who_holds_it(own_gateway: GatewayProcess) -> None:
    assert own_gateway.process is not None
    second = own_gateway.launch()
    output = second.communicate(timeout=20)[0].decode()
    assert second.returncode == 1
    assert f"in use by the gateway with pid {own_gateway.process.pid}" in output
    assert "Traceback" not in output


def test_a_missing_password_is_named(own_gateway: GatewayProcess) -> None:
    own_gateway.stop()
    process = own_gateway.launch(PROMO_CLICKHOUSE_PASSWORD="")
    assert "PROMO_CLICKHOUSE_PASSWORD is not set" in process.communicate(timeout=20)[0].decode()


def test_an_idle_gateway_costs_next_to_nothing(own_gateway: GatewayProcess) -> None:
    assert own_gateway.process is not None
    process = psutil.Process(own_gateway.process.pid)
    before = sum(process.cpu_times()[:2])
    time.sleep(IDLE_S)
    assert (sum(process.cpu_times()[:2]) - before) / IDLE_S < IDLE_CPU_SHARE
    assert process.memory_info().rss < IDLE_RSS_BYTES


def test_it_takes_the_socket_that_its_starter_has_opened(own_gateway: GatewayProcess) -> None:
    """As systemd hands sockets on: descriptor 3, and LISTEN_FDS says so."""
    own_gateway.stop()
    with socket.create_server(("127.0.0.1", own_gateway.settings.clickhouse_port)) as listener:
        code = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.set_inheritable(3, True);"
            " os.environ['LISTEN_FDS'] = '1'; os.environ['PROMO_CLICKHOUSE_PORT'] = '1';"
            " os.execv(sys.executable, [sys.executable, '-m', 'warehouse.gateway'])"
        )
        environment = own_gateway.environment()
        command = [sys.executable, "-c", code, str(listener.fileno())]
        own_gateway.process = subprocess.Popen(
            command, env=environment, pass_fds=[listener.fileno()], stdout=subprocess.DEVNULL
        )
    with own_gateway.client() as http:
        assert http.post("/", content="SELECT 1").text == "1\n"


def test_the_process_itself_reads_writes_and_connects_to_nothing_else(tmp_path: Path) -> None:
    """Whatever SQL brings the engine to."""
    (tmp_path / "secret").write_text("x")
    (tmp_path / "data").mkdir()
    code = f"""
import os, socket
from pathlib import Path
from warehouse.gateway.confinement import confine
listener = socket.create_server(("127.0.0.1", 0))
folder = Path({str(tmp_path)!r})
assert confine(folder / "data", None)
(folder / "data/own").write_text("mine")
os.rename(folder / "data/own", folder / "data/renamed")
print(os.listdir(folder / "data"), len(open("/proc/meminfo").read()) > 0)
tried = {{
    "read": lambda: open(folder / "secret"),
    "list": lambda: os.listdir(folder),
    "write": lambda: open(folder / "new", "w"),
    "move out": lambda: os.rename(folder / "data/renamed", folder / "out"),
    "environment": lambda: open("/proc/self/environ"),
    "run": lambda: os.posix_spawn("/bin/true", ["true"], {{}}),
    "connect": lambda: socket.create_connection(listener.getsockname(), 1),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
}}
for name, do in tried.items():
    try:
        do()
        print(name)
    except PermissionError:
        pass
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "['renamed'] True\n"
