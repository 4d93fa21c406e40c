"""Restoring a backup into a state folder in which nothing runs.

Everything is unpacked beside what is there and looked at; only then the two change places. What
fails before that leaves what was there. What is interrupted leaves a file that keeps the native
stack from starting on stores that may not fit each other, until the restore is run again.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pwd import getpwnam

from connectors.errors import BackupError
from infra.backup.archive import unpack
from infra.backup.manifest import Manifest, archive_of, read_manifest, verify
from infra.backup.save import MEGABYTE
from infra.backup.stores import REPLACED, STAGING, STORES, Store, present
from infra.backup.versions import Versions, refuse_unreadable
from infra.native.layout import UNFINISHED_RESTORE

HASH_KEY_FILE = "promo_hash_key"
CHANGING_PLACES = "old and new data were changing places\n"


def restore(
    state: Path,
    backup: Path,
    here: Versions,
    *,
    force: bool = False,
    hash_key: str | None = None,
    owners: Mapping[str, str] | None = None,
    told: Callable[[str], None] = print,
) -> Manifest:
    """Bring a state folder to what a backup holds; nothing may run.

    Args:
        state: the state folder; made where it is missing.
        backup: the backup's folder.
        here: versions of what will run on the files.
        force: replace data that is there.
        hash_key: the key that settings ask for by other means than the secrets folder; must be
            the backup's.
        owners: by store, the system user that its files must belong to, whoever owned them where
            they were saved; only for root.
        told: of what is done, for the operator.

    Raises:
        BackupError: the backup is damaged or not for this machine, or there is data and no
            ``force``; what was there is as it was.
    """
    manifest = read_manifest(backup)
    refuse_unreadable(manifest.versions, here)
    _refuse_data(state, force)
    verify(backup, manifest)
    told(f"  {len(manifest.archives)} archives of {manifest.made_at}, each as it was written")
    _check_room(state, manifest)
    with _staged(state, backup, manifest, told):
        _refuse_other_key(state, hash_key)
        for store, user in (owners or {}).items():
            _give(_named(store).folder(state) / STAGING, user)
        os.sync()
        _change_places(state)
    return manifest


def _refuse_data(state: Path, force: bool) -> None:
    there = [store.name for store in present(state)]
    if there and not force:
        raise BackupError(
            f"{state} has data ({', '.join(there)}), which a restore would replace: FORCE=1 does"
            " that; `make backup INTO=…` saves it before"
        )


def _check_room(state: Path, manifest: Manifest) -> None:
    state.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(state).free
    if free < manifest.content_bytes:
        raise BackupError(
            f"{state} has {free / MEGABYTE:,.0f} MB left and the backup needs"
            f" {manifest.content_bytes / MEGABYTE:,.0f} MB beside what is there: make room"
        )


@contextmanager
def _staged(
    state: Path, backup: Path, manifest: Manifest, told: Callable[[str], None]
) -> Iterator[None]:
    marker = state / UNFINISHED_RESTORE
    try:
        marker.touch()
        for name in manifest.archives:
            staging = _named(name).folder(state) / STAGING
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True, mode=0o700)
            unpack(archive_of(backup, name), staging)
            told(f"  {name} unpacked")
        yield
    except OSError as error:
        raise BackupError(f"the restore failed: {error}") from error
    finally:
        for store in STORES:
            shutil.rmtree(store.folder(state) / STAGING, ignore_errors=True)
        if marker.exists() and marker.read_text() != CHANGING_PLACES:
            marker.unlink()


def _refuse_other_key(state: Path, hash_key: str | None) -> None:
    kept = _named("secrets").folder(state) / STAGING / HASH_KEY_FILE
    if hash_key and kept.is_file() and kept.read_text().strip() != hash_key:
        raise BackupError(
            "PROMO_HASH_KEY is set, and is not the key that the backup's identifiers were hashed"
            " with: unset it, or set it to the backup's"
        )


def _change_places(state: Path) -> None:
    marker = state / UNFINISHED_RESTORE
    marker.write_text(CHANGING_PLACES)
    there = [store for store in STORES if store.folder(state).is_dir()]
    for store in there:
        folder = store.folder(state)
        shutil.rmtree(folder / REPLACED, ignore_errors=True)
        (folder / REPLACED).mkdir(mode=0o700)
        for entry in store.entries(state):
            entry.rename(folder / REPLACED / entry.name)
        if (folder / STAGING).exists():
            _move_in(store, folder)
    marker.unlink()
    for store in there:
        shutil.rmtree(store.folder(state) / REPLACED)


def _move_in(store: Store, folder: Path) -> None:
    staging = folder / STAGING
    for entry in staging.iterdir():
        entry.rename(folder / entry.name)
    if not store.only:
        was = staging.stat()
        os.chown(folder, was.st_uid, was.st_gid)
        folder.chmod(was.st_mode & 0o7777)


def _give(folder: Path, user: str) -> None:
    entry = getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def _named(name: str) -> Store:
    for store in STORES:
        if store.name == name:
            return store
    raise BackupError(f"the backup has an archive {name}, which this code does not know")
