"""Kafka and Kafka Connect: their configuration and the commands that run them."""

import base64
import subprocess
import uuid

from connectors.errors import StackError
from connectors.settings import Settings
from infra.config import Template, rendered
from infra.native.accounts import Account, write_private
from infra.native.confinement import Confinement, confined
from infra.native.jvm import Jvm
from infra.native.layout import Layout

FORMAT_TIMEOUT_S = 60
KAFKA_HEAP = "128m:512m"
CONNECT_HEAP = "128m:768m"


def kafka_command(jvm: Jvm) -> list[str]:
    """The broker's command line, for the supervisor."""
    return jvm.command("kafka", "kafka.Kafka", jvm.layout.run / Template.KAFKA, KAFKA_HEAP)


def connect_command(jvm: Jvm) -> list[str]:
    """Kafka Connect's command line, for the supervisor."""
    main_class = "org.apache.kafka.connect.cli.ConnectDistributed"
    return jvm.command("connect", main_class, jvm.layout.run / Template.CONNECT, CONNECT_HEAP)


def prepare_kafka(
    settings: Settings, jvm: Jvm, bounds: Confinement, account: Account | None
) -> None:
    """Write the broker's configuration and format its folder if it is new; idempotent.

    Args:
        settings: host and ports.
        jvm: which Java, and the stack's folders.
        bounds: of the broker.
        account: whom its folder belongs to.

    Raises:
        StackError: formatting fails; the message has its words.
    """
    data = jvm.layout.data / "kafka"
    _render(
        Template.KAFKA,
        jvm.layout,
        host=settings.kafka_host,
        port=settings.kafka_port,
        controller_port=settings.kafka_controller_port,
        partitions=settings.kafka_partitions,
        data=data,
    )
    if not (data / "meta.properties").exists():
        _format(jvm, bounds, account)


def prepare_connect(settings: Settings, jvm: Jvm) -> None:
    """Write Connect's configuration; idempotent."""
    _render(
        Template.CONNECT,
        jvm.layout,
        bootstrap=settings.kafka_bootstrap,
        host=settings.connect_host,
        port=settings.connect_port,
        plugins=jvm.jars.plugins,
        secrets=settings.secrets_folder,
    )


def _format(jvm: Jvm, bounds: Confinement, account: Account | None) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    config = jvm.layout.run / Template.KAFKA
    command = [jvm.java, "-XX:TieredStopAtLevel=1", "-cp", jvm.jars.class_path()]
    command += ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(config)]
    command = confined("kafka-format", command, bounds, jvm.layout, account)
    done = subprocess.run(command, capture_output=True, text=True, timeout=FORMAT_TIMEOUT_S)
    if done.returncode:
        raise StackError(f"Kafka could not format its folder: {done.stderr or done.stdout}")


def _render(template: Template, layout: Layout, **values: object) -> None:
    # A backslash escapes in a properties file.
    escaped = {name: str(value).replace("\\", "\\\\") for name, value in values.items()}
    write_private(layout.run / template, rendered(template, **escaped))
