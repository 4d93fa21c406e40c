"""How every client of this project connects to Kafka, and as whom."""

import ssl
from dataclasses import dataclass

from connectors.kafka_roles import SCRAM, KafkaSecurity
from connectors.settings import Settings, required

ClientConfig = dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user of the broker, and its password."""

    user: str
    password: str


def client_config(settings: Settings) -> ClientConfig:
    """What a librdkafka client needs to reach the broker as the process's own role.

    Raises:
        SettingsError: the role's password is not set.
    """
    config: ClientConfig = {
        "bootstrap.servers": settings.kafka_bootstrap,
        "security.protocol": settings.kafka_security.value,
    }
    if settings.kafka_security is KafkaSecurity.SASL_SSL and settings.kafka_ca:
        config["ssl.ca.location"] = str(settings.kafka_ca)
    if found := credentials(settings):
        config |= {
            "sasl.mechanism": SCRAM,
            "sasl.username": found.user,
            "sasl.password": found.password,
        }
    return config


def credentials(settings: Settings) -> Credentials | None:
    """Those of the process's own role; None where nobody is asked.

    Raises:
        SettingsError: the role's password is not set.
    """
    if settings.kafka_security is KafkaSecurity.PLAINTEXT:
        return None
    role = settings.kafka_role
    return Credentials(role.user, required(getattr(settings, role.secret), role.secret))


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """For clients that take one; None without TLS."""
    if settings.kafka_security is not KafkaSecurity.SASL_SSL:
        return None
    return ssl.create_default_context(cafile=settings.kafka_ca)
