"""Backup and restore of the native stack: what stops it, and starts it again."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.errors import BackupError, StackError
from connectors.settings import Settings
from infra.backup.manifest import Manifest
from infra.backup.restore import restore
from infra.backup.save import Told, destination_of, save
from infra.backup.versions import versions_of
from infra.native import stack
from infra.native.layout import layout_of
from infra.native.postgres import SYSTEM_USER
from infra.native.supervision import Supervisor
from infra.native.tools import find_tools
from warehouse.migrate import MIGRATIONS


def save_stack(settings: Settings, into: Path, told: Told) -> Manifest:
    """Stop the stack, write a backup, start again what ran.

    Raises:
        BackupError: the backup cannot be written; the stack runs again, and where that is known
            beforehand it was not stopped at all.
        StackError: the stack does not stop, or not start again.
    """
    layout = layout_of(settings)
    to = destination_of(layout.state, into)
    versions = versions_of(find_tools(), MIGRATIONS)
    with _stopped(settings), stack.alone(layout):
        if Supervisor(layout).running():
            raise StackError("somebody has started the stack meanwhile: try again")
        return save(layout.state, to, versions, told)


def restore_stack(settings: Settings, backup: Path, *, force: bool) -> Manifest:
    """Bring the state folder of a stack that is down to what a backup holds.

    Args:
        settings: as they are without the secrets folder, whose files are about to be replaced.
        backup: the backup's folder.
        force: replace data that is there.

    Raises:
        BackupError: see :func:`infra.backup.restore.restore`.
        StackError: the stack runs, or a prerequisite is missing and cannot be installed here.
    """
    layout = layout_of(settings)
    if Supervisor(layout).running():
        raise BackupError("the stack is running: `make down` first")
    tools = stack.prepare(layout)
    key = settings.hash_key
    with stack.alone(layout):
        return restore(
            layout.state,
            backup,
            versions_of(tools, MIGRATIONS),
            force=force,
            hash_key=key.get_secret_value() if key else None,
            owners={"postgres": SYSTEM_USER} if os.geteuid() == 0 else None,
        )


@contextmanager
def _stopped(settings: Settings) -> Iterator[None]:
    running = [
        name for name, state in Supervisor(layout_of(settings)).states().items() if state.pid
    ]
    started = time.monotonic()
    stack.down(settings)
    try:
        yield
    finally:
        if running:
            stack.up(settings, parts=running)
            print(f"the stack was away for {time.monotonic() - started:.1f} s")
