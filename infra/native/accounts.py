"""The system users that parts run as, and the folders that are theirs alone."""

import fcntl
import grp
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from connectors.errors import StackError

GROUP = "promo"
"""Whoever judges accounts reads the models by it."""

LOCK = "/run/promo-accounts.lock"
"""Held while users are looked up and made: several stacks may start at once."""

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
    # Of two useradd at once, each may make the same user, with another number.
    with os.fdopen(os.open(LOCK, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
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
    for place, name in _below(folder):
        _make_private(name, place)
        os.chown(name, uid, gid, dir_fd=place, follow_symlinks=False)
    _make_private(str(folder))
    os.chown(folder, uid, gid)


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
    for place, name in chain(_below(folder), [(None, str(folder))]):
        os.chown(name, -1, group, dir_fd=place, follow_symlinks=False)
        # What is made in a folder belongs to the group too.
        _set_mode(name, place, lambda mode: 0o2750 if stat.S_ISDIR(mode) else 0o640)


def close_to_others(state: Path) -> None:
    """Close a state folder that others could look into, and everything in it; idempotent."""
    if not state.stat().st_mode & LOOKING_IN:
        return
    state.chmod(0o700)  # first: from here on nobody else gets at what is below
    for place, name in _below(state):
        _make_private(name, place)


def _below(folder: Path) -> Iterator[tuple[int, str]]:
    """Everything in a folder, what is deepest first: by the descriptor of its folder and its name.

    Links are not followed, and what becomes one meanwhile leads nowhere: whoever owns a folder in
    there may still be at work.
    """
    for _, folders, files, place in os.fwalk(folder, topdown=False):
        yield from ((place, name) for name in (*files, *folders))


def _make_private(name: str, place: int | None = None) -> None:
    _set_mode(name, place, lambda mode: stat.S_IMODE(mode) & ~OTHERS)


def _set_mode(name: str, place: int | None, mode_of: Callable[[int], int]) -> None:
    """Change the mode of a file or folder, of nothing else; chmod(2) itself would follow a link."""
    entry = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    try:
        mode = os.fstat(entry).st_mode
        settable = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        if settable and mode_of(mode) != stat.S_IMODE(mode):
            os.chmod(f"/proc/self/fd/{entry}", mode_of(mode))
    finally:
        os.close(entry)
