"""One store as one file: a tar stream, compressed with LZ4, with a digest of what was written.

``lz4 -dc postgres.tar.lz4 | tar -x`` reads it without this code. Owners are kept by name as well
as by number, so that PostgreSQL's files belong to ``postgres`` on a machine that numbers users
otherwise; modes, times and symbolic links are kept.
"""

import hashlib
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from lz4 import frame

from connectors.errors import BackupError
from infra.backup.stores import Store

SUFFIX = ".tar.lz4"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Packed:
    """What an archive is: its digest and size, and how much it becomes again.

    ``content_bytes`` is the sum of the sizes of ``files`` files.
    """

    sha256: str
    archive_bytes: int
    content_bytes: int
    files: int


def pack(store: Store, state: Path, archive: Path) -> Packed:
    """Write a store into a new file that nobody else may read; returns when it is on the disk.

    Raises:
        OSError: a file cannot be read or written.
    """
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        digested = _Digested(file)
        # LZ4's file objects and ours are files to tarfile; their types do not say so.
        with frame.open(digested, "wb", content_checksum=True) as stream:
            files, content = _write_tar(store, state, cast(IO[bytes], stream))
        file.flush()
        os.fsync(file.fileno())
    return Packed(digested.sha256.hexdigest(), digested.size, content, files)


def unpack(archive: Path, folder: Path) -> None:
    """Write an archive's content into a folder, and give the folder the owner and mode it had.

    Symbolic links are made at the end, so that nothing is written through one.

    Raises:
        BackupError: the archive is damaged, or holds a path that leads out of the folder.
    """
    links = []
    try:
        with frame.open(archive, "rb") as stream, _reading(stream) as tar:
            for member in tar:
                _refuse_strays(member)
                if member.issym():
                    links.append(member)
                else:
                    tar.extract(member, folder)
            for link in links:
                tar.extract(link, folder)
    except (RuntimeError, EOFError, tarfile.TarError) as error:
        raise BackupError(f"{archive} cannot be unpacked: {error}") from error


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Digested:
    """A file that is written only, and digested on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def read(self, *_: object) -> bytes:
        raise OSError("written only")


def _write_tar(store: Store, state: Path, stream: IO[bytes]) -> tuple[int, int]:
    with tarfile.open(fileobj=stream, mode="w|", bufsize=_CHUNK, format=tarfile.PAX_FORMAT) as tar:
        if not store.only:
            tar.add(store.folder(state), arcname=".", recursive=False)
        for entry in store.entries(state):
            tar.add(entry, arcname=entry.name, filter=_with_content)
        members = tar.getmembers()
    return sum(member.isfile() for member in members), sum(member.size for member in members)


def _with_content(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """None for pipes and devices: they hold nothing, and no backup with one can be restored."""
    return member if member.isfile() or member.isdir() or _is_link(member) else None


def _is_link(member: tarfile.TarInfo) -> bool:
    return member.issym() or member.islnk()


@contextmanager
def _reading(stream: object) -> Iterator[tarfile.TarFile]:
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|", bufsize=_CHUNK) as tar:
        # Where Python has filters, everything is kept as it was: the paths are looked at here.
        tar.extraction_filter = staticmethod(lambda member, path: member)
        yield tar


def _refuse_strays(member: tarfile.TarInfo) -> None:
    paths = [PurePosixPath(member.name)]
    if member.islnk():
        paths.append(PurePosixPath(member.linkname))
    if any(path.is_absolute() or ".." in path.parts for path in paths):
        raise BackupError(f"{member.name} in the archive leads out of its folder")
    if _with_content(member) is None:
        raise BackupError(f"{member.name} in the archive is neither file, folder nor link")
