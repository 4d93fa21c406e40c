"""``python -m ml.parity``: does every published vector follow from the warehouse's events?

Run it on a drained stream: what is still under way differs. Exit code 1 where anything differs,
is missing or is not explained.
"""

import argparse
import sys
import time
from functools import cache
from itertools import chain

from connectors.command import explain, run_command
from connectors.errors import BundleError, PromoError
from connectors.settings import Settings, load_settings
from ml.bundle import load
from ml.features.feature import Common
from ml.parity.check import Commons, Parity, check
from ml.parity.report import text
from ml.parity.standing import standing_of
from ml.scorer import RULES_ONLY
from warehouse.changes import current_changes, removals
from warehouse.client import reader
from warehouse.scorings import every_scoring


def main() -> int:
    """Check, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m ml.parity", description=__doc__)
    parser.add_argument("--limit", type=int, default=10, help="entries of each list to show (10)")
    limit: int = parser.parse_args().limit
    started = time.monotonic()
    try:
        found = parity(load_settings())
    except PromoError as error:
        print(f"parity: {explain(error)}", file=sys.stderr)
        return 1
    print(text(found, limit))
    print(f"parity: {'holds' if found.holds else 'BROKEN'}, {time.monotonic() - started:.1f} s")
    return 0 if found.holds else 1


def parity(settings: Settings) -> Parity:
    """Check everything that the warehouse holds.

    Raises:
        DependencyDown: ClickHouse does not answer.
    """
    client = reader(settings)
    standing = standing_of(chain(removals(client), current_changes(client)))
    return check(standing, every_scoring(client), commons_in(settings))


def commons_in(settings: Settings) -> Commons:
    """The bundles in the models' folder, each read once."""

    @cache
    def common(version: str) -> Common | None:
        if version == RULES_ONLY:
            return Common()
        try:
            return load(settings.models_dir, version).common
        except BundleError:
            return None

    return common


if __name__ == "__main__":
    run_command(main)
