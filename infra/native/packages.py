"""Installing Debian or Ubuntu packages without starting the services they bring."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from connectors.errors import StackError

INSTALL_TIMEOUT_S = 900
SHOWN_LINES = 15
CLUSTER_CONFIG = Path("/etc/postgresql-common/createcluster.conf")
POLICY = Path("/usr/sbin/policy-rc.d")


def can_install() -> bool:
    """Whether this is Debian or Ubuntu and we are root, or become it without a password."""
    return shutil.which("apt-get") is not None and _as_root() is not None


def install(wanted: Sequence[tuple[str, ...]]) -> None:
    """Install of each tuple the first package that the system offers, and what it depends on.

    Services that they bring are neither set up nor started.

    Raises:
        StackError: apt fails; the message has its last lines and the command to run by hand.
    """
    started = time.monotonic()
    print("  asking for the system's packages …", flush=True)
    _run(["apt-get", "update", "-q"], [names[0] for names in wanted])
    packages = [_offered(names) for names in wanted]
    print(f"  installing {', '.join(packages)} …", flush=True)
    if "postgresql" in " ".join(packages):
        _prevent_default_cluster(packages)
    command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    held = _forbid_service_starts(packages)
    try:
        _run(command, packages)
    finally:
        if held:
            _run(["rm", "-f", str(POLICY)], packages)
    print(f"  installed ({time.monotonic() - started:.1f} s)")


def _offered(names: tuple[str, ...]) -> str:
    for name in names:
        shown = subprocess.run(["apt-cache", "show", name], capture_output=True)
        if shown.returncode == 0:
            return name
    raise StackError(f"this system offers none of {', '.join(names)}: install one by hand")


def _prevent_default_cluster(packages: list[str]) -> None:
    if not CLUSTER_CONFIG.exists():
        _write(CLUSTER_CONFIG, "create_main_cluster = false\n", "644", packages)


def _forbid_service_starts(packages: list[str]) -> bool:
    # Debian asks this script whether a package may start its service; 101 says no.
    if POLICY.exists():
        return False
    _write(POLICY, "#!/bin/sh\nexit 101\n", "755", packages)
    return True


def _write(path: Path, text: str, mode: str, packages: list[str]) -> None:
    with tempfile.NamedTemporaryFile("w") as source:
        source.write(text)
        source.flush()
        _run(["install", "-D", "-m", mode, source.name, str(path)], packages)


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    able = subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
    return ["sudo", "-n"] if able else None


def _run(command: list[str], packages: list[str]) -> None:
    root = _as_root() or []
    done = subprocess.run(
        [*root, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-SHOWN_LINES:])
        raise StackError(
            f"`{' '.join(command)}` failed:\n{last}\n"
            f"install by hand: apt-get install {' '.join(packages)}"
        )
