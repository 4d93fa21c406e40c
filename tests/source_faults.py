"""What may be done to the source tables so that rows do not arrive, and how it is mended."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from connectors.settings import Settings
from infra.native.layout import layout_of
from infra.native.postgres import PostgresServer
from infra.native.tools import find_tools

Superuser = psycopg.Connection[tuple[Any, ...]]

_STATEMENTS = re.compile(r"as the tables' owner: (.+?;)(?: [a-z]|$)")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was done to the source.

    Attributes:
        name: for people.
        statement: SQL that does it, as a superuser.
        what: is said of it, the beginning.
    """

    name: str
    statement: str
    what: str


FAULTS: Sequence[Fault] = (
    Fault(
        "a table is taken out",
        "ALTER PUBLICATION promo DROP TABLE promo_usages",
        "publication promo has not got table promo_usages",
    ),
    Fault(
        "heartbeats are taken out",
        "ALTER PUBLICATION promo DROP TABLE heartbeats",
        "publication promo has not got table heartbeats",
    ),
    Fault(
        "rows are filtered",
        "ALTER PUBLICATION promo SET TABLE users WHERE (user_id > 'm'),"
        " promo_codes, promo_usages, heartbeats",
        "publication promo has a row filter for table users",
    ),
    Fault(
        "no deletions are published",
        "ALTER PUBLICATION promo SET (publish = 'insert, update')",
        "publication promo does not publish delete",
    ),
    Fault(
        "nothing is published",
        "ALTER PUBLICATION promo SET (publish = '')",
        "publication promo does not publish insert, update, delete",
    ),
    Fault(
        "the publication is dropped", "DROP PUBLICATION promo", "publication promo does not exist"
    ),
    Fault(
        "old rows are not sent",
        "ALTER TABLE promo_usages REPLICA IDENTITY DEFAULT",
        "table promo_usages has no REPLICA IDENTITY FULL",
    ),
    Fault(
        "nothing of old rows is sent",
        "ALTER TABLE users REPLICA IDENTITY NOTHING",
        "table users has no REPLICA IDENTITY FULL",
    ),
    Fault(
        "a column is renamed",
        "ALTER TABLE users RENAME COLUMN device_id TO device",
        "table users has no column device_id: its rows are set aside",
    ),
    Fault(
        "a column is dropped",
        "ALTER TABLE promo_codes DROP COLUMN discount_type",
        "table promo_codes has no column discount_type",
    ),
    Fault(
        "a column is generated",
        "ALTER TABLE users DROP COLUMN is_email_verified;"
        " ALTER TABLE users ADD COLUMN is_email_verified boolean"
        " GENERATED ALWAYS AS (email IS NOT NULL) STORED",
        "column users.is_email_verified is generated",
    ),
    Fault(
        "a column of another type",
        "ALTER TABLE users ALTER COLUMN dob TYPE timestamptz USING NULL",
        "column users.dob is timestamptz, not date",
    ),
    Fault(
        "TRUNCATE is let in",
        "ALTER TABLE promo_codes DISABLE TRIGGER no_truncate",
        "table promo_codes does not refuse TRUNCATE",
    ),
    Fault(
        "rows are hidden",
        "ALTER TABLE promo_usages ENABLE ROW LEVEL SECURITY",
        "row level security hides rows of table promo_usages from us",
    ),
    Fault(
        "Debezium may not read",
        "REVOKE SELECT ON users FROM promo_cdc",
        "role promo_cdc may not read table users",
    ),
)


@contextmanager
def superuser_of(settings: Settings) -> Iterator[Superuser]:
    """A superuser's session in the shop's database of a native stack."""
    server = PostgresServer(find_tools().postgres, layout_of(settings), settings)
    with psycopg.connect(server.superuser_dsn(settings.postgres_database), autocommit=True) as made:
        yield made


def follow(remedy: str, superuser: Superuser) -> None:
    """Run the statements of a remedy as it says: as the tables' owner.

    Raises:
        ValueError: it has none, or several lists of them.
    """
    (statements,) = _STATEMENTS.findall(remedy)
    superuser.execute("SET ROLE promo_owner")
    try:
        superuser.execute(statements.encode())
    finally:
        superuser.execute("RESET ROLE")
