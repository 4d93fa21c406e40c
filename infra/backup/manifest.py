"""The manifest of a backup: what it holds, and how to tell that all of it is there."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from connectors.errors import BackupError
from infra.backup.archive import SUFFIX, Packed, digest_of
from infra.backup.versions import Versions

FILE = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup.

    Attributes:
        made_at: when everything stood still, ISO 8601, UTC.
        versions: of servers and schema.
        archives: by the name of the store; a store that had nothing has none.
    """

    made_at: str
    versions: Versions
    archives: Mapping[str, Packed]

    @property
    def content_bytes(self) -> int:
        """What all archives become again."""
        return sum(packed.content_bytes for packed in self.archives.values())

    @property
    def archive_bytes(self) -> int:
        """What all archives take."""
        return sum(packed.archive_bytes for packed in self.archives.values())


def archive_of(backup: Path, store: str) -> Path:
    """Where the archive of a store lies."""
    return backup / f"{store}{SUFFIX}"


def write_manifest(backup: Path, manifest: Manifest) -> None:
    """Write it into the backup's folder, for its owner alone."""
    text = orjson.dumps({"format": FORMAT, **asdict(manifest)}, option=orjson.OPT_INDENT_2)
    descriptor = os.open(backup / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text + b"\n")


def read_manifest(backup: Path) -> Manifest:
    """The manifest of a backup's folder.

    Raises:
        BackupError: the folder is no backup, or one of another format.
    """
    try:
        read = orjson.loads((backup / FILE).read_bytes())
        if read["format"] != FORMAT:
            raise BackupError(f"{backup} is a backup of format {read['format']}, not {FORMAT}")
        archives = {name: Packed(**packed) for name, packed in read["archives"].items()}
        return Manifest(read["made_at"], Versions(**read["versions"]), archives)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BackupError(f"{backup} is no backup: its {FILE} cannot be read ({error})") from error


def verify(backup: Path, manifest: Manifest) -> None:
    """Read every archive and compare its digest.

    Raises:
        BackupError: one is missing or is not what was written.
    """
    for store, packed in manifest.archives.items():
        path = archive_of(backup, store)
        if not path.is_file():
            raise BackupError(f"{path} is missing: the backup is not whole")
        if digest_of(path) != packed.sha256:
            raise BackupError(f"{path} is damaged: its SHA-256 is not the manifest's")
