"""A native stack of the tests' own: real services on free ports, in a temporary folder."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from connectors.settings import Settings
from infra.native import stack as native
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of

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
    # Not the seedable generator: hypothesis sets its seed, and two runs would meet on a port.
    for first in random.SystemRandom().sample(range(20_000, 32_000 - count), 200):
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
    with taken_down(settings):
        yield native.up(settings, parts=parts or None)


@contextmanager
def taken_down(settings: Settings) -> Iterator[None]:
    """Takes a stack down at the block's end, and also when this process is killed within it.

    A process of its own waits for this one's end of a pipe to close, which no kill prevents.
    """
    environment = os.environ | environment_of(settings, layout_of(settings))
    del environment["PROMO_STACK"]  # it is no part of the stack that it ends
    watchman = subprocess.Popen(
        ["/bin/sh", "-c", 'read -r _; exec "$@"', "-", sys.executable]
        + ["-m", "infra.native", "down"],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        native.down(settings)
        watchman.kill()
        watchman.communicate()


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

    with taken_down(settings):
        yield start


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Callable[..., Settings]]:
    """A function that starts the named parts of a stack that this test may do anything to."""
    with ExitStack() as started:

        def start(*parts: str, **more: object) -> Settings:
            settings = stack_settings(tmp_path / "state", **more)
            started.enter_context(taken_down(settings))
            return native.up(settings, parts=parts or None)

        yield start
