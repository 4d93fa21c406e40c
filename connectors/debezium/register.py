"""Register the Debezium connector: ``python -m connectors.debezium.register``."""

import json
import sys
import time
from pathlib import Path

from connectors.command import explain, run_command
from connectors.debezium.rest import ConnectorHealth, ConnectRest
from connectors.debezium.watch import ConnectorWatch
from connectors.errors import DependencyDown, PromoError, StackError
from connectors.settings import Settings, load_settings

TEMPLATE = Path(__file__).with_name("connector.json")
POLL_S = 0.1


def connector_config(settings: Settings) -> dict[str, str]:
    """The connector's configuration: the template with the settings filled in.

    The password stays a reference that Connect resolves from a folder of its own, so that it
    shows neither in Connect's configuration topic nor in its REST interface.
    """
    fields = {
        "postgres_host": settings.postgres_host,
        "postgres_port": settings.postgres_port,
        "postgres_database": settings.postgres_database,
        "postgres_cdc_user": settings.postgres_cdc_user,
        "kafka_replication": settings.kafka_replication,
        "secrets_dir": settings.connect_secrets_folder.absolute(),
    }
    template: dict[str, str] = json.loads(TEMPLATE.read_text())
    return {key: value % fields for key, value in template.items()}


def register(settings: Settings, timeout_s: float = 60.0) -> ConnectorHealth:
    """Register or change the connector and wait until its task runs; idempotent.

    A configuration that is there already is not sent again: that would restart the task.

    Raises:
        SettingsError: Connect refuses the configuration; the message says which value.
        StackError: the task did not run in time; the message has the first line of why.
    """
    rest = ConnectRest(settings)
    watch = ConnectorWatch(rest)
    wanted = connector_config(settings)
    deadline = time.monotonic() + timeout_s
    health = ConnectorHealth("MISSING", "MISSING")
    while time.monotonic() < deadline:
        try:
            if not _same(rest.config(), wanted):
                rest.put_config(wanted)
            health = rest.health()
            if health.failed:
                health = watch.check()
        except DependencyDown as error:
            health = ConnectorHealth("UNREACHABLE", "UNREACHABLE", str(error))
        if health.healthy:
            return health
        time.sleep(POLL_S)
    raise StackError(
        f"the Debezium connector does not run after {timeout_s:.0f} s: connector"
        f" {health.connector}, task {health.task}. {health.trace}"
    )


def _same(registered: dict[str, str] | None, wanted: dict[str, str]) -> bool:
    return registered is not None and {k: v for k, v in registered.items() if k != "name"} == wanted


def main() -> int:
    """Register the connector with the configured Connect worker; the exit code is 0 then."""
    started = time.monotonic()
    try:
        register(load_settings())
    except PromoError as error:
        print(f"connector: {explain(error)}", file=sys.stderr)
        return 1
    print(f"connector: running ({time.monotonic() - started:.1f} s)")
    return 0


if __name__ == "__main__":
    run_command(main)
