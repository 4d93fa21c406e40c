"""Become a part: give up what it does not need, then run its command in this very process.

``python -I confine.py FILE``, with a file that :mod:`infra.native.confinement` wrote. It needs the
standard library alone, and keeps its pid, so that the supervisor's signals reach the part.

What the part sees is a file system of its own that is empty but for the folders it reads, those it
writes, and copies of the secrets it is to know (mount_namespaces(7)). As root it then becomes the
part's user (setpriv(1)); as somebody else it stays who it is, and makes the namespace in a user
namespace of its own (user_namespaces(7)). Where the kernel allows neither, the user alone changes.
"""

import ctypes
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 1, 32, 4096, 8192, 16384, 1 << 18
LOCKED = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC
"""Flags that a bind mount in a user namespace has to keep; mount(2) numbers them alike."""

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sys")
CONFIGURATION = (
    "alternatives", "fonts", "group", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
    "localtime", "nsswitch.conf", "os-release", "passwd", "resolv.conf", "ssl", "timezone",
)  # fmt: skip
"""What programs look up in /etc, beside Java's folders; nothing in it is secret."""

DEVICES = ("null", "zero", "full", "random", "urandom")
FIRST_INHERITED_SOCKET = 3  # sd_listen_fds(3)

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Confine this process and run the command; does not return."""
    part = json.loads(Path(sys.argv[1]).read_text())
    environment = dict(os.environ)
    os.umask(0o022)  # mount points are there for the part to pass
    if part["listen"]:
        _listen(*part["listen"])
        environment |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    if part["namespaces"]:
        _enter_namespaces(offline=bool(part["listen"]))
        _change_root(part)
        environment |= {"HOME": "/tmp", "TMPDIR": "/tmp"}
    os.chdir(part["folder"])
    os.umask(0o077)
    command = _as_user(part) + part["command"]
    os.execvpe(command[0], command, environment)


def _listen(host: str, port: int) -> None:
    """Open the part's socket here: in a network namespace of its own it could not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    if listener.fileno() == FIRST_INHERITED_SOCKET:
        os.set_inheritable(listener.detach(), True)
    else:
        os.dup2(listener.fileno(), FIRST_INHERITED_SOCKET)


def _enter_namespaces(*, offline: bool) -> None:
    user, group = os.geteuid(), os.getegid()
    flags = CLONE_NEWNS | (CLONE_NEWNET if offline else 0) | (CLONE_NEWUSER if user else 0)
    _checked(_libc.unshare(flags), "a namespace")
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount(None, "/", MS_REC | MS_PRIVATE)


def _change_root(part: dict[str, Any]) -> None:
    """Make the part's file system in memory and go there.

    All mount points are made before anything of the part's own is mounted, so that no link that a
    part has left in its folders is ever followed.
    """
    root = Path(part["root"])
    _mount("tmpfs", root, 0, "tmpfs", "mode=755,size=16m")
    for folder in (root / "tmp", root / "dev/shm"):
        folder.mkdir(parents=True)
        _mount("tmpfs", folder, 0, "tmpfs", "mode=1777,size=1g")
    visible = sorted(_visible(part), key=lambda path: len(path.parts))
    for path in visible:
        _mirror(path, root)
    _copy(part, root)
    writable = {Path(path) for path in part["writable"]}
    for path in visible:
        if not path.is_symlink():
            _bind(path, root, read_only=path not in writable)
    # The old root stays below, out of reach, as switch_root(8) leaves it.
    os.chdir(root)
    _mount(".", "/", MS_MOVE)
    os.chroot(".")


def _visible(part: dict[str, Any]) -> list[Path]:
    java = [str(path) for path in Path("/etc").glob("java*")]
    configuration = [f"/etc/{name}" for name in CONFIGURATION]
    devices = [f"/dev/{name}" for name in DEVICES]
    paths = [*SYSTEM, *configuration, *java, *devices, *part["readable"], *part["writable"]]
    return [Path(path) for path in paths if os.path.lexists(path)]


def _mirror(path: Path, root: Path) -> None:
    """An empty folder or file, or the same link, where ``path`` is to be seen."""
    twin = root / str(path)[1:]
    if os.path.lexists(twin):
        return
    twin.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        twin.symlink_to(os.readlink(path))
    elif path.is_dir():
        twin.mkdir()
    else:
        twin.touch()


def _bind(path: Path, root: Path, *, read_only: bool) -> None:
    twin = root / str(path)[1:]
    _mount(str(path), twin, MS_BIND | MS_REC)
    if read_only and path.parts[1] not in ("proc", "sys", "dev"):
        flags = os.statvfs(twin).f_flag & LOCKED
        _mount(None, twin, MS_BIND | MS_REMOUNT | MS_RDONLY | flags)


def _copy(part: dict[str, Any], root: Path) -> None:
    """Secrets, for this part alone: in memory, where the originals are not seen."""
    # One that is missing is missed by whoever needs it, in words that fit.
    for path in filter(os.path.exists, part["copied"]):
        twin = root / path[1:]
        twin.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(twin, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        os.write(descriptor, Path(path).read_bytes())
        if os.geteuid() == 0:
            os.fchown(descriptor, part["uid"], part["gid"])
        os.close(descriptor)


def _as_user(part: dict[str, Any]) -> list[str]:
    if part["uid"] is None:
        return ["setpriv", "--no-new-privs"]
    command = ["setpriv", f"--reuid={part['uid']}", f"--regid={part['gid']}", "--no-new-privs"]
    command += [f"--groups={','.join(map(str, part['groups']))}"]
    if part["namespaces"]:
        return [*command, "--inh-caps=-all", "--bounding-set=-all"]
    # It may have to pass through folders that are closed to it (a clone under /root, say).
    return [*command, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


def _mount(
    source: str | None, target: str | Path, flags: int, kind: str | None = None, data: str = ""
) -> None:
    texts = [os.fsencode(text) if text else None for text in (source, str(target), kind)]
    done = _libc.mount(*texts, ctypes.c_ulong(flags), data.encode() or None)
    _checked(done, f"{source or 'the mount'} at {target}")


def _checked(answer: int, what: str) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)}: {what}")


if __name__ == "__main__":
    main()
