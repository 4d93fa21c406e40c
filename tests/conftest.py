"""A native stack of the tests' own: real services on free ports, in a temporary folder."""

import os
import random
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
METRICS_PORTS = 20
BLOCK = len(PORT_FIELDS) + METRICS_PORTS
CACHE = Path(os.environ.get("PROMO_CACHE_DIR", REPOSITORY / ".cache"))


def free_ports(count: int = 1) -> list[int]:
    """A row of ports that nobody listens on.

    Below the range that the system gives to clients, so that no client of one part takes the
    port of another that is just being started again.
    """
    for first in random.sample(range(20_000, 32_000 - count), 200):
        with ExitStack() as probes:
            try:
                for port in range(first, first + count):
                    probes.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return list(range(first, first + count))
    raise OSError("no row of free ports was found")


def stack_settings(state_dir: Path, **more: object) -> Settings:
    """Settings of a stack in ``state_dir`` on free ports; ``.env`` is not read."""
    ports = free_ports(BLOCK)
    # The metrics port comes last: workers count up from it.
    values: dict[str, object] = dict(zip((*PORT_FIELDS, "metrics_port"), ports, strict=False))
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
