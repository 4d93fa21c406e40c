"""The containers' configuration, from the templates of the native stack. Pure."""

from collections.abc import Mapping

from infra.config import Template, rendered
from infra.docker import clickhouse, places

_PROTOCOL = "SASL_PLAINTEXT"
"""On the containers' own network."""


def files() -> Mapping[str, str]:
    """Text of every file, by its path under ``infra/docker/generated``."""
    return {
        Template.POSTGRES: rendered(
            Template.POSTGRES,
            host="*",
            port=places.POSTGRES_PORT,
            sockets=places.POSTGRES_SOCKETS,
            access=f"{places.CONFIG}/{Template.POSTGRES_ACCESS}",
        ),
        Template.POSTGRES_ACCESS: rendered(Template.POSTGRES_ACCESS, network="samenet"),
        Template.REDIS: rendered(
            Template.REDIS,
            host="*",
            port=places.REDIS_PORT,
            data=places.REDIS_DATA,
            memory=places.REDIS_MEMORY,
        ),
        Template.KAFKA: rendered(
            Template.KAFKA,
            protocol=_PROTOCOL,
            host="kafka",
            port=places.KAFKA_PORT,
            controller_port=places.KAFKA_CONTROLLER_PORT,
            partitions=places.KAFKA_PARTITIONS,
            data=places.KAFKA_DATA,
        )
        + rendered(Template.KAFKA_ACCESS, secrets=places.SECRETS),
        Template.CONNECT: rendered(
            Template.CONNECT,
            protocol=_PROTOCOL,
            bootstrap=f"kafka:{places.KAFKA_PORT}",
            scheme="http",
            host="connect",
            port=places.CONNECT_PORT,
            plugins=places.CONNECT_PLUGINS,
            secrets=places.CONNECT_SECRETS,
        ),
        Template.CONNECT_LOGIN: rendered(Template.CONNECT_LOGIN, users=places.CONNECT_USERS),
        "clickhouse/config.xml": clickhouse.server_xml(),
        "clickhouse/users.xml": clickhouse.users_xml(),
    }
