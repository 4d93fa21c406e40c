"""A session with the source database."""

from enum import StrEnum

import psycopg
from psycopg.rows import TupleRow

from connectors.refusals import postgres_down
from connectors.settings import Settings, required

PROOF = "scram-sha-256"
"""For ``require_auth``: a server that asks for the password itself is not told it."""

Connection = psycopg.Connection[TupleRow]


class SourceRole(StrEnum):
    """As whom to speak to PostgreSQL: what the names of its settings begin with."""

    SHOP = "postgres"
    CDC = "postgres_cdc"
    MONITOR = "postgres_monitor"
    RECONCILER = "postgres_reconciler"


def open_session(
    settings: Settings, application: str, role: SourceRole = SourceRole.SHOP
) -> Connection:
    """A session in autocommit mode; its cursors number parameters: ``$1``, ``$2``.

    Args:
        settings: where PostgreSQL is, and the role's password.
        application: the name under which PostgreSQL lists the session.
        role: as whom; Debezium's may drop a replication slot, the monitor's sees no table, the
            reconciler's reads and no more.

    Raises:
        SettingsError: the role's password is not set.
        DependencyDown: PostgreSQL does not answer.
    """
    password = required(getattr(settings, f"{role}_password"), f"{role}_password")
    try:
        return psycopg.connect(
            host=settings.postgres_host,
            port=settings.postgres_port,
            dbname=settings.postgres_database,
            user=getattr(settings, f"{role}_user"),
            password=password,
            require_auth=PROOF,
            application_name=application,
            # Who may not see a row must not take it for gone: such a question fails.
            options="-c row_security=off",
            connect_timeout=5,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=25_000,
            autocommit=True,
            cursor_factory=psycopg.RawCursor,
        )
    except psycopg.OperationalError as error:
        raise postgres_down(error) from error
