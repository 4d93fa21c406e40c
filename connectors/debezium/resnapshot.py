"""Have Debezium read the tables from the beginning: ``python -m connectors.debezium.resnapshot``.

For when its place in PostgreSQL's log is gone: the replication slot was dropped or invalidated, or
PostgreSQL was restored to an older state. A snapshot alone would not do then:

- what was deleted meanwhile, or is of a future that the restored database never had, is in no
  snapshot, and would stay in every store: the source topics are told of its deletion;
- rows' versions are positions in the log, and a restored log is behind them: it is moved on first,
  or what the shop does next would pass for old.

Changes nothing else: every row comes again, as it is. Stopped in the middle, it is run again.
"""

import sys
import time
from collections.abc import Callable
from typing import Any, LiteralString

from connectors.command import explain, run_command
from connectors.debezium.register import register
from connectors.debezium.rest import ConnectRest
from connectors.debezium.slot import SLOT
from connectors.debezium.standing import KEY_COLUMNS, standing
from connectors.debezium.withdrawn import Withdrawer, gone
from connectors.drain import show_drain
from connectors.errors import PromoError, StackError
from connectors.lag import Offsets
from connectors.settings import Settings, load_settings
from connectors.source.gaps import accept_slot, close_gaps
from connectors.source.moment import move_log_beyond, settled_position
from connectors.source.session import Connection, SourceRole, open_session

STOP_TIMEOUT_S = 60.0
START_TIMEOUT_S = 120.0
POLL_S = 0.2

_DROP = (
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
    " WHERE slot_name = $1 AND NOT active"
)
_SLOTS = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = $1"
_READ = (
    "SELECT active AND confirmed_flush_lsn IS NOT NULL FROM pg_replication_slots"
    " WHERE slot_name = $1"
)


def resnapshot(settings: Settings) -> None:
    """Begin again from the tables, and return when all of it has been processed. Idempotent.

    Raises:
        SettingsError: a role's password is not set.
        DependencyDown: PostgreSQL, Kafka or Connect does not answer.
        StackError: the connector or the slot does not do as it is told.
        DrainStalled: a consumer does not get on.
    """
    rest = ConnectRest(settings)
    with open_session(settings, "promo-resnapshot") as shop:
        _stop(rest)
        _drop_slot(settings, shop)
        move_log_beyond(shop, _remembered(rest))
        withdrawn = _withdraw(settings, shop, move_log_beyond)
        rest.forget_offsets()
        rest.resume()
        register(settings, START_TIMEOUT_S)
        _until(lambda: _is_read(shop), "Debezium makes no new slot", START_TIMEOUT_S)
        read_at = _first_value(shop, "SELECT now()")
        # What was deleted before the new slot was there, and after its partition was looked at.
        withdrawn += _withdraw(settings, shop, lambda live, _: settled_position(live))
        print(f"deletions that Debezium has not told: {withdrawn:,}", flush=True)
        lsn = _first_value(shop, "SELECT pg_current_wal_insert_lsn()::text")
        close_gaps(shop, read_at)
        accept_slot(shop)
    print("the connector runs and reads every row again", flush=True)
    show_drain(settings, str(lsn))


def _stop(rest: ConnectRest) -> None:
    rest.stop()
    over = {"STOPPED", "MISSING"}
    _until(lambda: rest.health().connector in over, "the connector does not stop", STOP_TIMEOUT_S)
    print("the connector is stopped, until this command has succeeded", flush=True)


def _remembered(rest: ConnectRest) -> int:
    """The last version that Debezium has told, as far as it remembers: its offsets' positions."""
    told = (int(at) for name, at in rest.offsets().items() if name.startswith("lsn") and at)
    return max(told, default=0)


def _drop_slot(settings: Settings, shop: Connection) -> None:
    """As Debezium's own role; PostgreSQL ends a reader that is gone within moments."""
    with open_session(settings, "promo-resnapshot", SourceRole.CDC) as replication:

        def is_gone() -> bool:
            replication.execute(_DROP, (SLOT,))
            return not _first_value(shop, _SLOTS, SLOT)

        _until(is_gone, f"somebody else reads slot {SLOT}", STOP_TIMEOUT_S)


def _withdraw(
    settings: Settings, shop: Connection, version_after: Callable[[Connection, int], int]
) -> int:
    """Tell the topics of every row that they have and the tables have not; returns how many.

    Args:
        version_after: the version of what is told, behind one that the topic has. While rows are
            read, no transaction may be open that has written before it.
    """
    ends, withdrawer, count = Offsets(settings).all_ends(KEY_COLUMNS), Withdrawer(settings), 0
    for topic, of_topic in ends.items():
        for partition, end in enumerate(of_topic):
            found = standing(settings, topic, partition, end)
            # Read before the tables are asked: a row that comes later has a later version.
            version = version_after(shop, found.version)
            keys = list(gone(shop, topic, found))
            withdrawer.withdraw(topic, partition, found, keys, version)
            count += len(keys)
    return count


def _is_read(shop: Connection) -> bool:
    return bool(_first_value(shop, _READ, SLOT))


def _first_value(connection: Connection, question: LiteralString, *values: object) -> Any:
    row = connection.execute(question, values).fetchone()
    return row[0] if row else None


def _until(holds: Callable[[], bool], otherwise: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise StackError(f"{otherwise} within {timeout_s:.0f} s; run this again")
        time.sleep(POLL_S)


def main() -> int:
    """Do it with the configured stack; the exit code is 0 then."""
    try:
        resnapshot(load_settings())
    except PromoError as error:
        print(f"resnapshot: {explain(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run_command(main)
