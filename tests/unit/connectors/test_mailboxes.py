"""Which addresses lead to one mailbox, and which domains only pretend to."""

import pytest

from connectors.mailboxes import Mailbox, imitated_domain, mailbox


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" Anna@Example.ORG", "anna+shop@example.org"),
        ("anna.nowak@gmail.com", "an.nanowak+1@googlemail.com"),
        ("annanowak@gmail.com", "anna.nowak@gmial.com"),
        ("anna@yahoo.com", "anna-shop@yahoo.com"),
        ("anna@me.com", "anna+x@icloud.com"),
        ("anna.nowak@protonmail.com", "anna_nowak@pm.me"),
        ("anna@outlook.com", "anna@0utlook.com"),
    ],
)
def test_addresses_of_one_mailbox_have_one_form(one: str, other: str) -> None:
    assert mailbox(one).canonical == mailbox(other).canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("an.na@example.org", "anna@example.org"),
        ("anna-b@example.org", "anna-c@example.org"),
        ("anna@hotmail.com", "anna@outlook.com"),
        ("anna@gmail.com", "hanna@gmial.com"),
        ("...@gmail.com", "....@gmail.com"),
        ("anna", "anna@gmail.com"),
    ],
)
def test_other_mailboxes_keep_theirs(one: str, other: str) -> None:
    assert mailbox(one).canonical != mailbox(other).canonical


@pytest.mark.parametrize(
    "domain",
    ["gmial.com", "gmai.com", "gmaill.com", "gmsil.com", "gmail.con", "gmail.co", "gmai1.com",
     "grnail.com", "gm\u0430il.com", "xn--gmil-63d.com", "gm\u00e0il.com"],
)  # fmt: skip
def test_a_domain_that_looks_like_gmails_is_taken_for_it(domain: str) -> None:
    assert imitated_domain(domain) == "gmail.com"
    assert mailbox(f"anna@{domain}") == Mailbox("anna@gmail.com", is_alias=True)


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "googlemail.com", "mail.com", "ymail.com", "email.com", "hotmail.fr", "yahoo.ca",
     "yahoo.co.uk", "example.org", "gmx.de", "gm.com", "", "x", "xn--\u00fc.com"],
)  # fmt: skip
def test_a_domain_of_its_own_is_what_it_seems(domain: str) -> None:
    assert imitated_domain(domain) is None


def test_another_domain_of_the_provider_is_no_alias() -> None:
    assert mailbox("anna@googlemail.com") == Mailbox("anna@gmail.com", is_alias=False)
    assert mailbox("anna+x@googlemail.com").is_alias
