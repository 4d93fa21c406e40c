"""Kafka Connect's REST interface, as far as this project speaks it."""

import re
import ssl
from dataclasses import dataclass
from typing import Any

import httpx

from connectors.errors import DependencyDown, SettingsError
from connectors.settings import Settings, required

CONNECTOR = "promo"
SERVER = "server.pem"
CLIENT = "client.pem"
"""In the folder of certificates: Connect's own, and its clients' with the key."""

BAD_REQUEST = 400
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class ConnectorHealth:
    """What Connect says of the connector and its only task.

    ``connector`` and ``task`` are Connect's words (RUNNING, FAILED, PAUSED, UNASSIGNED, …),
    or MISSING or UNREACHABLE; ``trace`` is the failure and its first cause, a line; ``restarted``
    tells that this check asked Connect to start it again.
    """

    connector: str
    task: str
    trace: str = ""
    restarted: bool = False

    @property
    def healthy(self) -> bool:
        """Whether rows are flowing."""
        return self.connector == self.task == "RUNNING"

    @property
    def failed(self) -> bool:
        """Whether it stands still until someone starts it again."""
        return "FAILED" in (self.connector, self.task)


def address(settings: Settings) -> str:
    """Where Connect answers."""
    scheme = "https" if settings.connect_tls else "http"
    return f"{scheme}://{settings.connect_host}:{settings.connect_port}"


def certificates(settings: Settings) -> ssl.SSLContext | bool:
    """How a client knows Connect and shows who it is itself; True where Connect speaks no TLS.

    Raises:
        SettingsError: there are no certificates.
    """
    if not settings.connect_tls:
        return True
    folder = settings.connect_tls_folder
    try:
        context = ssl.create_default_context(cafile=folder / SERVER)
        context.load_cert_chain(folder / CLIENT)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(
            f"{folder} has no certificates for Kafka Connect ({error}): `make up` makes them; for a"
            " Connect of your own set PROMO_CONNECT_TLS_DIR, or PROMO_CONNECT_TLS=false"
        ) from error
    return context


def login(settings: Settings) -> tuple[str, str] | None:
    """User and password of Connect's REST interface; None where it asks nobody.

    Raises:
        SettingsError: the password is not set.
    """
    if not settings.connect_user:
        return None
    return settings.connect_user, required(settings.connect_password, "connect_password")


class ConnectRest:
    """A blocking client of one Connect worker; closes with the process."""

    def __init__(self, settings: Settings, timeout_s: float = 10.0) -> None:
        self._http = httpx.Client(
            base_url=address(settings),
            auth=login(settings),
            verify=certificates(settings),
            timeout=timeout_s,
        )

    def config(self) -> dict[str, str] | None:
        """The registered configuration, secrets as placeholders; None when not registered."""
        answer = self._call("GET", f"/connectors/{CONNECTOR}/config")
        return answer.json() if answer.is_success else None

    def put_config(self, config: dict[str, str]) -> None:
        """Register the connector or change it.

        Raises:
            SettingsError: Connect refuses the configuration (a database that it cannot reach, a
                wrong password, a missing publication count too).
            DependencyDown: Connect does not answer or is rebalancing: try again.
        """
        answer = self._call("PUT", f"/connectors/{CONNECTOR}/config", json=config)
        if answer.status_code == BAD_REQUEST:
            raise SettingsError(f"Connect refuses the connector: {answer.json()['message']}")
        if not answer.is_success:
            raise DependencyDown(f"Connect answers {answer.status_code}: {answer.text[:300]}")

    def health(self) -> ConnectorHealth:
        """The connector's present state; never raises for a worker that is away."""
        try:
            answer = self._call("GET", f"/connectors/{CONNECTOR}/status")
        except DependencyDown as error:
            return ConnectorHealth("UNREACHABLE", "UNREACHABLE", str(error))
        if not answer.is_success:
            return ConnectorHealth("MISSING", "MISSING", f"HTTP {answer.status_code}")
        return _health(answer.json())

    def restart_failed(self) -> None:
        """Start the connector and its task again where they have failed.

        Raises:
            DependencyDown: Connect does not answer or is rebalancing: try again.
        """
        path = f"/connectors/{CONNECTOR}/restart?includeTasks=true&onlyFailed=true"
        answer = self._call("POST", path)
        if not answer.is_success:
            raise DependencyDown(f"Connect answers {answer.status_code}: {answer.text[:300]}")

    def stop(self) -> None:
        """Have the connector end its task and keep its offsets; returns before it has. Idempotent.

        A connector that is not registered stays so.

        Raises:
            DependencyDown: Connect does not answer or is rebalancing: try again.
        """
        self._change("PUT", "/stop")

    def resume(self) -> None:
        """Let a stopped connector run again; idempotent. Raises as :meth:`stop`."""
        self._change("PUT", "/resume")

    def offsets(self) -> dict[str, Any]:
        """What Debezium remembers of how far it has read; empty when it remembers nothing.

        Raises:
            DependencyDown: as :meth:`stop`.
        """
        answer = self._call("GET", f"/connectors/{CONNECTOR}/offsets")
        found = answer.json()["offsets"] if answer.is_success else []
        return dict(found[0]["offset"] or {}) if found else {}

    def forget_offsets(self) -> None:
        """Have Debezium forget how far it has read: it begins with a snapshot. Idempotent.

        Raises:
            DependencyDown: as :meth:`stop`; also while the connector is not stopped.
        """
        self._change("DELETE", "/offsets")

    def _change(self, method: str, what: str) -> None:
        answer = self._call(method, f"/connectors/{CONNECTOR}{what}")
        if not answer.is_success and answer.status_code != NOT_FOUND:
            raise DependencyDown(f"Connect answers {answer.status_code}: {answer.text[:300]}")

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise DependencyDown(f"Connect at {self._http.base_url} is away: {error}") from error


def _health(status: dict[str, Any]) -> ConnectorHealth:
    tasks = status["tasks"]
    task = tasks[0] if tasks else {"state": "UNASSIGNED"}
    trace = status["connector"].get("trace") or task.get("trace") or ""
    return ConnectorHealth(status["connector"]["state"], task["state"], _in_a_line(trace))


def _in_a_line(trace: str) -> str:
    lines = trace.splitlines()
    causes = [line for line in lines if line.startswith("Caused by: ")]
    # Debezium's own state, hundreds of characters of it, stands in brackets.
    return " ".join(re.sub(r"\[.*\]", "[…]", line) for line in lines[:1] + causes[-1:])
