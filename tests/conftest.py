"""A native stack of the tests' own: real services on free ports, in a temporary folder."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from connectors.settings import Settings
from infra.native import stack as native
from infra.native.layout import REPOSITORY

PORT_FIELDS = (
    "postgres_port",
    "redis_port",
    "kafka_port",
    "kafka_controller_port",
    "connect_port",
    "clickhouse_port",
    "api_port",
)
METRICS_PORTS = 30
CACHE = Path(os.environ.get("PROMO_CACHE_DIR", REPOSITORY / ".cache"))


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; they are bound together, so all differ."""
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in sockets]


def stack_settings(state_dir: Path, **more: object) -> Settings:
    """Settings of a stack in ``state_dir`` on free ports; ``.env`` is not read."""
    ports = free_ports(len(PORT_FIELDS) + 1)
    values: dict[str, object] = dict(zip(PORT_FIELDS, ports, strict=False))
    # Workers count up from the metrics port: take it below the range that probes are given from.
    values["metrics_port"] = 20_000 + ports[-1] % 400 * METRICS_PORTS
    folders = {"state_dir": state_dir, "cache_dir": CACHE, "secrets_dir": state_dir / "secrets"}
    return Settings(_env_file=None, **{**values, **folders, **more})  # type: ignore[arg-type]


@contextmanager
def running_stack(settings: Settings, *parts: str) -> Iterator[Settings]:
    """A stack that runs within the block; ``parts`` with all they need, none means all."""
    try:
        yield native.up(settings, parts=parts or None)
    finally:
        native.down(settings)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a complete running stack, shared by all tests; leave it running.

    Tests that stop, kill or fill parts take :func:`own_stack` instead.
    """
    with running_stack(stack_settings(tmp_path_factory.mktemp("stack"))) as settings:
        yield settings


@pytest.fixture(scope="session")
def partial_stack(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Settings]]:
    """A function that starts the named parts of one shared stack, once each, and what they need.

    ``partial_stack("redis")`` is up in half a second where the whole stack takes ten.
    """
    settings = stack_settings(tmp_path_factory.mktemp("partial"))

    def start(*parts: str) -> Settings:
        return native.up(settings, parts=parts)

    yield start
    native.down(settings)


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Callable[..., Settings]]:
    """A function that starts the named parts of a stack that this test may do anything to."""
    started: list[Settings] = []

    def start(*parts: str, **more: object) -> Settings:
        settings = stack_settings(tmp_path / "state", **more)
        started.append(settings)
        return native.up(settings, parts=parts or None)

    yield start
    for settings in started:
        native.down(settings)
