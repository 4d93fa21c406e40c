"""How Java is run: memory, and archives of loaded classes that halve the start time."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import ForeignFileError
from connectors.foreign_folder import open_file, opened_folder
from infra.config import LOG4J
from infra.native.accounts import write_private
from infra.native.jars import Jars
from infra.native.layout import Layout

FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",  # the supervisor starts it again; half alive helps nobody
    "-Xshare:auto",
    "-Djava.awt.headless=true",
    "-Duser.timezone=UTC",
)

CORES_TO_SPARE = 4
ON_FEW_CORES = ("-XX:TieredStopAtLevel=1",)
"""Without the second compiler, which takes the cores for minutes after a start. Measured at 300
events a second on two cores: 99 % within 0.2 s, where it was 14 s."""


MOST_ARCHIVE_BYTES = 256 << 20
"""Kafka's takes some 50 MB."""


@dataclass(frozen=True, slots=True)
class Jvm:
    """Makes command lines for one Java runtime and one set of jars.

    A program's first run records the classes it loads and writes them into an archive in the
    state folder when it stops; :meth:`keep_archives` moves that into the cache, beside the jars
    and named after the runtime, so that other jars or another Java never see it.
    """

    java: str
    version: str
    jars: Jars
    layout: Layout

    def command(
        self, name: str, main_class: str, config: Path, heap: str, *options: str
    ) -> list[str]:
        """A command line; ``name`` names the archive, ``heap`` is like ``64m:512m``."""
        first, most = heap.split(":")
        compiler = ON_FEW_CORES if len(os.sched_getaffinity(0)) < CORES_TO_SPARE else ()
        arguments = [f"-Xms{first}", f"-Xmx{most}", *FLAGS, *compiler, self._archive_flag(name)]
        arguments += [f"-Dlog4j2.configurationFile={LOG4J.as_uri()}"]
        arguments += [*options, "-cp", self.jars.class_path()]
        file = self.arguments(name)
        write_private(file, "\n".join(_quoted(argument) for argument in arguments) + "\n")
        return [self.java, f"@{file}", main_class, str(config)]

    def arguments(self, name: str) -> Path:
        """The file with the options of a program."""
        return self.layout.run / f"{name}.args"

    def keep_archives(self, names: list[str]) -> None:
        """Move what stopped programs have recorded into the cache; idempotent.

        What a part left there instead stays where it is, and is told.
        """
        for name in names:
            recorded, kept = self._recorded(name), self._kept(name)
            try:
                with opened_folder(recorded.parent) as folder:
                    if not kept.exists() and os.access(kept.parent, os.W_OK):
                        _take(folder, recorded.name, kept)
                    os.unlink(recorded.name, dir_fd=folder)
            except FileNotFoundError:
                continue
            except (ForeignFileError, OSError) as error:
                print(f"  {name} starts slowly: {error}")

    def _archive_flag(self, name: str) -> str:
        kept = self._kept(name)
        if kept.exists():
            return f"-XX:SharedArchiveFile={kept}"
        return f"-XX:ArchiveClassesAtExit={self._recorded(name)}"

    def _recorded(self, name: str) -> Path:
        return self.layout.run_of(name) / "classes.jsa"

    def _kept(self, name: str) -> Path:
        digest = hashlib.sha256(f"{self.java} {self.version}".encode()).hexdigest()[:8]
        return self.jars.folder / f"{name}-{digest}.jsa"


def _take(folder: int, name: str, kept: Path) -> None:
    """Copy a recorded archive: the part that it is of can change its own file, not the kept one."""
    new = kept.with_suffix(f".{os.getpid()}")
    recorded = open_file(folder, name, most_bytes=MOST_ARCHIVE_BYTES)
    with os.fdopen(recorded, "rb") as source, new.open("wb") as file:
        shutil.copyfileobj(source, file)
    new.chmod(0o644)
    new.replace(kept)


def _quoted(argument: str) -> str:
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'
