"""Configuration of PostgreSQL, Redis, Kafka and Connect: one template each for every way to run.

The native stack fills them in at every start; for containers they are filled in once, by
``python -m infra.docker``. A place to fill is ``{name}``.
"""

import re
from enum import StrEnum
from pathlib import Path

from connectors.topics import MAX_MESSAGE_BYTES

HERE = Path(__file__).parent
LOG4J = HERE / "log4j2.xml"

_PLACE = re.compile(r"\{(\w+)\}")


class Template(StrEnum):
    """The templates, by the name of the file that a server reads."""

    POSTGRES = "postgresql.conf"
    POSTGRES_ACCESS = "pg_hba.conf"
    REDIS = "redis.conf"
    KAFKA = "kafka.properties"
    KAFKA_ACCESS = "kafka-access.properties"
    """What :attr:`KAFKA` goes on with where clients have to prove who they are."""
    CONNECT = "connect.properties"
    CONNECT_TLS = "connect-tls.properties"
    """What :attr:`CONNECT` goes on with where it speaks TLS."""
    CONNECT_LOGIN = "connect-login.conf"


def rendered(template: Template, **values: object) -> str:
    """A server's configuration.

    Args:
        template: which.
        values: what to fill in, as texts that need no quoting in that file; how large a message
            may be is the project's own.

    Raises:
        KeyError: a place has no value.
    """
    known = {"max_message_bytes": MAX_MESSAGE_BYTES, **values}
    return _PLACE.sub(lambda place: str(known[place[1]]), (HERE / template).read_text())
