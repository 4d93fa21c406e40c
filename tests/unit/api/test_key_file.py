"""A key file in a folder whose owner, the API's user, may have been taken over."""

import fcntl
import os
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.access import key_file
from api.access.key_file import held, read, write
from api.access.keys import KeyRing
from connectors.errors import KeyFileError

PATIENCE_S = 20
NAMES = ("api-keys.json", "api-keys.json.lock", "api-keys.json.new")
RING = KeyRing.of_secret("the secret of another stack", datetime.now(UTC))

Trap = Callable[[Path, Path], None]


def _link(path: Path, elsewhere: Path) -> None:
    path.symlink_to(elsewhere)


def _hard_link(path: Path, elsewhere: Path) -> None:
    write(elsewhere, RING)
    path.hardlink_to(elsewhere)


def _link_to_keys(path: Path, elsewhere: Path) -> None:
    write(elsewhere, RING)
    path.symlink_to(elsewhere)


def _pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def _device(path: Path, _: Path) -> None:
    path.symlink_to("/dev/zero")


def _folder(path: Path, _: Path) -> None:
    path.mkdir()


def _socket(path: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def _huge(path: Path, _: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


TRAPS: tuple[Trap, ...] = (
    _link, _hard_link, _link_to_keys, _pipe, _device, _folder, _socket, _huge,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """Ends a test that hangs, which is what some traps are for."""
    former = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "access"
    made.mkdir(mode=0o700)
    return made


def _change(path: Path) -> None:
    with held(path):
        write(path, read(path))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.__name__.strip("_"))
def test_a_trap_in_the_folder_is_named_or_replaced_and_leads_nowhere(
    folder: Path, tmp_path: Path, trap: Trap, name: str
) -> None:
    path, elsewhere = folder / NAMES[0], tmp_path / "elsewhere"
    trap(folder / name, elsewhere)
    before = elsewhere.read_bytes() if elsewhere.exists() else None
    # What is in the way of a new file is removed, but for a folder.
    if name == NAMES[2] and trap is not _folder:
        _change(path)
        assert read(path) == KeyRing()
    else:
        with pytest.raises(KeyFileError, match=str(folder)):
            _change(path)
    assert (elsewhere.read_bytes() if elsewhere.exists() else None) == before


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "access").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="link"):
        _change(tmp_path / "access" / NAMES[0])
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of other users")
def test_another_users_file_is_refused_and_roots_is_given_to_the_folders_owner(
    folder: Path,
) -> None:
    os.chown(folder, 4_000_001, 4_000_001)
    path = folder / NAMES[0]
    _change(path)
    assert path.stat().st_uid == 4_000_001
    os.chown(path, 4_000_002, 4_000_002)
    with pytest.raises(KeyFileError, match="another user"):
        read(path)


def test_a_lock_that_is_never_given_back_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_file, "LOCK_TIMEOUT_S", 0.1)
    with (folder / NAMES[1]).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(KeyFileError, match="locked by another process"):
            _change(folder / NAMES[0])
