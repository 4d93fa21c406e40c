"""Where the keys are kept: one private file, written whole, read again when it changes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from api.access.keys import KeyRing, decode, encode
from connectors.errors import KeyFileError, SettingsError
from connectors.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def read(path: Path) -> KeyRing:
    """The keys in the file; none where there is no file.

    Raises:
        KeyFileError: it is no key file, or may not be read.
    """
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        return KeyRing()
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from error


def write(path: Path, ring: KeyRing) -> None:
    """Replace the file whole; nobody but its owner may read it.

    Written by root, it belongs to the owner of its folder, who is the API's user.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(encode(ring))
        os.fsync(file.fileno())
    new.replace(path)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Within it nobody else changes the file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
            status = self.path.stat()
            found = (status.st_mtime_ns, status.st_ino)
        except FileNotFoundError:
            found = (0, 0)
        if found == self._seen:
            return False
        self._seen = found
        self.filed = read(self.path)
        self.ring = self.fixed.joined(self.filed)
        return True
