"""What each part may see and who it is, and the command that makes it so.

:mod:`infra.native.confine` runs that command. Two walls stand behind each other: a user of its own
and a file system that holds nothing else.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from connectors.errors import StackError
from infra.native.accounts import Account, Accounts
from infra.native.layout import REPOSITORY, Layout

PROGRAM = Path(__file__).with_name("confine.py")
CODE = (
    "api", "connectors", "grafana", "infra", "ml", "simulator", "stream_processors", "warehouse",
    "pyproject.toml",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Confinement:
    """The bounds of one part.

    Args:
        user: the system user that it runs as, where root starts it.
        writable: its own folders; made, and given to that user.
        readable: what it reads beside the system's programs.
        secrets: files of the secrets folder that it is to know.
        copied: other private files that it is to know.
        listen: host and port of the one socket of a part that may reach no network; None leaves
            the network as it is.
    """

    user: str
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    secrets: tuple[str, ...] = ()
    copied: tuple[Path, ...] = ()
    listen: tuple[str, int] | None = None


def python_paths() -> tuple[Path, ...]:
    """What a part in Python reads: the interpreter, its packages and our code."""
    prefixes = {Path(prefix) for prefix in (sys.prefix, sys.base_prefix)}
    return (*sorted(prefixes), *(REPOSITORY / name for name in CODE))


def program_paths(program: str | Path) -> tuple[Path, ...]:
    """What an installed program reads: the folder that its ``bin`` is in."""
    return (Path(program).resolve().parent.parent,)


def refuse_closed_folders(layout: Layout, accounts: Accounts) -> None:
    """Make sure that other users than root get at what they need.

    Raises:
        StackError: they cannot read the code (a clone made under umask 077, say); or this kernel
            makes no namespaces, and a folder above the stack's own is closed to them.
    """
    closed = [path for path in python_paths() if path.exists() and not path.stat().st_mode & 0o004]
    if accounts and closed:
        names = " ".join(str(path) for path in closed)
        raise StackError(
            f"parts run as users of their own, who cannot read {names}: chmod -R go+rX {names}"
        )
    above = {*layout.state.parents, *layout.cache.parents}
    shut = sorted(str(path) for path in above if not path.stat().st_mode & 0o001)
    if accounts and shut and not has_namespaces():
        raise StackError(
            f"this kernel makes no namespaces, and parts cannot pass through {', '.join(shut)}: set"
            " PROMO_STATE_DIR and PROMO_CACHE_DIR to folders that others may pass through"
        )


def confined(
    name: str,
    command: Sequence[str],
    bounds: Confinement,
    layout: Layout,
    account: Account | None,
    folder: str = "/",
) -> list[str]:
    """A command line that runs ``command`` within bounds; it writes the file that says which.

    Args:
        name: of the file.
        command: what is to be run.
        bounds: its bounds.
        layout: of the stack.
        account: the user to become; None to stay.
        folder: the working directory.
    """
    file = layout.run / f"{name}.bounds.json"
    secrets = [layout.secrets / f"promo_{secret}" for secret in bounds.secrets]
    text = json.dumps(
        {
            "command": list(command),
            "folder": folder,
            "root": str(layout.root),
            "namespaces": has_namespaces(),
            "writable": _with_targets(bounds.writable),
            "readable": _with_targets(p for p in bounds.readable if not _in_system(p)),
            "copied": [str(path) for path in (*secrets, *bounds.copied)],
            "listen": bounds.listen,
            "uid": account.uid if account else None,
            "gid": account.gid if account else None,
            "groups": account.groups if account else (),
        }
    )
    file.touch(mode=0o600)
    file.write_text(text)
    return [sys.executable, "-I", "-S", str(PROGRAM), str(file)]


@cache
def has_namespaces() -> bool:
    """Whether this kernel lets us make mount and network namespaces."""
    flags = ["--mount", "--net"] + ([] if os.geteuid() == 0 else ["--user", "--map-current-user"])
    try:
        done = subprocess.run(["unshare", *flags, "true"], capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def _with_targets(paths: Iterable[Path]) -> list[str]:
    """The paths, and where those lead that are links: to another disk, say."""
    named = list(paths)
    return [str(path) for path in (*named, *(p.resolve() for p in named if p.is_symlink()))]


def _in_system(path: Path) -> bool:
    return path == Path("/usr") or Path("/usr") in path.parents
