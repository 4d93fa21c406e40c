"""Compare PostgreSQL with ClickHouse and Redis, and mend what differs.

``python -m stream_processors.reconcile`` reads every row of the three tables and what the stores
hold of them, while traffic runs; ``--apply`` sends what is missing, different or left over through
the source topics and compares again. It reads PostgreSQL as the reconciler's role, which may do
nothing but read, and ClickHouse as the API's. Where nothing differs any more, the times in which
rows may have changed without an event are over. Idempotent: interrupted, it is run again.

The exit code is 0 where both stores hold what PostgreSQL holds, 1 where they differ, 2 where it
could not be found out.
"""

import argparse
import resource
import sys
import time
from datetime import datetime

from connectors.command import run_command
from connectors.drain import show_drain
from connectors.errors import PromoError
from connectors.settings import Settings, load_settings
from connectors.source.gaps import close_gaps
from connectors.source.session import open_session
from stream_processors.reconcile.reconciliation import Found, Reconciliation
from stream_processors.reconcile.report import text

SAME, DIFFERENT, UNKNOWN = 0, 1, 2


def reconcile(settings: Settings, *, mends: bool) -> Found:
    """Compare, mend if asked to, and compare again what was mended; prints what it finds.

    Raises:
        SettingsError: a password or the hash key is not set.
        DependencyDown: a place does not answer.
        DrainStalled: the stream stands still.
        StackError: a transaction stays open in PostgreSQL.
    """
    reconciliation = Reconciliation(settings)
    try:
        began_at, found = _compare(reconciliation, mends=mends)
        if found.sent:
            print(f"{found.sent:,} messages sent to mend them", flush=True)
            show_drain(settings, None)
            began_at, found = _compare(reconciliation, mends=False)
            if found.differences:
                print(_UNMENDED, flush=True)
    finally:
        reconciliation.close()
    if not found.differences:
        with open_session(settings, "promo-reconcile") as shop:
            close_gaps(shop, began_at)
    return found


def _compare(reconciliation: Reconciliation, *, mends: bool) -> tuple[datetime, Found]:
    began_at = reconciliation.source.now()
    found = reconciliation.compare(mends=mends)
    print(text(found), flush=True)
    return began_at, found


_UNMENDED = (
    "what still differs was sent and not taken: `make dead-letters` has the reason, or a store has"
    " lost what only a replay brings back (`make replay GROUP=scoring` for Redis, GROUP=warehouse"
    " for ClickHouse)"
)


def main() -> int:
    """Compare the configured stack; see the module for the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m stream_processors.reconcile", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--apply", action="store_true", help="mend what differs")
    mends: bool = parser.parse_args().apply
    started = time.monotonic()
    try:
        found = reconcile(load_settings(), mends=mends)
    except PromoError as error:
        print(f"reconcile: {error}", file=sys.stderr)
        return UNKNOWN
    seconds = time.monotonic() - started
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    said = f"{found.differences:,} DIFFERENCES" if found.differences else "no differences"
    if found.differences and not mends:
        said += ", `make reconcile APPLY=1` mends them"
    print(f"reconcile: {said}, {seconds:.1f} s, {megabytes:.0f} MB")
    return DIFFERENT if found.differences else SAME


if __name__ == "__main__":
    run_command(main)
