"""Fixtures of tests that need the gateway alone."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.gateway_process import GatewayProcess


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A running gateway, shared; leave it running, and use tables of your own."""
    process = GatewayProcess(tmp_path_factory.mktemp("gateway"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def own_gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    """A running gateway that this test may do anything to."""
    process = GatewayProcess(tmp_path)
    process.start()
    yield process
    if process.process is not None and process.process.poll() is None:
        process.stop()


@pytest.fixture
def http(gateway: GatewayProcess) -> Iterator[httpx.Client]:
    """The writer's plain HTTP client."""
    with gateway.client() as client:
        yield client


@pytest.fixture
def reader(gateway: GatewayProcess) -> Iterator[httpx.Client]:
    """The read-only user's plain HTTP client."""
    with gateway.reader() as client:
        yield client
