"""Which host an address names, through the proxies that it came by. Pure."""

import re
import socket
from bisect import bisect_right
from ipaddress import IPv4Network, IPv6Address
from typing import NamedTuple

from connectors.identifiers.placeholders import Form, empty_form, placeholder_word
from connectors.identifiers.written import visible

# IANA IPv4 Special-Purpose Address Registry (RFC 6890), blocks that are not globally reachable,
# and multicast, from which nobody can come.
_NOT_PUBLIC = [
    IPv4Network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
]  # fmt: skip
_STARTS = [int(block.network_address) for block in _NOT_PUBLIC]
_ENDS = [int(block.broadcast_address) for block in _NOT_PUBLIC]
# Of these nobody else can know the host: unspecified, this machine, this cable, many at once.
_NO_HOST = [
    IPv4Network(block) for block in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
]
_PAIR = re.compile(r"(?:^|;)\s*([^=;\s\"]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^;]*)")
_AROUND = " \"'`()<>{}|/"
_LONGEST_LIST = 4_000
_NAT64 = 0x64_FF9B << 64
_LOCAL_NAT64 = 0x64_FF9B_0001
_V4 = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.ASCII)
_V4_PREFIXES, _V6_PREFIXES, _PORTS, _BYTES = range(33), range(129), range(65_536), range(256)


class Address(NamedTuple):
    """What an IP address is known by.

    Attributes:
        host: an IPv4 address or an IPv6 /64; None for what names no host.
        network: an IPv4 /24 or an IPv6 /48; None as ``host``.
        is_private: it is not from the public internet; None for what is no address.
        placeholder: what the text stands for instead, as in
            :class:`connectors.identifiers.reading.Reading`.
    """

    host: str | None
    network: str | None
    is_private: bool | None
    placeholder: str | None = None


NO_ADDRESS = Address(None, None, None)


def read_address(text: str, trusted_proxies: int = 0) -> Address:
    """The client's address.

    Brackets, quotes, ports, zones and prefix lengths around an address are taken off, and leading
    zeros (which are read as decimal). An IPv4 address mapped into IPv6 is an IPv4 address.

    Args:
        text: an address, a list as ``X-Forwarded-For`` has it, or a ``Forwarded`` header's
            ``for=`` (RFC 7239).
        trusted_proxies: how many proxies of the shop's own have added to the list. The last but so
            many is the address that the outermost of them saw; what stands before it the client
            may have made up. With 0, the first public address of the list is the client's, or the
            first that can be read at all.
    """
    seen = visible(text)
    # The C library's parser takes a tenth of the time of the ipaddress module.
    number = _v4_number(seen)
    if number is not None:
        return _v4(number)
    if not seen:
        return NO_ADDRESS
    # Proxies add to the end, and the client may have sent any beginning.
    within = seen[-_LONGEST_LIST:] if trusted_proxies else seen[:_LONGEST_LIST]
    listed = [_read_one(part) for element in within.split(",") for part in _parts(element)]
    if trusted_proxies:
        listed = listed[-trusted_proxies:][:1]
    readable = [address for address in listed if address is not None]
    if not readable:
        is_signs = empty_form(seen) is Form.SIGNS
        form = Form.SIGNS if is_signs else Form.UNREADABLE
        return Address(None, None, None, placeholder_word(seen) or form)
    hosts = [address for address in readable if address.host is not None]
    public = [address for address in hosts if not address.is_private]
    return (public or hosts or readable)[0]


def _parts(element: str) -> list[str]:
    """The addresses of one element of a list: the ``for`` of its pairs, or all it has."""
    for name, value in _PAIR.findall(element):
        if name.lower() == "for":
            return [value]
    return [part for part in re.split(r"[;|\s]+", element) if part]


def _read_one(part: str) -> Address | None:
    bare = part.strip(_AROUND)
    if bare.startswith('["') or bare.startswith("['") or (bare[:1] == "[" and ":" not in bare):
        bare = bare.strip("[]" + _AROUND)
    elif bare.endswith(('"]', "']")):
        bare = bare.strip("]" + _AROUND)
    if bare.startswith("["):
        bare, closed, after = bare[1:].partition("]")
        if not closed or (after and not _is_port(after.removeprefix(":"))):
            return None
    elif bare.count(":") == 1:  # an IPv6 address has more
        bare, _, port = bare.partition(":")
        if not _is_port(port):
            return None
    bare, slash, prefix = bare.rstrip(".").partition("/")
    bare = bare.partition("%")[0]
    number = _v4_number(bare)
    if number is not None:
        return None if slash and not _is_number(prefix, _V4_PREFIXES) else _v4(number)
    return None if slash and not _is_number(prefix, _V6_PREFIXES) else _v6(bare)


def _is_port(text: str) -> bool:
    return _is_number(text, _PORTS)


def _is_number(text: str, within: range) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len("65535") and int(text) in within


def _v4_number(text: str) -> int | None:
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
    except (OSError, ValueError):
        pass
    padded = _V4.fullmatch(text)
    parts = [int(part) for part in padded.groups()] if padded else []
    if not parts or any(part not in _BYTES for part in parts):
        return None
    return int.from_bytes(bytes(parts), "big")


def _v6(text: str) -> Address | None:
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    inner = _v4_inside(address)
    if inner is not None:
        return _v4(inner)
    is_private = not address.is_global
    if (
        address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
    ):
        return Address(None, None, is_private, Form.NO_HOST)
    number = int(address)
    return Address(f"{number >> 64:x}/6/64", f"{number >> 80:x}/6/48", is_private)


def _v4_inside(address: IPv6Address) -> int | None:
    """The IPv4 address of a host that IPv6 only carries; a /64 of many would be one otherwise.

    Mapped and compatible addresses (RFC 4291, 2.5.5), translated ones (RFC 2765, 2.1), NAT64 (RFC
    6052, and RFC 8215 with a prefix of 96 bits), Teredo (RFC 4380).
    """
    number = int(address)
    is_carried = number >> 32 in (0xFFFF, 0xFFFF_0000, _NAT64) or number >> 80 == _LOCAL_NAT64
    if is_carried or (number >> 32 == 0 and number >> 16):
        return number & 0xFFFF_FFFF
    return int(address.teredo[1]) if address.teredo else None


def _v4(number: int) -> Address:
    block = bisect_right(_STARTS, number) - 1
    is_private = number <= _ENDS[block]
    if is_private and _NOT_PUBLIC[block] in _NO_HOST:
        return Address(None, None, True, Form.NO_HOST)
    return Address(f"{number:x}/4/32", f"{number >> 8:x}/4/24", is_private)
