"""The programs of the machine that the native stack runs."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Tools:
    """Where each program lies; empty when it is missing.

    Args:
        java: the runtime of JAVA_HOME, else of PATH.
        postgres: the folder of the newest server's binaries.
        redis: redis-server.
        maven: mvn.
    """

    java: str
    postgres: Path
    redis: str
    maven: str

    @cached_property
    def java_version(self) -> str:
        """What ``java -version`` says; empty without Java. Takes 50 ms once."""
        return first_output([self.java, "-version"]) if self.java else ""


def find_tools() -> Tools:
    """Look for all programs; nothing is run."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else ""
    return Tools(
        java=shutil.which(java) or shutil.which("java") or "",
        postgres=_postgres_binaries(),
        redis=shutil.which("redis-server") or "",
        maven=shutil.which("mvn") or "",
    )


def first_output(command: list[str]) -> str:
    """All that a command prints; empty when it cannot run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except OSError:
        return ""
    return done.stdout + done.stderr


def major_version(text: str) -> tuple[int, int]:
    """The first ``n.m`` (or lone ``n``) in a text, (0, 0) when there is none."""
    found = re.search(r"(\d+)(?:\.(\d+))?", text)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def _postgres_binaries() -> Path:
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: major_version(folder.parent.name),
    )
    on_path = shutil.which("initdb")
    with_server = [folder for folder in reversed(folders) if (folder / "initdb").exists()]
    if with_server:
        return with_server[0]
    return Path(on_path).resolve().parent if on_path else Path()
