"""Where the keys are kept: one private file, written whole, read again when it changes."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from api.access.keys import KeyRing, decode, encode
from connectors.errors import ForeignFileError, KeyFileError, SettingsError
from connectors.foreign_folder import open_file, opened_folder
from connectors.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
MOST_BYTES = 1 << 20
"""A key takes some 400 bytes."""

LOCK_TIMEOUT_S = 10.0
LOCK_POLL_S = 0.05


def read(path: Path) -> KeyRing:
    """The keys in the file; none where there is no file.

    Raises:
        KeyFileError: it is no key file, or may not be read.
    """
    try:
        with _folder_of(path) as folder:
            file = open_file(folder, path.name, most_bytes=MOST_BYTES)
            with os.fdopen(file, "rb") as opened:
                return decode(opened.read(MOST_BYTES))
    except FileNotFoundError:
        return KeyRing()


def write(path: Path, ring: KeyRing) -> None:
    """Replace the file whole; nobody but its owner may read it.

    Written by root, it belongs to the owner of its folder, who is the API's user.

    Raises:
        KeyFileError: it cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.name + ".new"
    with _folder_of(path) as folder:
        with suppress(FileNotFoundError):
            os.unlink(new, dir_fd=folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(open_file(folder, new, flags, most_bytes=0), "wb") as file:
            if os.geteuid() == 0:
                owner = os.fstat(folder)
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(encode(ring))
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path.name, src_dir_fd=folder, dst_dir_fd=folder)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Within it nobody else changes the file.

    Raises:
        KeyFileError: somebody else does, for longer than :data:`LOCK_TIMEOUT_S`.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = path.name + ".lock"
    with _folder_of(path) as folder:
        lock = open_file(folder, name, os.O_WRONLY | os.O_CREAT, most_bytes=MOST_BYTES)
    with os.fdopen(lock, "w"):
        _lock(lock, path.with_name(name))
        yield


def _lock(lock: int, path: Path) -> None:
    """Take a lock; who owns the folder could keep it for ever, so not for ever."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise KeyFileError(
                    f"{path} is locked by another process (`fuser {path}` tells which): wait for"
                    " it, or end it"
                ) from None
        time.sleep(LOCK_POLL_S)


@contextmanager
def _folder_of(path: Path) -> Iterator[int]:
    """The key file's folder, opened; what is wrong with anything in it becomes a KeyFileError."""
    try:
        with opened_folder(path.parent) as folder:
            yield folder
    except FileNotFoundError:
        raise
    except ForeignFileError as error:
        raise KeyFileError(str(error)) from error
    except OSError as error:
        raise KeyFileError(
            f"{path} cannot be used: {error.strerror}; look at what is in {path.parent}"
        ) from error


@dataclass(slots=True)
class Keys:
    """The keys of a running process: the file's, and the one that a setting gives.

    A broken file leaves the keys as they were.
    """

    path: Path
    fixed: KeyRing
    filed: KeyRing = field(init=False, default=KeyRing())
    ring: KeyRing = field(init=False)
    _seen: tuple[int, int] = field(init=False, default=(0, 0))

    def __post_init__(self) -> None:
        self.ring = self.fixed
        self.refresh()

    @classmethod
    def of(cls, settings: Settings) -> "Keys":
        """The configured keys.

        Raises:
            SettingsError: nobody could ask, though others than this machine can reach the API.
            KeyFileError: the key file cannot be read.
        """
        text = settings.api_key.get_secret_value() if settings.api_key else ""
        if not text and settings.api_key_file.exists():
            text = settings.api_key_file.read_text().strip()
        fixed = KeyRing.of_secret(text, datetime.now(UTC)) if text else KeyRing()
        keys = cls(settings.api_key_hashes, fixed)
        if not keys.ring.live(datetime.now(UTC)) and settings.api_host not in LOOPBACK:
            raise SettingsError(
                f"the API would listen on {settings.api_host} and nobody has a key: make one with"
                f" `make api-key NAME=… SCOPES=…` (kept in {keys.path}), or set PROMO_API_KEY"
            )
        return keys

    def refresh(self) -> bool:
        """Read the file again if it is another than before; whether it was.

        Raises:
            KeyFileError: the key file cannot be read; the keys stay as they were.
        """
        try:
            status = self.path.lstat()
            found = (status.st_mtime_ns, status.st_ino)
        except FileNotFoundError:
            found = (0, 0)
        if found == self._seen:
            return False
        self._seen = found
        self.filed = read(self.path)
        self.ring = self.fixed.joined(self.filed)
        return True
