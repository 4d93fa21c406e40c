"""Writing a backup of a state folder in which nothing runs. A half one never looks like a whole."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.errors import BackupError
from infra.backup.archive import Packed, pack
from infra.backup.manifest import Manifest, archive_of, write_manifest
from infra.backup.stores import Store, allocated_bytes, present
from infra.backup.versions import Versions

MEGABYTE = 1_000_000
_POSTGRES_RUNS = ("postmaster.pid", "*/postmaster.pid", "*/*/postmaster.pid")
_SPARE = 1.05
"""LZ4 makes random data a little larger, and tar adds headers."""

Told = Callable[[str, Packed, float], None]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a backup comes to lie, and where it is written until it is whole."""

    folder: Path
    partial: Path


def destination_of(state: Path, into: Path) -> Destination:
    """Make sure that a backup can be written, before anything is stopped for it.

    Raises:
        BackupError: there is nothing to save, the folder is in use, cannot be written to, or has
            too little room.
    """
    folder = into.absolute()
    if not present(state):
        raise BackupError(f"there is nothing to save in {state}")
    if folder.is_relative_to(state.absolute()):
        raise BackupError(f"{folder} lies in the state folder: choose one that outlives it")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is there already: choose a new folder for each backup")
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        partial.rmdir()
    except OSError as error:
        raise BackupError(f"cannot write to {folder.parent}: {error.strerror}") from error
    _check_room(state, folder.parent)
    return Destination(folder, partial)


def save(state: Path, to: Destination, versions: Versions, told: Told) -> Manifest:
    """Write a backup; nothing may run.

    Args:
        state: the state folder.
        to: of :func:`destination_of`.
        versions: of what wrote these files.
        told: of every archive that is written, and in how many seconds.

    Raises:
        BackupError: PostgreSQL runs or was not stopped cleanly, or a file cannot be read or
            written; nothing is left at the destination then.
    """
    try:
        _refuse_running(state)
        to.partial.mkdir(mode=0o700)
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        archives = {s.name: _packed(s, state, to.partial, told) for s in present(state)}
        manifest = Manifest(made_at, versions, archives)
        write_manifest(to.partial, manifest)
        _sync(to.partial)
        to.partial.rename(to.folder)
        _sync(to.folder.parent)
    except OSError as error:
        raise BackupError(f"the backup failed: {error}") from error
    finally:
        shutil.rmtree(to.partial, ignore_errors=True)
    return manifest


def _packed(store: Store, state: Path, folder: Path, told: Told) -> Packed:
    started = time.monotonic()
    packed = pack(store, state, archive_of(folder, store.name))
    told(store.name, packed, time.monotonic() - started)
    return packed


def _check_room(state: Path, parent: Path) -> None:
    needed = int(sum(allocated_bytes(state, store) for store in present(state)) * _SPARE)
    free = shutil.disk_usage(parent).free
    if free < needed:
        raise BackupError(
            f"{parent} has {free / MEGABYTE:,.0f} MB left and the backup may take"
            f" {needed / MEGABYTE:,.0f} MB: make room, or choose another disk"
        )


def _refuse_running(state: Path) -> None:
    for store in present(state):
        for pattern in _POSTGRES_RUNS if store.name == "postgres" else ():
            if any(store.folder(state).glob(pattern)):
                raise BackupError(
                    f"PostgreSQL in {store.folder(state)} runs, or was not stopped cleanly: start"
                    " it, stop it and try again"
                )


def _sync(folder: Path) -> None:
    for path in (*(entry for entry in folder.iterdir() if entry.is_file()), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
