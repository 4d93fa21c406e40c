"""A stack apart: real services on free ports, in a folder of its own, gone at the end.

For tests, benchmarks and the gate, which must not touch a stack that is running.
"""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from connectors.settings import Settings
from infra.native import stack as native
from infra.native.bring_up import Report
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
def running_stack(
    settings: Settings, *parts: str, report: Report = native.print_report
) -> Iterator[Settings]:
    """A stack that runs within the block; ``parts`` with all they need, none means all."""
    with taken_down(settings, report=report):
        yield native.up(settings, parts=parts or None, report=report)


@contextmanager
def taken_down(settings: Settings, *, report: Report = native.print_report) -> Iterator[None]:
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
        native.down(settings, report=report)
        watchman.kill()
        watchman.communicate()
