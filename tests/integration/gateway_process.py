"""A gateway process of the tests' own, on a free port and a folder of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
from pydantic import SecretStr

from connectors.settings import Settings
from tests.conftest import free_ports

WRITER_PASSWORD = "the writer's password"
API_PASSWORD = "the API's password"
READER_PASSWORD = "the reader's password"
READY_S = 20.0
POLL_S = 0.02


class GatewayProcess:
    """``python -m warehouse.gateway``, to be started, killed and started again."""

    def __init__(self, state_dir: Path, module: str = "warehouse.gateway") -> None:
        self.module = module
        self.settings = Settings(
            _env_file=None,
            state_dir=state_dir,
            clickhouse_port=free_ports(1)[0],
            clickhouse_password=SecretStr(WRITER_PASSWORD),
            clickhouse_api_password=SecretStr(API_PASSWORD),
            clickhouse_reader_password=SecretStr(READER_PASSWORD),
        )
        self.url = f"http://127.0.0.1:{self.settings.clickhouse_port}"
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        """What it is started with."""
        return {
            **os.environ,
            "PROMO_STATE_DIR": str(self.settings.state_dir),
            "PROMO_CLICKHOUSE_PORT": str(self.settings.clickhouse_port),
            "PROMO_CLICKHOUSE_PASSWORD": WRITER_PASSWORD,
            "PROMO_CLICKHOUSE_API_PASSWORD": API_PASSWORD,
            "PROMO_CLICKHOUSE_READER_PASSWORD": READER_PASSWORD,
        }

    def launch(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a process and return at once; ``environment`` overrides its settings."""
        command = [sys.executable, "-m", self.module]
        return subprocess.Popen(
            command,
            env={**self.environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self.process = self.launch()
        deadline = time.monotonic() + READY_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(f"no gateway: {self.process.communicate()[0].decode()}")
            time.sleep(POLL_S)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Signal the process and wait for its end; returns its exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(timeout=READY_S)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ping").text == "Ok.\n"
        except httpx.TransportError:
            return False

    def client(self, user: str = "promo", password: str = WRITER_PASSWORD) -> httpx.Client:
        """A plain HTTP client with Basic credentials."""
        return httpx.Client(base_url=self.url, auth=(user, password), timeout=30)

    def reader(self) -> httpx.Client:
        """The same for the read-only user."""
        return self.client("promo_reader", READER_PASSWORD)

    def api(self) -> httpx.Client:
        """The same for the product's own parts."""
        return self.client("promo_api", API_PASSWORD)
