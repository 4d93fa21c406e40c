"""A session with the source database."""

import psycopg
from psycopg.rows import TupleRow

from connectors.errors import DependencyDown
from connectors.settings import Settings, required

PROOF = "scram-sha-256"
"""For ``require_auth``: a server that asks for the password itself is not told it."""

Connection = psycopg.Connection[TupleRow]


def open_session(settings: Settings, application: str, *, cdc: bool = False) -> Connection:
    """A session in autocommit mode; its cursors number parameters: ``$1``, ``$2``.

    Args:
        settings: where PostgreSQL is, and the role's password.
        application: the name under which PostgreSQL lists the session.
        cdc: as Debezium's role, which may drop a replication slot; else as the shop's.

    Raises:
        SettingsError: the role's password is not set.
        DependencyDown: PostgreSQL does not answer.
    """
    password = (
        required(settings.postgres_cdc_password, "postgres_cdc_password")
        if cdc
        else required(settings.postgres_password, "postgres_password")
    )
    try:
        return psycopg.connect(
            host=settings.postgres_host,
            port=settings.postgres_port,
            dbname=settings.postgres_database,
            user=settings.postgres_cdc_user if cdc else settings.postgres_user,
            password=password,
            require_auth=PROOF,
            application_name=application,
            connect_timeout=5,
            autocommit=True,
            cursor_factory=psycopg.RawCursor,
        )
    except psycopg.OperationalError as error:
        raise DependencyDown(f"PostgreSQL does not answer: {error}") from error
