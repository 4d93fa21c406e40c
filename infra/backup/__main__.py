"""``python -m infra.backup save|restore``: see ``make help`` and docs/deployment.md.

Without ``--state`` it is about the native stack, which ``save`` stops and starts again. With it,
about a folder in which nothing runs: volumes of containers, say, mounted where
:mod:`infra.backup.stores` looks for them.
"""

import argparse
import signal
import sys
import time
from pathlib import Path

from connectors.command import explain, run_command
from connectors.errors import BackupError, PromoError
from connectors.settings import load_settings
from infra.backup.archive import Packed
from infra.backup.manifest import Manifest
from infra.backup.restore import restore
from infra.backup.save import MEGABYTE, destination_of, save
from infra.backup.versions import versions_of
from warehouse.migrate import MIGRATIONS


def main() -> int:
    """Run one command; the exit code is 0 when all is well."""
    # What is under way is undone, and the stack started again, also when told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before the backup was whole"))
    arguments, started = _arguments(), time.monotonic()
    try:
        if arguments.command == "save":
            manifest = _save(arguments.state, arguments.into)
            print(f"{_size(manifest)} in {arguments.into} ({time.monotonic() - started:.1f} s)")
        else:
            manifest = _restore(arguments.state, arguments.source, arguments.force)
            print(f"{_size(manifest)} restored ({time.monotonic() - started:.1f} s)")
            print("start it: make up" if arguments.state is None else "start what runs on it")
    except PromoError as error:
        print(explain(error), file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.backup", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    saving = commands.add_parser("save", help="write a backup into a new folder")
    saving.add_argument("--into", type=_folder, required=True, help="the backup's folder")
    restoring = commands.add_parser("restore", help="bring back what a backup holds")
    restoring.add_argument("--from", dest="source", type=_folder, required=True)
    restoring.add_argument("--force", action="store_true", help="replace data that is there")
    for command in (saving, restoring):
        command.add_argument("--state", type=Path, help="a folder in which nothing runs")
    return parser.parse_args()


def _folder(text: str) -> Path:
    # An empty name would be the folder that this runs in.
    if not text:
        raise argparse.ArgumentTypeError(
            "name the backup's folder: `make backup INTO=dir`, `make restore FROM=dir`"
        )
    return Path(text)


def _save(state: Path | None, into: Path) -> Manifest:
    if state is None:
        # Images have no supervisor, and need none for what is below.
        from infra.backup.native import save_stack

        return save_stack(load_settings(), into, _told)
    to = destination_of(state, into)
    return save(state, to, versions_of(None, MIGRATIONS), _told)


def _restore(state: Path | None, source: Path, force: bool) -> Manifest:
    if not source.is_dir():
        raise BackupError(f"there is no folder {source}")
    if state is None:
        from infra.backup.native import restore_stack

        return restore_stack(load_settings(secret_files=False), source, force=force)
    return restore(state, source, versions_of(None, MIGRATIONS), force=force)


def _told(store: str, packed: Packed, seconds: float) -> None:
    content, archive = packed.content_bytes / MEGABYTE, packed.archive_bytes / MEGABYTE
    print(f"  {store:<12} {content:9,.1f} MB -> {archive:8,.1f} MB {seconds:6.1f} s", flush=True)


def _size(manifest: Manifest) -> str:
    content, archives = manifest.content_bytes / MEGABYTE, manifest.archive_bytes / MEGABYTE
    return f"{content:,.0f} MB as {archives:,.0f} MB"


if __name__ == "__main__":
    run_command(main)
