"""What only npm has, locked with hashes: installed once, in the cache."""

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from tests.conftest import CACHE

_INSTALLING_S = 300


def node_modules(locked: Path) -> Path:
    """The folder ``node_modules`` of what ``package-lock.json`` in a folder names.

    Raises:
        AssertionError: npm could not fetch it; the message is npm's.
    """
    lock = (locked / "package-lock.json").read_bytes()
    folder = CACHE / locked.name.replace("_", "-") / sha256(lock).hexdigest()[:12]
    if not (folder / "complete").exists():
        made = folder.with_name(f"{folder.name}.{os.getpid()}")
        made.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(locked / name, made)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(
            command, cwd=made, capture_output=True, text=True, timeout=_INSTALLING_S
        )
        assert done.returncode == 0, f"npm cannot fetch {locked.name}: {done.stderr}"
        (made / "complete").touch()
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return folder / "node_modules"
