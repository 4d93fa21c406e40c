"""Who holds a port, and what a stack that was cut down has left behind."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil

from connectors.errors import DependencyDown, StackError
from connectors.peers import TABLES, listeners, user_name
from infra.native.accounts import Accounts
from infra.native.layout import Layout
from infra.native.parts import Part, Port

LEFTOVER_TIMEOUT_S = 30.0
KNOWS_SOCKETS = TABLES[0].exists()
"""Whether this system tells whose sockets are whose: Linux does."""


def check_ports(parts: list[Part]) -> None:
    """Make sure that parts which are about to start find their ports free.

    Raises:
        StackError: one or more are taken; the message says by whom and which setting moves it.
    """
    taken = [
        f"port {port.number} of {part.name} is taken{_by(port)}: stop that, or set"
        f" PROMO_{port.setting} to another"
        for part in parts
        for port in part.ports
        if not _free(port)
    ]
    if taken:
        raise StackError("\n".join(taken))


def check_holder(part: Part, pid: int) -> None:
    """Make sure that a part's ports are held by its own process, or one that it has started.

    The sockets are looked up here, not where the process is: it may have been handed its own from
    outside a network namespace.

    Raises:
        DependencyDown: nobody listens there, or somebody else; the message says who.
    """
    if not KNOWS_SOCKETS:
        return
    found = [(port, listeners(port.host, port.number)) for port in part.ports]
    for port, listening in found:
        if not listening:
            raise DependencyDown(f"nothing listens on port {port.number} yet")
    own = _inodes(pid) if found else set[str]()
    for port, listening in found:
        strange = [s for s in listening if s.inode not in own]
        if strange:
            user = user_name(strange[0].uid)
            raise DependencyDown(
                f"port {port.number} is held{_by(port)}, user {user}, and not by {part.name}: stop"
                f" that, or set PROMO_{port.setting} to another"
            )


def port_owners(parts: Sequence[Part], accounts: Accounts) -> str:
    """Which user holds each port, as the setting ``port_owners`` has it."""
    own = os.geteuid()
    return ",".join(
        f"{port.number}:{accounts[part.bounds.user].uid if accounts else own}"
        for part in parts
        for port in part.ports
    )


def end_leftovers(layout: Layout) -> list[str]:
    """End what a killed supervisor has left running of this stack, and stale files of it.

    Call only while the supervisor is down.

    Returns:
        What was done, for the operator.
    """
    left = [process for process in psutil.process_iter() if _belongs(process, layout)]
    done = [f"ended {process.name()} (pid {process.pid}), left over" for process in left]
    for process in left:
        process.terminate()
    _, alive = psutil.wait_procs(left, LEFTOVER_TIMEOUT_S)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, LEFTOVER_TIMEOUT_S)
    for stale in (layout.supervisor_pid, layout.supervisor_socket):
        if stale.exists():
            stale.unlink()
            done.append(f"removed {stale}, stale")
    return done


def _free(port: Port) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError:
            return False
    return True


def _inodes(pid: int) -> set[str]:
    """Of the sockets that a process and its descendants have open."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return set()
    return {inode for member in family for inode in _open_sockets(member.pid)}


def _open_sockets(pid: int) -> Iterator[str]:
    folder = f"/proc/{pid}/fd"
    with suppress(OSError):  # it has ended
        for name in os.listdir(folder):
            with suppress(OSError):
                link = os.readlink(f"{folder}/{name}")
                if link.startswith("socket:["):
                    yield link[len("socket:[") : -1]


def _by(port: Port) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr.port == port.number and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        return ""
    return ""


def _belongs(process: psutil.Process, layout: Layout) -> bool:
    try:
        inside: bool = process.environ().get("PROMO_STACK") == str(layout.state)
        ended: bool = process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
    return inside and not ended and process.pid != os.getpid()
