"""Who holds the other end of a connection on this machine, asked of the kernel.

A port above 1023 is anybody's while the part that it belongs to is down. Before a client says a
password there, it looks up the user of the socket that it has reached (proc_net_tcp in the
kernel's documentation). Nothing is looked up for other machines, or where the kernel tells nothing.
"""

import pwd
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, Protocol

from connectors.errors import DependencyDown

Owners = Mapping[int, int]
"""The uid that must hold a port, by port."""

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
ROOT = 0
LISTEN, TIME_WAIT = "0A", "06"
_NOT_ACCEPTED = "0"
_TRIES = 3  # a connection is in no table while it goes from half to fully open


class Connected(Protocol):
    """As much of a socket as is asked here; event loops hand out no more of theirs."""

    def getsockname(self) -> Any: ...
    def getpeername(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """A line of the kernel's table; addresses as it writes them, ``inode`` 0 where no process
    has the socket (yet)."""

    local: str
    remote: str
    state: str
    uid: int
    inode: str

    @property
    def is_on_all_addresses(self) -> bool:
        """Whether it listens on every address."""
        return not self.local.rpartition(":")[0].strip("0")

    @property
    def port(self) -> int:
        """The local one."""
        return int(self.local.rpartition(":")[2], 16)


def sockets() -> Iterator[TcpSocket]:
    """Every TCP socket of this network namespace; of each family those that listen come first.

    Raises:
        OSError: this system has no such table.
    """
    for table in TABLES:
        if not table.exists() and table is not TABLES[0]:
            continue  # a kernel without IPv6
        for line in table.read_text().splitlines()[1:]:
            field = line.split()
            yield TcpSocket(field[1], field[2], field[3], int(field[7]), field[9])


def listeners(host: str, port: int) -> list[TcpSocket]:
    """The sockets that answer at an address of this machine; raises as :func:`sockets`."""
    found = [entry for entry in sockets() if entry.state == LISTEN and entry.port == port]
    try:
        address = _plain(host)
    except ValueError:  # a name: whoever listens may be meant
        return found
    own = {_written(address, port, mapped=mapped) for mapped in (False, True)}
    any_address = address.is_unspecified
    return [e for e in found if any_address or e.local in own or e.is_on_all_addresses]


def check_peer(connection: Connected, owners: Owners) -> None:
    """Make sure that a part's own user, or root, answers at the other end.

    Call it before the first byte is sent; the caller closes what is refused.

    Raises:
        DependencyDown: somebody else holds the port; the message says who.
    """
    host, port = connection.getpeername()[:2]
    owner = owners.get(port)
    if owner is None or not _plain(host).is_loopback:
        return
    own = _plain(connection.getsockname()[0]), connection.getsockname()[1]
    try:
        uid = _uid_of_server((_plain(host), port), own)
    except OSError:
        return  # not Linux
    if uid is None:
        raise DependencyDown(f"port {port}: who answered there is gone")
    if uid not in (owner, ROOT):
        raise DependencyDown(
            f"port {port} is held by user {user_name(uid)}, not by {user_name(owner)}: it was told"
            " nothing; stop what listens there"
        )


def user_name(uid: int) -> str:
    """A user's name, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


_Address = IPv4Address | IPv6Address


def _uid_of_server(server: tuple[_Address, int], client: tuple[_Address, int]) -> int | None:
    wanted = {(_written(*server, mapped=m), _written(*client, mapped=m)) for m in (False, True)}
    for _ in range(_TRIES):
        listening: set[int] = set()
        for entry in sockets():
            if entry.state == LISTEN and entry.port == server[1]:
                listening.add(entry.uid)
            elif (entry.local, entry.remote) in wanted and entry.state != TIME_WAIT:
                # Older kernels say root of what nobody has accepted: its listener tells.
                return entry.uid if entry.inode != _NOT_ACCEPTED else _worst(listening)
    return None


def _worst(uids: set[int]) -> int | None:
    return max(uids, default=None)


def _plain(host: str) -> _Address:
    address = ip_address(host.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def _written(address: _Address, port: int, *, mapped: bool) -> str:
    """An address as the kernel writes it: words of four bytes, in this machine's order."""
    packed = address.packed
    if mapped and len(packed) == 4:
        packed = IPv6Address(f"::ffff:{address}").packed
    words = (packed[i : i + 4] for i in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(w, sys.byteorder):08X}" for w in words) + f":{port:04X}"
