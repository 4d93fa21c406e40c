"""``python -m ml.backtest``: what changed rules, policy or model would have said.

Every account's latest risk is computed by the judge that holds and by the one that is tried,
from the warehouse's rows or, with ``--folder``, from CSV files. Nothing is written anywhere.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import orjson

from connectors.command import explain, run_command
from connectors.errors import PromoError
from connectors.events import Change
from connectors.profile import conventions_of
from connectors.settings import Settings, load_settings
from ml.backtest.comparison import compare
from ml.backtest.folder import folder_changes
from ml.backtest.judges import Trial, present, tried
from ml.backtest.report import document, text
from ml.memory_store import MemoryStore
from warehouse.changes import current_changes
from warehouse.client import reader


def main() -> int:
    """Run a backtest; 1 and one line on standard error where something it needs is missing."""
    asked = _arguments()
    try:
        _backtest(load_settings(), asked)
    except PromoError as error:
        print(f"backtest: {explain(error)}", file=sys.stderr)
        return 1
    return 0


def _backtest(settings: Settings, asked: argparse.Namespace) -> None:
    started = time.monotonic()
    before = present(settings)
    after = tried(settings, before, Trial(asked.policy, asked.model, asked.promote_shadow))
    store = MemoryStore()
    store.apply(_changes(settings, asked.folder))
    read_s = time.monotonic() - started
    found = compare(store, before, after)
    print(text(found, before, after, asked.limit, settings.value_currency))
    if asked.json is not None:
        _write(asked.json, document(found, before, after, asked.limit))
    judged_s = time.monotonic() - started - read_s
    print(f"\nbacktest: read {read_s:.1f} s, judged {judged_s:.1f} s", flush=True)


def _changes(settings: Settings, folder: Path | None) -> Iterable[Change]:
    if folder is None:
        return current_changes(reader(settings))
    return folder_changes(folder, conventions_of(settings))


def _write(path: Path, report: object) -> None:
    try:
        path.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise PromoError(f"cannot write {path}: {error.strerror}") from error


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ml.backtest", description=__doc__)
    parser.add_argument("--policy", type=Path, help="a policy file (TOML) to try")
    parser.add_argument("--model", help="a bundle's version to try, or `rules` for none")
    parser.add_argument("--folder", type=Path, help="CSV files instead of the warehouse")
    parser.add_argument(
        "--promote-shadow",
        action="store_true",
        help="try what runs in shadow: rules act, the challenger judges",
    )
    parser.add_argument("--limit", type=_count, default=20, help="accounts to name (20)")
    parser.add_argument("--json", type=Path, help="write the report there as well")
    return parser.parse_args()


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number


if __name__ == "__main__":
    run_command(main)
