"""Shuts this process in: no file but its own, no host, no program, whatever SQL it is given.

The engine has an ordinary function that reads any file and a clause that writes any
(``file()``, ``INTO OUTFILE``), and neither a grant nor a setting that forbids them when it is
embedded. Landlock, a part of Linux since 5.13, takes the rights from the process itself, as
whomever it runs: https://docs.kernel.org/userspace-api/landlock.html. What was open before stays
so; threads that are there already are not shut in, so it comes before the engine is loaded.
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from enum import IntFlag
from pathlib import Path

from connectors.errors import StackError

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2
_NO_NEW_PRIVS = 38
_NET_SINCE, _SCOPES_SINCE = 4, 6
_ENVIRONMENT_FIELD = 47
"""env_start, behind the name in proc_pid_stat(5)."""
_LIBC = ctypes.CDLL(None, use_errno=True)


class Right(IntFlag):
    """Rights on files, as the kernel numbers them."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


_KNOWN_SINCE = {Right.REFER: 2, Right.TRUNCATE: 3, Right.IOCTL_DEV: 5}
_READ = Right.READ_FILE | Right.READ_DIR
_OF_A_FILE = Right.READ_FILE | Right.WRITE_FILE | Right.TRUNCATE
_CHANGE = (
    _OF_A_FILE
    | Right.REMOVE_DIR
    | Right.REMOVE_FILE
    | Right.MAKE_DIR
    | Right.MAKE_REG
    | Right.MAKE_SYM
    | Right.REFER
)
# What Python and the engine look at: their own code, the machine's size and their own. Each of the
# engine's threads reads its own figures, below task; it would log an error for each query.
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo")
_MACHINE = (
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/loadavg", "/proc/stat", "/proc/uptime"),
    *("/proc/sys/vm/overcommit_memory", "/sys/kernel/mm/transparent_hugepage"),
    *("/sys/devices/system", "/sys/fs/cgroup", "/dev/urandom", "/etc/ld.so.cache"),
    *(f"/proc/self/{name}" for name in ("maps", "statm", "status", "stat", "cgroup", "task")),
)
_OWN_CODE = ("warehouse", "connectors")


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("fs", ctypes.c_uint64),
        ("net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _PortRule(ctypes.Structure):
    _fields_ = (("rights", ctypes.c_uint64), ("port", ctypes.c_uint64))


def confine(data: Path, port: int | None) -> bool:
    """Leave this process its code to read, ``data`` to change, and ``port`` to listen at.

    Args:
        data: the folder of its own; made if it is not there.
        port: to bind; None if it has its socket already.

    Returns:
        False where the kernel has no Landlock: then nothing has changed.

    Raises:
        StackError: the kernel has it and refuses.
    """
    version = _LIBC.syscall(_CREATE_RULESET, None, 0, _VERSION)
    if version < 1:
        return False
    data.mkdir(parents=True, exist_ok=True)
    known = _rights_of(version)
    network = 0b11 if version >= _NET_SINCE else 0
    scopes = 0b11 if version >= _SCOPES_SINCE else 0
    rules = _Ruleset(known, network, scopes)
    ruleset = _checked(_CREATE_RULESET, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    for path in _readable():
        _allow(ruleset, path, _READ & known)
    _allow(ruleset, data, (_READ | _CHANGE) & known)
    _allow(ruleset, Path("/dev/null"), _OF_A_FILE & known)
    if network and port is not None:
        bind = _PortRule(0b01, port)
        _checked(_ADD_RULE, ruleset, _NET_PORT, ctypes.byref(bind), 0)
    _LIBC.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    _checked(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return True


def forget_environment() -> None:
    """Keep the environment where this process alone finds it: no longer in ``/proc``.

    Passwords may stand there, and the engine may read that of its threads.
    """
    for name, value in os.environ.items():
        os.putenv(name, value)  # a copy of it elsewhere
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[_ENVIRONMENT_FIELD]), int(fields[_ENVIRONMENT_FIELD + 1])
    if start:
        ctypes.memset(start, 0, end - start)


def _readable() -> Iterable[Path]:
    root = Path(__file__).parents[2]
    yield from (root / name for name in _OWN_CODE)
    yield from map(Path, {sys.prefix, sys.base_prefix, *_LIBRARIES, *_MACHINE})


def _rights_of(version: int) -> int:
    return sum(right for right in Right if _KNOWN_SINCE.get(right, 1) <= version)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # Not on every system; what is not there need not be read.
    if not path.is_dir():
        rights &= _OF_A_FILE
    rule = _PathRule(rights, parent)
    _checked(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    if not path.is_relative_to("/proc"):
        os.close(parent)  # Left open there: /proc forgets a file that nobody has open, and the
        # rule is about the file that it was.


def _checked(call: int, *arguments: object) -> int:
    result = int(_LIBC.syscall(call, *arguments))
    if result < 0:
        why = os.strerror(ctypes.get_errno())
        raise StackError(f"the gateway cannot be shut in (Landlock, call {call}): {why}")
    return result
