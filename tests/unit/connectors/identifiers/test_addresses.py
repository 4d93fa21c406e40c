"""Which texts name one host, which name none, and what proxies may have added."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.identifiers.addresses import NO_ADDRESS, Address, read_address
from connectors.identifiers.placeholders import Form

HOST = read_address("198.41.7.9")


@pytest.mark.parametrize(
    "written",
    ["198.41.7.9", " 198.41.7.9\t", "::ffff:198.41.7.9", "::FFFF:C629:0709", "198.41.7.9:52144",
     "198.41.7.9/32", "[198.41.7.9]", '"198.41.7.9"', "198.041.007.009", "198.41.7.9.",
     "198.41.7.9, 10.0.0.3", "10.0.0.3, 198.41.7.9", "unknown, 198.41.7.9", "198.41.7.9 10.0.0.3",
     "for=198.41.7.9;proto=https", 'For="198.41.7.9:80", for=10.0.0.1', "[::ffff:198.41.7.9]:80",
     "/198.41.7.9:5032", "{198.41.7.9}", '["198.41.7.9"]', '["198.41.7.9", "10.0.0.1"]',
     "10.0.0.3|198.41.7.9", "64:ff9b:1::c629:709", "::ffff:0:198.41.7.9",
     "64:ff9b::c629:709", "::198.41.7.9", "198.41.7.9%eth0", "\uff11\uff19\uff18.41.7.9"],
)  # fmt: skip
def test_a_host_has_one_form_however_it_is_written(written: str) -> None:
    assert read_address(written) == HOST


@pytest.mark.parametrize(
    "written",
    ["2001:4860:7:8::1", "[2001:4860:7:8::1]", "[2001:4860:7:8::1]:443", "2001:4860:7:8::1/64",
     "2001:4860:0007:0008:0000:0000:0000:0001", "2001:4860:7:8::ffff", "2001:4860:7:8::1%eth0"],
)  # fmt: skip
def test_a_subscriber_of_ipv6_has_one_form(written: str) -> None:
    assert read_address(written) == Address("2001486000070008/6/64", "200148600007/6/48", False)


@pytest.mark.parametrize(
    ("written", "placeholder"),
    [
        ("unknown", "unknown"),
        ("NULL", "null"),
        ("-", Form.SIGNS),
        ("localhost", Form.UNREADABLE),
        ("198.41.7", Form.UNREADABLE),
        ("198.41.7.x", Form.UNREADABLE),
        ("300.1.1.1", Form.UNREADABLE),
        ("3324577545", Form.UNREADABLE),
        ("198.41.7.9:99999", Form.UNREADABLE),
        ("198.41.7.9/33", Form.UNREADABLE),
        ("[2001:4860::1", Form.UNREADABLE),
        ("0.0.0.0", Form.NO_HOST),
        ("127.0.0.1", Form.NO_HOST),
        ("169.254.1.1", Form.NO_HOST),
        ("224.0.0.1", Form.NO_HOST),
        ("255.255.255.255", Form.NO_HOST),
        ("::", Form.NO_HOST),
        ("::1", Form.NO_HOST),
        ("fe80::1%eth0", Form.NO_HOST),
        ("ff02::1", Form.NO_HOST),
    ],
)
def test_an_address_of_no_host_links_nobody(written: str, placeholder: str) -> None:
    found = read_address(written)

    assert (found.host, found.network, found.placeholder) == (None, None, placeholder)


@pytest.mark.parametrize(
    ("proxies", "client"),
    [(0, "203.0.114.5"), (1, "10.0.0.3"), (2, "198.41.7.9"), (3, "203.0.114.5")],
)
def test_the_client_is_who_the_outermost_trusted_proxy_saw(proxies: int, client: str) -> None:
    assert read_address("203.0.114.5, 198.41.7.9, 10.0.0.3", proxies) == read_address(client)


@pytest.mark.parametrize(
    "spoofed",
    ["for=6.6.6.6", "xfor=6.6.6.6", "for=6.6.6.6, for=7.7.7.7", "6.6.6.6 7.7.7.7",
     "9.9.9.9, " * 900,
     'for="x', 'for="', "[", ",,,"],
)  # fmt: skip
@pytest.mark.parametrize(
    "added",
    ["198.41.7.9", "for=198.41.7.9", "proto=https;for=198.41.7.9",
     'for="198.41.7.9:80";by=10.0.0.1',
     'for=198.41.7.9;host="for=6.6.6.6"', 'host=";for=6.6.6.6";for=198.41.7.9'],
)  # fmt: skip
def test_whatever_a_client_sends_the_proxy_says_who_it_is(spoofed: str, added: str) -> None:
    assert read_address(f"{spoofed}, {added}", 1) == HOST


def test_a_list_shorter_than_the_proxies_has_no_spoofed_part() -> None:
    assert read_address("198.41.7.9", 3) == HOST


@pytest.mark.parametrize("address", ["2001:0:4136:e378:8000:63bf:3fff:fdd2"])
def test_a_host_behind_a_teredo_server_is_not_that_server(address: str) -> None:
    assert read_address(address) == read_address("192.0.2.45")


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_hosts_of_ipv4_stay_apart(one: ipaddress.IPv4Address, other: ipaddress.IPv4Address) -> None:
    found, another = read_address(str(one)), read_address(str(other))

    assert found.host is None or (found.host == another.host) is (one == other)


@given(st.ip_addresses(v=6), st.ip_addresses(v=6))
def test_subscribers_of_ipv6_stay_apart(
    one: ipaddress.IPv6Address, other: ipaddress.IPv6Address
) -> None:
    found, another = read_address(str(one)), read_address(str(other))

    same = int(one) >> 64 == int(other) >> 64
    assert found.host is None or found.host[-2:] == "32" or (found.host == another.host) is same


@given(st.text(max_size=60), st.integers(0, 3))
def test_any_text_is_read(text: str, proxies: int) -> None:
    found = read_address(text, proxies)

    assert (found.host is None) is (found.network is None)
    assert found == NO_ADDRESS or (found.host is None) is (found.placeholder is not None)
