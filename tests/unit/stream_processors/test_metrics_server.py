"""A worker's metrics port: it answers scrapers, and a flood of them costs the worker little."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from infra.native.apart import free_ports
from stream_processors.metrics_server import MetricsProtocol, serve_metrics
from stream_processors.monitor.thinning import ROUND_S
from tests.reading import eventually


class Counting(Collector):
    """Counts how often it was collected."""

    def __init__(self) -> None:
        self.collected = 0

    def collect(self) -> list[GaugeMetricFamily]:
        self.collected += 1
        return []


@pytest.fixture
def port() -> int:
    (port,) = free_ports(1)
    return port


def ask(port: int) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=10)


def test_the_monitor_may_come_back_on_its_connection_a_round_later(port: int) -> None:
    serve_metrics(CollectorRegistry(), "127.0.0.1", port)
    with socket.create_connection(("127.0.0.1", port)) as monitor:
        monitor.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        monitor.settimeout(10)
        assert monitor.recv(4096).startswith(b"HTTP/1.1 200")
        monitor.settimeout(ROUND_S + 1)
        with pytest.raises(TimeoutError):
            monitor.recv(1)  # nothing more, but no end either


def test_a_scraper_is_told_what_was_counted(port: int) -> None:
    registry = CollectorRegistry()
    counter = Counter("promo_things", "things", registry=registry)
    serve_metrics(registry, "127.0.0.1", port)
    counter.inc(3)
    eventually(lambda: "promo_things_total 3.0" in ask(port).text, "it is counted")
    assert ask(port).headers["content-type"].startswith("text/plain; version=")
    other = httpx.get(f"http://127.0.0.1:{port}/elsewhere", trust_env=False)
    assert other.status_code == httpx.codes.NOT_FOUND


def test_a_port_that_is_taken_is_told_to_who_starts_it(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), pytest.raises(OSError, match="in use"):
        serve_metrics(CollectorRegistry(), "127.0.0.1", port)


def test_a_flood_is_answered_and_collects_hardly_anything(port: int) -> None:
    registry, counting = CollectorRegistry(), Counting()
    registry.register(counting)
    serve_metrics(registry, "127.0.0.1", port)
    eventually(lambda: ask(port).is_success, "it serves")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ask(port).status_code, range(300)))
    assert set(answers) == {httpx.codes.OK}
    assert counting.collected < 100


def test_who_holds_connections_keeps_no_scraper_out(port: int) -> None:
    serve_metrics(CollectorRegistry(), "127.0.0.1", port)
    eventually(lambda: ask(port).is_success, "it serves")
    with ExitStack() as held:
        for _ in range(3 * MetricsProtocol.limits.connections):
            opened = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            opened.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        assert ask(port).is_success
