"""The system users that parts run as, and the folders that are theirs alone."""

import grp
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import StackError

GROUP = "promo"
"""Whoever judges accounts reads the models by it."""

OTHERS = stat.S_IRWXG | stat.S_IRWXO
LOOKING_IN = OTHERS & ~(stat.S_IXGRP | stat.S_IXOTH)
PASSING = 0o711
"""The mode of a folder through which others may go to what is theirs, and see nothing else."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the system, with the groups that it is in beside its own."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...] = ()


Accounts = Mapping[str, Account]


def ensure_accounts(names: Iterable[str]) -> Accounts:
    """The users of these names, made where they are missing.

    Returns:
        By name; empty unless this process is root, because nobody else can become another user.

    Raises:
        StackError: a user cannot be made; the message has the command.
    """
    if os.geteuid() != 0:
        return {}
    _ensure_group()
    group = grp.getgrnam(GROUP).gr_gid
    return {name: _ensure_account(name, group) for name in dict.fromkeys(names)}


def _ensure_group() -> None:
    try:
        grp.getgrnam(GROUP)
    except KeyError:
        _run(["groupadd", "--system", "--force", GROUP])


def _ensure_account(name: str, group: int) -> Account:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        _run(
            ["useradd", "--system", "--user-group", "--no-create-home"]
            + ["--home-dir=/nonexistent", "--shell=/usr/sbin/nologin", name]
        )
        entry = pwd.getpwnam(name)
    return Account(name, entry.pw_uid, entry.pw_gid, (group,))


def _run(command: list[str]) -> None:
    program = shutil.which(command[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    done = subprocess.run([program or command[0], *command[1:]], capture_output=True, text=True)
    if done.returncode:
        raise StackError(
            f"`{' '.join(command)}` failed: {done.stderr.strip()}: parts run as users of their own"
        )


def own(folder: Path, account: Account | None) -> None:
    """Make a folder that its owner alone may enter, and give it with all that is in it.

    Idempotent, and cheap once it is so. The folder itself comes last: what was interrupted is done
    again.
    """
    for made in (folder.parent, folder):
        made.mkdir(mode=0o700, exist_ok=True)
    folder = folder.resolve()  # it may lie on another disk
    status = folder.stat()
    uid, gid = (account.uid, account.gid) if account else (status.st_uid, status.st_gid)
    if (status.st_uid, status.st_gid) == (uid, gid) and not status.st_mode & OTHERS:
        return
    for path in (*_below(folder), folder):
        _make_private(path)
        os.chown(path, uid, gid, follow_symlinks=False)


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Replace a file whole by one that its owner alone may read: ``account``, or this process."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if account:
            os.fchown(descriptor, account.uid, account.gid)
        file.write(text)
    new.replace(path)


def share(folder: Path, account: Account | None) -> None:
    """Make a folder that root writes, and ``account``'s shared group reads; with all in it."""
    folder.mkdir(parents=True, mode=0o750, exist_ok=True)
    group = account.groups[0] if account else folder.stat().st_gid
    for path in (*_below(folder), folder):
        mode = path.lstat().st_mode
        os.chown(path, -1, group, follow_symlinks=False)
        if stat.S_ISDIR(mode):
            path.chmod(0o2750)  # what is made in it belongs to the group too
        elif stat.S_ISREG(mode):
            path.chmod(0o640)


def close_to_others(state: Path) -> None:
    """Close a state folder that others could look into, and everything in it; idempotent."""
    if not state.stat().st_mode & LOOKING_IN:
        return
    state.chmod(0o700)  # first: from here on nobody else gets at what is below
    for path in _below(state):
        _make_private(path)


def _below(folder: Path) -> Iterator[Path]:
    """Everything in a folder, what is deepest first; links are not followed."""
    for place, folders, files in os.walk(folder, topdown=False):
        yield from (Path(place, name) for name in (*files, *folders))


def _make_private(path: Path) -> None:
    mode = path.lstat().st_mode
    if not stat.S_ISLNK(mode) and mode & OTHERS:
        path.chmod(stat.S_IMODE(mode) & ~OTHERS)
