"""Which e-mail domains are somebody's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.identifiers.mail_domains import PROVIDERS, organizational_domain
from simulator.countries import ABROAD, HOME


@pytest.mark.parametrize(
    ("domain", "whose"),
    [
        ("my-own-shopper.example", "my-own-shopper.example"),
        ("a.x.example", "x.example"),
        ("b.c.x.example.", "x.example"),
        ("firm.co.uk", "firm.co.uk"),
        ("mail.firm.co.uk", "firm.co.uk"),
        ("cs.uni.ac.jp", "uni.ac.jp"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("live.evil.com", "evil.com"),
        ("gmx.shop", "gmx.shop"),
    ],
)
def test_subdomains_belong_to_whoever_registered_the_domain(domain: str, whose: str) -> None:
    assert organizational_domain(domain) == whose


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com", "mail.gmail.com", "yahoo.co.uk", "hotmail.fr", "live.nl", "btinternet.com",
        "privaterelay.appleid.com", "example.com", "example.org",
        "localhost", "co.uk", "[127.0.0.1]", "127.0.0.1", "", ".", "a..example",
    ],
)  # fmt: skip
def test_a_providers_domain_and_what_is_no_domain_are_nobodys_own(domain: str) -> None:
    assert organizational_domain(domain) is None


def test_every_provider_on_the_list_is_written_as_it_is_looked_up() -> None:
    assert {name for name in PROVIDERS if organizational_domain(name) is not None} == set()
    assert {
        name for name in PROVIDERS if organizational_domain(f"mail.{name}") is not None
    } == set()


def test_the_simulated_customers_have_mailboxes_at_providers() -> None:
    for country in (HOME, *ABROAD):
        assert [d for d in country.mail_domains if organizational_domain(d)] == []


@given(st.text(max_size=30))
def test_an_organisations_domain_is_its_own(text: str) -> None:
    found = organizational_domain(text)

    assert found is None or organizational_domain(found) == found
