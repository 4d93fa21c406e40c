"""Who is at the other end of a connection, by every way of addressing this machine."""

import os
import socket
from contextlib import ExitStack

import pytest

from connectors.errors import DependencyDown
from connectors.peers import check_peer, listeners, user_name

OTHER = 65_533
"""A user that nobody is."""


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize(
    ("family", "listens", "asked"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET, "0.0.0.0", "127.0.0.1"),
        (socket.AF_INET, "127.0.0.5", "127.0.0.5"),
        (socket.AF_INET6, "::1", "::1"),
        (socket.AF_INET6, "::", "127.0.0.1"),
        (socket.AF_INET6, "::", "::ffff:127.0.0.1"),
    ],
)
def test_the_user_at_the_other_end_is_found(
    family: socket.AddressFamily, listens: str, asked: str, accepted: bool
) -> None:
    if family == socket.AF_INET6 and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    dual = listens == "::"
    with socket.create_server((listens, 0), family=family, dualstack_ipv6=dual) as server:
        port = server.getsockname()[1]
        os.fchown(server.fileno(), os.getuid(), -1)
        with ExitStack() as open_until, socket.create_connection((asked, port)) as connection:
            if accepted:
                open_until.enter_context(server.accept()[0])
            check_peer(connection, {port: os.getuid()})
            assert [entry.uid for entry in listeners(asked, port)] == [os.getuid()]


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can give a socket away")
def test_another_user_is_refused_and_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        os.fchown(server.fileno(), OTHER, -1)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            with pytest.raises(DependencyDown, match=f"port {port} is held by user {OTHER}"):
                check_peer(connection, {port: 12_345})
            check_peer(connection, {port: OTHER})
            check_peer(connection, {port + 1: 12_345})


def test_who_has_gone_is_told_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connection = socket.create_connection(("127.0.0.1", port))
    with connection, pytest.raises((DependencyDown, OSError)):
        check_peer(connection, {port: 12_345})


def test_a_user_without_a_name_is_told_by_number() -> None:
    assert (user_name(0), user_name(OTHER)) == ("root", str(OTHER))
