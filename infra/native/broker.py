"""Kafka and Kafka Connect: their configuration and the commands that run them."""

import base64
import re
import subprocess
import uuid
from pathlib import Path

from connectors.errors import StackError
from connectors.kafka_roles import KafkaSecurity, Role
from connectors.settings import Settings, required
from infra.config import Template, rendered
from infra.native.accounts import Account, write_private
from infra.native.confinement import Confinement, confined
from infra.native.connect_tls import write_keystore
from infra.native.jvm import Jvm
from infra.native.layout import Layout

FORMAT_TIMEOUT_S = 60
KAFKA_HEAP = "128m:512m"
CONNECT_HEAP = "128m:768m"
CONNECT_USERS = "connect-users.properties"
CONNECT_KEYSTORE = "connect.p12"
LENT = "promo_postgres_cdc_password"
"""The one secret that the connector's configuration may name."""

_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")


def kafka_command(jvm: Jvm) -> list[str]:
    """The broker's command line, for the supervisor."""
    return jvm.command("kafka", "kafka.Kafka", jvm.layout.run / Template.KAFKA, KAFKA_HEAP)


def connect_command(jvm: Jvm) -> list[str]:
    """Kafka Connect's command line, for the supervisor."""
    main_class = "org.apache.kafka.connect.cli.ConnectDistributed"
    login = f"-Djava.security.auth.login.config={jvm.layout.run / Template.CONNECT_LOGIN}"
    config = jvm.layout.run / Template.CONNECT
    return jvm.command("connect", main_class, config, CONNECT_HEAP, login)


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
        StackError: formatting fails (the message has its words), or a password holds what the
            configuration cannot.
    """
    for name in ("kafka_broker_password", Role.OPERATOR.secret):
        _plain(settings, name)
    data = jvm.layout.data / "kafka"
    parts = (Template.KAFKA, Template.KAFKA_ACCESS)
    _write(
        jvm.layout.run / Template.KAFKA,
        parts if _is_guarded(settings) else parts[:1],
        protocol=_protocol(settings),
        secrets=settings.secrets_folder,
        host=settings.kafka_host,
        port=settings.kafka_port,
        controller_port=settings.kafka_controller_port,
        partitions=settings.kafka_partitions,
        data=data,
    )
    if not (data / "meta.properties").exists():
        _format(jvm, bounds, account)


def prepare_connect(settings: Settings, jvm: Jvm) -> None:
    """Write Connect's configuration, and what it alone may read; idempotent.

    Raises:
        StackError: a password holds what these files cannot.
    """
    run, users = jvm.layout.run, jvm.layout.run / CONNECT_USERS
    write_private(users, f"{settings.connect_user}={_plain(settings, 'connect_password')}\n")
    login = rendered(Template.CONNECT_LOGIN, users=users)
    password = _plain(settings, Role.DEBEZIUM.secret)
    write_private(run / Template.CONNECT_LOGIN, f'{login}  password="{password}";\n}};\n')
    _lend(settings, LENT)
    if settings.connect_tls:
        write_keystore(
            settings, settings.secrets_folder / "promo_connect_password", run / CONNECT_KEYSTORE
        )
    parts = (Template.CONNECT, Template.CONNECT_TLS)
    _write(
        run / Template.CONNECT,
        parts if settings.connect_tls else parts[:1],
        scheme="https" if settings.connect_tls else "http",
        keystore=run / CONNECT_KEYSTORE,
        password=_plain(settings, "connect_password"),
        protocol=_protocol(settings),
        bootstrap=settings.kafka_bootstrap,
        host=settings.connect_host,
        port=settings.connect_port,
        plugins=jvm.jars.plugins,
        secrets=settings.connect_secrets_folder,
    )


def connect_files(settings: Settings, layout: Layout) -> tuple[Path, ...]:
    """What :func:`prepare_connect` writes, for Connect to read."""
    names = (Template.CONNECT, Template.CONNECT_LOGIN, CONNECT_USERS, CONNECT_KEYSTORE)
    lent = settings.connect_secrets_folder.absolute() / LENT
    return (*(layout.run / name for name in names), lent)


def _lend(settings: Settings, secret: str) -> None:
    """Put a secret, and no other, where the connector's configuration may name it."""
    folder = settings.connect_secrets_folder
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in folder.iterdir():
        if path.name != secret:
            path.unlink()
    write_private(folder / secret, (settings.secrets_folder / secret).read_text())


def _plain(settings: Settings, name: str) -> str:
    """A secret as it stands in Java's files, which give some characters a meaning of their own."""
    text = required(getattr(settings, name), name)
    if not _PLAIN.fullmatch(text):
        raise StackError(
            f"PROMO_{name.upper()} has characters that Java's configuration would not take as they"
            " are: use letters, digits and ._~- alone"
        )
    return text


def _is_guarded(settings: Settings) -> bool:
    return settings.kafka_security is not KafkaSecurity.PLAINTEXT


def _protocol(settings: Settings) -> str:
    # TLS is for brokers elsewhere: this one is on loopback.
    return "SASL_PLAINTEXT" if _is_guarded(settings) else "PLAINTEXT"


def _format(jvm: Jvm, bounds: Confinement, account: Account | None) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    config = jvm.layout.run / Template.KAFKA
    command = [jvm.java, "-XX:TieredStopAtLevel=1", "-cp", jvm.jars.class_path()]
    command += ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(config)]
    command = confined("kafka-format", command, bounds, jvm.layout, account)
    done = subprocess.run(command, capture_output=True, text=True, timeout=FORMAT_TIMEOUT_S)
    if done.returncode:
        raise StackError(f"Kafka could not format its folder: {done.stderr or done.stdout}")


def _write(path: Path, templates: tuple[Template, ...], **values: object) -> None:
    # A backslash escapes in a properties file.
    escaped = {name: str(value).replace("\\", "\\\\") for name, value in values.items()}
    write_private(path, "".join(rendered(template, **escaped) for template in templates))
