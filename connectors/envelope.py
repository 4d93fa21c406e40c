"""Debezium's bytes in, an event out, or a :class:`PoisonMessage`. Pure.

The envelope (Debezium 3, schemas off) is ``{before, after, source, op, …}`` with ``op``
one of r (snapshot), c, u, d; a delete is followed by a tombstone, a message without a value.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from connectors.amounts import held
from connectors.columns import (
    Row,
    bigint,
    count,
    flag,
    identifier,
    json_object,
    key_text,
    kind_of,
    moment_us,
    text,
)
from connectors.errors import IncompleteRow, PoisonMessage
from connectors.events import (
    CodeDefined,
    CodeWithdrawn,
    Erased,
    Origin,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    RowChange,
    Tombstone,
    Updated,
)
from connectors.moments import FIRST_US, LAST_US
from connectors.profile import Hasher, profile
from connectors.source.contract import TABLES, UNUSED
from connectors.topics import Topic

UNAVAILABLE = "un\0available"
"""What Debezium writes for a long value that did not change, where PostgreSQL leaves it out. No
text of PostgreSQL's can be that, so nobody can write it into a column."""

_NEEDS_FULL = "the table needs REPLICA IDENTITY FULL; `make status` has the command"


def decode(
    topic: str,
    key: bytes | None,
    value: bytes | None,
    hashed: Hasher,
) -> RowChange | Tombstone:
    """Decode one message of a source topic.

    Args:
        topic: one of the three ``promo.public.*`` topics.
        key: the row's primary key as text.
        value: Debezium's envelope, or None for a tombstone.
        hashed: the keyed hasher that draws the privacy boundary.

    Raises:
        PoisonMessage: not JSON, not an envelope, or a row that breaks the table's contract.
    """
    if value is None:
        return Tombstone((key or b"").decode("utf-8", "replace"))
    envelope = json_object(value, "a Debezium envelope")
    read = _READERS.get(topic)
    if read is None:
        raise PoisonMessage("decode", f"{topic} is not a source topic")
    return read(_operation(envelope), envelope, _origin(envelope), hashed)


def read_row(topic: str, row: Row, origin: Origin, hashed: Hasher) -> RowChange:
    """A row as it stands in a table, in Debezium's form; as :func:`decode` reads a snapshot's.

    Raises:
        PoisonMessage: the row breaks the table's contract.
    """
    return _READERS[topic]("r", {"after": row}, origin, hashed)


def _operation(envelope: Row) -> str:
    operation = envelope.get("op")
    if operation not in ("r", "c", "u", "d"):
        raise PoisonMessage("decode", "not a Debezium envelope: op is not one of r, c, u, d")
    return str(operation)


def _origin(envelope: Row) -> Origin:
    source = envelope.get("source")
    if not isinstance(source, dict):
        raise PoisonMessage("decode", "not a Debezium envelope: no source")
    version, committed = count(source, "lsn", _LARGEST_LSN), bigint(source, "ts_us")
    if not FIRST_US <= committed <= LAST_US:
        raise PoisonMessage("decode", "ts_us is not in years 1-9999")
    return Origin(version, committed)


def _row(envelope: Row, side: str) -> Row:
    row = envelope.get(side)
    if not isinstance(row, dict):
        raise PoisonMessage("decode", f"the envelope has no row in {side}")
    return row


def _whole_row(envelope: Row, table: str) -> Row:
    """The row after a change, with every column of the contract.

    A column that is not there at all was renamed, dropped or generated: to read it as null would
    end links and change judgements that nothing in the shop's data has changed.

    Raises:
        IncompleteRow: a column is missing that anything is made of, or PostgreSQL left its value
            out.
    """
    row = _row(envelope, "after")
    columns = TABLES[table].columns.keys() - UNUSED
    if missing := sorted(column for column in columns if column not in row):
        raise IncompleteRow(
            "decode",
            f"{table} has no column {', '.join(missing)} (renamed, dropped or generated):"
            " `make status` has the command that mends it",
        )
    if absent := sorted(column for column in columns if row[column] == UNAVAILABLE):
        raise IncompleteRow("decode", f"{table}.{', '.join(absent)} was not sent: {_NEEDS_FULL}")
    return row


def _old_redemption(envelope: Row) -> Row:
    """The row before a change, as REPLICA IDENTITY FULL has it.

    Without that, PostgreSQL sends the key alone, and Debezium fills required columns in.

    Raises:
        IncompleteRow: there is none, or one of fillings.
    """
    row = envelope.get("before")
    if not isinstance(row, dict):
        raise IncompleteRow("decode", f"promo_usages: no row in before: {_NEEDS_FULL}")
    if is_key_alone(envelope):
        raise IncompleteRow("decode", f"promo_usages: the key alone in before: {_NEEDS_FULL}")
    return row


def is_key_alone(envelope: Row) -> bool:
    """Whether all that is told of a redemption before its change is its key."""
    row = envelope.get("before")
    return isinstance(row, dict) and row.get("user_id") == row.get("promo_code") == ""


def _account(operation: str, envelope: Row, origin: Origin, hashed: Hasher) -> RowChange:
    if operation == "d":
        return Erased(key_text(_row(envelope, "before"), "user_id"), origin)
    row = _whole_row(envelope, "users")
    identifier(row, "user_id")
    moment_us(row, "created_at")
    event = Updated if operation == "u" else Registered
    return event(profile(row, hashed), flag(row, "is_abuser"), origin)


def _redemption(operation: str, envelope: Row, origin: Origin, hashed: Hasher) -> RowChange:
    if operation == "d":
        row = _old_redemption(envelope)
        usage_id = bigint(row, "usage_id")
        return RedemptionWithdrawn(usage_id, key_text(row, "user_id"), origin)
    row = _whole_row(envelope, "promo_usages")
    user_id = identifier(row, "user_id")
    promo_code = identifier(row, "promo_code")
    before = _old_redemption(envelope) if operation == "u" else {}
    earlier = before.get("user_id")
    return Redeemed(
        usage_id=bigint(row, "usage_id"),
        user_id=user_id,
        promo_code=promo_code,
        used_at_us=moment_us(row, "used_at"),
        used_promo=flag(row, "used_promo"),
        origin=origin,
        previous_user_id=earlier if isinstance(earlier, str) and earlier != user_id else None,
        canonical_code=hashed.conventions.canonical_code(promo_code),
    )


def _code(operation: str, envelope: Row, origin: Origin, hashed: Hasher) -> RowChange:
    if operation == "d":
        gone = key_text(_row(envelope, "before"), "promo_code")
        return CodeWithdrawn(gone, origin, hashed.conventions.canonical_code(gone))
    row = _whole_row(envelope, "promo_codes")
    promo_code = identifier(row, "promo_code")
    amounts = {column: _decimal(row, column) for column in _AMOUNTS}
    terms = {column: None if amount is None else held(amount) for column, amount in amounts.items()}
    return CodeDefined(
        promo_code=promo_code,
        discount_type=text(row, "discount_type"),
        **terms,
        origin=origin,
        not_held=tuple(c for c in _AMOUNTS if amounts[c] is not None and terms[c] is None),
        canonical_code=hashed.conventions.canonical_code(promo_code),
    )


def _decimal(row: Row, column: str) -> Decimal | None:
    value = row.get(column)
    if value is None:
        return None
    if type(value) not in (str, int, float):
        raise PoisonMessage("decode", f"{column} is {kind_of(value)}, not a number")
    try:
        # Debezium names them as its SpecialValueDecimal does; NAN reads as it is.
        return Decimal(_INFINITIES.get(str(value), str(value)))
    except InvalidOperation:
        raise PoisonMessage("decode", f"{column} is not a decimal number") from None


_LARGEST_LSN = 2**53
"""Nine petabytes of log; Redis compares versions as 64-bit floats, which are exact up to here."""

_AMOUNTS = ("discount_value", "min_purchase_amount")
_INFINITIES = {"POSITIVE_INFINITY": "Infinity", "NEGATIVE_INFINITY": "-Infinity"}

_Reader = Callable[[str, Row, Origin, Hasher], RowChange]
_READERS: Mapping[str, _Reader] = {
    Topic.USERS: _account,
    Topic.PROMO_USAGES: _redemption,
    Topic.PROMO_CODES: _code,
}
