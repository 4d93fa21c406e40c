"""Opening files in a folder whose owner may have left a trap there.

Commands of root's read and write in folders that belong to parts of the stack. Whoever took such a
part over can put links there that lead elsewhere, pipes and devices that never answer, files
without an end. So no path goes through such a folder: it is opened once, everything else relative
to it, and what was opened is looked at before it is used (openat(2)).
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.errors import ForeignFileError

_GUARDED = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def opened_folder(path: Path) -> Iterator[int]:
    """The descriptor of a folder.

    Raises:
        FileNotFoundError: there is none.
        ForeignFileError: it is a link, or no folder.
    """
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _GUARDED)
    except NotADirectoryError as error:
        raise ForeignFileError(f"{path} is a link, or no folder: name the folder itself") from error
    try:
        yield folder
    finally:
        os.close(folder)


def open_file(folder: int, name: str, flags: int = os.O_RDONLY, *, most_bytes: int) -> int:
    """Open a regular file of an opened folder; made with mode 0600 where ``flags`` say so.

    Args:
        folder: the descriptor of :func:`opened_folder`.
        name: the file's, without a path.
        flags: of open(2).
        most_bytes: a larger file is refused.

    Raises:
        FileNotFoundError: there is none.
        ForeignFileError: it is no regular file, another user's, known by other names too, or too
            large.
        OSError: it may not be opened.
    """
    try:
        file = os.open(name, flags | _GUARDED, 0o600, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        # A link (ELOOP), a pipe that nobody reads (ENXIO), a folder or a socket.
        reason = _fault(os.stat(name, dir_fd=folder, follow_symlinks=False), folder, most_bytes)
        if not reason:
            raise
        raise _refusal(folder, name, reason) from error
    if reason := _fault(os.fstat(file), folder, most_bytes):
        os.close(file)
        raise _refusal(folder, name, reason)
    return file


def _fault(status: os.stat_result, folder: int, most_bytes: int) -> str:
    """Why a file is not to be used; empty if it is."""
    if not stat.S_ISREG(status.st_mode):
        return "is no regular file"
    if status.st_uid not in {os.fstat(folder).st_uid, os.geteuid(), 0}:
        return "belongs to another user than its folder"
    if status.st_nlink > 1:
        return "has other names too (hard links)"
    if status.st_size > most_bytes:
        return f"has {status.st_size} bytes, more than {most_bytes}"
    return ""


def _refusal(folder: int, name: str, reason: str) -> ForeignFileError:
    place = Path(os.readlink(f"/proc/self/fd/{folder}"))
    return ForeignFileError(
        f"{place / name} {reason}, and was not used: find out who put it there, and remove it"
    )
