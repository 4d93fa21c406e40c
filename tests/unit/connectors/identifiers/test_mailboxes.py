"""Which addresses lead to one mailbox, and which domains only pretend to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.identifiers.mailboxes import imitated_domain, read_mailbox
from connectors.identifiers.placeholders import Form


def canonical(address: str) -> str | None:
    found = read_mailbox(address)
    return found.canonical if found else None


def is_alias(address: str) -> bool:
    found = read_mailbox(address)
    return found is not None and found.is_alias


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
        ("olga.k@yandex.ru", "olga-k+x@yandex.by"),
        ("olga.k@ya.ru", "Olga.K@narod.ru"),
        ("anna@b\u00fccher.example", "anna@xn--bcher-kva.example"),
        ("anna@b\u00fccher.example", "anna@bu\u0308cher.example."),
        ("anna@example.org", '"anna"@example.org'),
        ("anna@example.org", "Anna Nowak <anna@Example.org>"),
        ("anna@example.org", "mailto:anna@example.org"),
        ("anna@example.org", "mailto:mailto:anna@example.org"),
        ("anna@example.org", "'anna@example.org'"),
        ("anna@example.org", '"anna@example.org"'),
        ("anna@example.org", "(anna@example.org);"),
        ("anna@example.org", "anna@example.org,"),
        ("anna@example.org", "anna@example.org <mailto:anna@example.org>"),
        ("anna@example.org", "Anna <anna@example.org>;"),
        ("anna@example.org", "anna%40example.org"),
        ("anna@example.org", "anna%2Bshop@example.org"),
        ("anna@example.org", "anna @example.org"),
        ("anna@example.org", "an\u200bna@example.org\ufeff"),
        ("anna@example.org", "\uff41nna\uff20example.org"),
        ("shop@anna.fastmail.com", "anna+x@fastmail.com"),
    ],
)
def test_addresses_of_one_mailbox_have_one_form(one: str, other: str) -> None:
    assert canonical(one) == canonical(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("an.na@example.org", "anna@example.org"),
        ("anna-b@example.org", "anna-c@example.org"),
        ("anna@hotmail.com", "anna@outlook.com"),
        ("anna@gmail.com", "hanna@gmial.com"),
        ("...@gmail.com", "....@gmail.com"),
        ("ivan-petrov@yandex.ru", "ivan-sidorov@yandex.ru"),
        ("anna@gmail.com", "anna@yandex.ru"),
        ("anna@mail.ru", "anna@bk.ru"),
        ("anna@yahoo.co.uk", "anna@yahoo.com"),
        ('"anna nowak"@example.org', "annanowak@example.org"),
        ("stra\u00dfe@example.org", "strasse@example.org"),
    ],
)
def test_other_mailboxes_keep_theirs(one: str, other: str) -> None:
    assert None is not canonical(one) != canonical(other) is not None


@pytest.mark.parametrize(
    "domain",
    ["gmial.com", "gmai.com", "gmaill.com", "gmsil.com", "gmail.con", "gmail.co", "gmai1.com",
     "grnail.com", "gm\u0430il.com", "xn--gmil-63d.com", "gm\u00e0il.com"],
)  # fmt: skip
def test_a_domain_that_looks_like_gmails_is_taken_for_it(domain: str) -> None:
    assert imitated_domain(domain) == "gmail.com"
    found = read_mailbox(f"anna@{domain}")
    assert found is not None
    assert (found.canonical, found.is_alias) == ("anna@gmail.com", True)


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "googlemail.com", "mail.com", "ymail.com", "email.com", "hotmail.fr", "yahoo.ca",
     "yahoo.co.uk", "example.org", "gmx.de", "gm.com", "", "x", "xn--\u00fc.com"],
)  # fmt: skip
def test_a_domain_of_its_own_is_what_it_seems(domain: str) -> None:
    assert imitated_domain(domain) is None


@pytest.mark.parametrize("address", ["anna@googlemail.com", "anna@me.com", "olga.k@ya.ru"])
def test_another_domain_of_the_provider_is_no_alias(address: str) -> None:
    assert not is_alias(address)
    assert is_alias(address.replace("@", "+x@"))


@pytest.mark.parametrize(
    ("text", "placeholder"),
    [
        ("null", "null"),
        ("(None)", "none"),
        ("-", Form.SIGNS),
        ("@", Form.SIGNS),
        ("anna.nowak", Form.UNREADABLE),
        ("anna@", Form.UNREADABLE),
        ("@example.org", Form.UNREADABLE),
        ("noreply@shop.example", Form.NO_REPLY),
        ("No-Reply+7@shop.example", Form.NO_REPLY),
        ("do_not_reply@shop.example", Form.NO_REPLY),
        ("none@none.com", "none"),
        ("unknown@gmail.com", "unknown"),
        ("user@example.com", Form.EXAMPLE),
        ("test@test.com", Form.EXAMPLE),
        ("asdf@asdf.com", Form.EXAMPLE),
        ("test123@test.com", Form.EXAMPLE),
        ("na@na.com", Form.EXAMPLE),
        ("a@b.com", Form.EXAMPLE),
        ("jenny.rosen@example.com", Form.EXAMPLE),
        ("noreply-shop@shop.example", Form.NO_REPLY),
        ("a***@gmail.com", Form.MASKED),
    ],
)
def test_a_mailbox_of_nobody_leads_nowhere(text: str, placeholder: str) -> None:
    found = read_mailbox(text)

    assert found is not None
    assert (found.canonical, found.placeholder) == (None, placeholder)


@pytest.mark.parametrize(
    "address",
    ["ada.k@example.com", "test@gmail.com", "info@shop.example", "nan@example.org",
     "noreplysmith@gmail.com", "annatest@test.example", "noreply.anna+1@gmail.com",
     "blank@firm.example", "smith@smith.com"],
)  # fmt: skip
def test_a_mailbox_of_somebody_leads_there(address: str) -> None:
    assert canonical(address) is not None


LOCALS = st.text(st.sampled_from("abcxyz.-_+09"), min_size=1, max_size=12)
DOMAINS = st.sampled_from(
    ["gmail.com", "googlemail.com", "yandex.ru", "ya.ru", "yahoo.com", "outlook.com", "pm.me",
     "icloud.com", "anna.fastmail.com", "b\u00fccher.example", "example.org", "gmial.com"]
)  # fmt: skip


@given(LOCALS, DOMAINS)
def test_a_canonical_mailbox_is_its_own(local: str, domain: str) -> None:
    found = canonical(f"{local}@{domain}")

    assert found is None or canonical(found) == found


@given(LOCALS, LOCALS, st.sampled_from(["example.org", "outlook.com", "mail.ru", "gmx.de"]))
def test_names_that_a_provider_keeps_apart_stay_apart(one: str, other: str, domain: str) -> None:
    found, another = canonical(f"{one}@{domain}"), canonical(f"{other}@{domain}")

    # Without a rule of the provider's, nothing but a tag is taken off a name.
    untagged = {name.partition("+")[0] or name for name in (one, other)}
    assert found is None or another is None or (found == another) is (len(untagged) == 1)


@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    found = read_mailbox(text)

    assert found is None or (found.canonical is None) is (found.placeholder is not None)
