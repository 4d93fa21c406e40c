"""Events into PostgreSQL: many in one transaction, in order, none of them twice."""

from collections.abc import Sequence
from dataclasses import astuple
from importlib import resources
from typing import assert_never

import psycopg

from connectors.errors import SimulationError
from connectors.refusals import postgres_down
from connectors.settings import Settings
from connectors.source.session import Connection, open_session
from simulator.events import Event, Labelled, Moved, Redeemed, SignedUp
from simulator.shop import PROMO_CODES

_LOADING = resources.files("connectors.loading").joinpath("sql")
_OWN = resources.files("simulator").joinpath("sql")
_INSERT_CODE = _LOADING.joinpath("insert_promo_code.sql").read_bytes()
_INSERT_USER = _LOADING.joinpath("insert_user.sql").read_bytes()
_INSERT_REDEMPTION = _OWN.joinpath("insert_redemption.sql").read_bytes()
_MOVE = _OWN.joinpath("move_account.sql").read_bytes()
_LABEL = _OWN.joinpath("label_abuser.sql").read_bytes()
# "sim" in ASCII: the first of the two keys of the lock on a seed.
_LOCK = 0x73696D


def connect(settings: Settings, seed: int) -> Connection:
    """A session as the application's role that alone plays this seed.

    Raises:
        SettingsError: the role's password is not set.
        DependencyDown: PostgreSQL does not answer.
        SimulationError: another play of this seed is under way.
    """
    connection = open_session(settings, "promo-simulator")
    # Two plays of one seed at the same time would each find the other's redemptions missing.
    held = connection.execute("SELECT pg_try_advisory_lock($1, $2)", (_LOCK, seed % 2**31))
    if held.fetchone() != (True,):
        connection.close()
        raise SimulationError(f"seed {seed} is being played already: wait, or take another")
    return connection


def define_codes(connection: Connection) -> int:
    """Insert the shop's promo codes; how many are new.

    Raises:
        DependencyDown: PostgreSQL went away.
    """
    return sum(_execute(connection, [(_INSERT_CODE, tuple(code)) for code in PROMO_CODES]))


def write(connection: Connection, events: Sequence[Event]) -> list[bool]:
    """Write events in the given order in one transaction; idempotent.

    Returns:
        for each event, whether it is new.

    Raises:
        DependencyDown: PostgreSQL went away; nothing of an unfinished transaction stays.
    """
    return _execute(connection, [_statement(event) for event in events])


def _execute(
    connection: Connection, statements: Sequence[tuple[bytes, tuple[object, ...]]]
) -> list[bool]:
    try:
        with connection.pipeline(), connection.transaction():
            done = [connection.execute(sql, row, prepare=True) for sql, row in statements]
    except psycopg.OperationalError as error:
        raise postgres_down(error) from error
    return [bool(cursor.rowcount) for cursor in done]


def _statement(event: Event) -> tuple[bytes, tuple[object, ...]]:
    match event:
        case SignedUp():
            user_id, *columns = astuple(event.person)
            return _INSERT_USER, (user_id, event.created_at, *columns, event.is_abuser)
        case Redeemed():
            moment = event.happened_at
            return _INSERT_REDEMPTION, (event.user_id, event.promo_code, moment, event.used)
        case Moved():
            return _MOVE, (event.user_id, event.left, event.ip_address)
        case Labelled():
            return _LABEL, (event.user_id,)
        case _:
            assert_never(event)
