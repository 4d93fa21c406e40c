"""Which mailbox an e-mail address leads to, or pretends to. Pure.

Two addresses of one mailbox are the cheapest second account, so they get one canonical form:

- case is folded, quotes that quote nothing and a display name go, and a domain has its ASCII form
  (IDNA 2008 with the mapping of Unicode TS 46) without the root's dot;
- a tag behind the name goes (``anna+shop@…``: RFC 5233);
- what a provider says that it ignores goes, and its several domains are one: see ``_PROVIDERS``;
- a domain that only looks like a large provider's is taken for it: other alphabets, digits for
  letters (``gmai1.com``), one slip of the fingers behind the first letter (``gmial.com``). Names
  must agree too before two accounts are linked, so a domain that only happens to be close to a
  provider's links nobody.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna

from connectors.identifiers.lookalikes import LATIN_OF
from connectors.identifiers.mail_domains import organizational_domain
from connectors.identifiers.placeholders import (
    NULL_WORDS,
    Form,
    empty_form,
    is_masked,
    placeholder_word,
)
from connectors.identifiers.written import visible

_ANY_TAG = "+"
_LONGEST_DOMAIN = 253


@dataclass(frozen=True, slots=True)
class _Provider:
    """What a mail provider says of its addresses.

    Attributes:
        domains: of one mailbox, the canonical one first.
        tag: signs that begin a tag.
        ignored: signs that do not matter in a name.
        as_hyphen: signs that stand for a hyphen in a name.
        has_subdomains: ``anything@name.domain`` leads to ``name@domain``.
    """

    domains: tuple[str, ...]
    tag: str = _ANY_TAG
    ignored: str = ""
    as_hyphen: str = ""
    has_subdomains: bool = False


_PROVIDERS = (
    # support.google.com/mail/answer/7436150: dots don't matter; googlemail.com is the same mailbox.
    _Provider(("gmail.com", "googlemail.com"), ignored="."),
    # help.yahoo.com "disposable addresses": basename-keyword; a Yahoo ID has no hyphen.
    *(
        _Provider((domain,), tag="-")
        for domain in ("yahoo.com", "ymail.com", "rocketmail.com", "yahoo.co.uk", "yahoo.fr",
                       "yahoo.de", "yahoo.es", "yahoo.it", "yahoo.ca", "yahoo.in", "yahoo.co.in",
                       "yahoo.com.br", "yahoo.com.mx", "yahoo.com.ar", "yahoo.com.au")
    ),
    # support.microsoft.com, "plus addressing"; each domain has mailboxes of its own.
    _Provider(("outlook.com",)),
    _Provider(("hotmail.com",)),
    # support.apple.com/HT201771: one mailbox under the three domains.
    _Provider(("icloud.com", "me.com", "mac.com")),
    # proton.me/support/addresses-and-aliases: dots, hyphens and underscores don't matter.
    _Provider(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), ignored=".-_"),
    # yandex.com/support/domain and /mail: a name may contain hyphens and dots, which are
    # interchangeable; one mailbox under all of the domains.
    _Provider(
        ("yandex.ru", "ya.ru", "narod.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua",
         "yandex.uz", "yandex.com.tr", "yandex.com.am", "yandex.com.ge", "yandex.co.il",
         "yandex.az", "yandex.ee", "yandex.fr", "yandex.kg", "yandex.lt", "yandex.lv",
         "yandex.md", "yandex.tj", "yandex.tm", "yandex.eu", "yandex.pl", "yandex.fi"),
        as_hyphen=".",
    ),
    # fastmail.help, "plus addressing and subdomain addressing".
    *(
        _Provider((domain,), has_subdomains=True)
        for domain in ("fastmail.com", "fastmail.fm", "fastmail.net", "fastmail.org")
    ),
)  # fmt: skip
_OTHERS = _Provider(())
_BY_DOMAIN = {domain: provider for provider in _PROVIDERS for domain in provider.domains}
_WITH_SUBDOMAINS = tuple(f".{p.domains[0]}" for p in _PROVIDERS if p.has_subdomains)

_IMITATED = ("gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com",
             "icloud.com", "protonmail.com")  # fmt: skip
# Letters that look alike, the few Latin ones that spell these names too, and digits for letters.
_LOOKALIKES = {**LATIN_OF, **str.maketrans("\u0261\u01310135|", "giolesl")}

_NOBODY_READS = re.compile(
    r"(no|not|do[-_. ]?not|don'?t)[-_. ]?(reply|answer|respond|antworten)([-_.0-9].*)?"
    r"|mailer[-_.]?daemon|keine[-_.]?antwort|ne[-_.]?pas[-_.]?repondre|no[-_.]?responder|bounces?"
)
_NO_MAILBOX = (NULL_WORDS | {"nomail", "noemail", "no-mail", "no-email", "no_email", "no.email",
               "keinemail", "keine-email", "keine.email", "sincorreo", "sin-correo", "sinemail",
               "notieneemail", "naotem", "naotememail", "sansemail", "sans-email", "pasdemail",
               "geenemail", "bezmaila", "nicht-vorhanden",
               "noaddress", "no.mail", "notprovided", "noname", "guest"}
               ) - {"test", "example", "sample", "text", "value", "string", "private", "default",
                    "no", "na", "nan", "nat", "nil", "brak", "blank", "todo", "geen"}  # fmt: skip
"""Names that stand for no mailbox, whatever the domain; some listed words are people's names."""

_EXAMPLES = frozenset(
    ("test", "tests", "tester", "testing", "example", "sample", "user", "username", "email")
    + ("mail", "name", "yourname", "your.name", "your-name", "you", "me", "someone", "somebody")
    + ("customer", "client", "firstname.lastname", "first.last", "string", "text", "demo", "foo")
    + ("asdf", "asd", "qwerty", "qwe", "abc", "aaa", "xxx", "a", "x", "no", "default", "value")
    + ("asdasd", "aa", "xx", "admin", "nope", "declined", "none")
    + ("john.doe", "jane.doe", "jenny.rosen", "notiene", "naotem", "sincorreo")
)
"""Names that forms and templates show; a mailbox at :data:`_EXAMPLE_DOMAINS` has nobody."""

_EXAMPLE_DOMAINS = frozenset(
    # RFC 2606, and what people type where any address will do
    ("example.com", "example.org", "example.net", "test.com", "test.test", "domain.com")
    + ("email.com", "company.com", "yourdomain.com", "mydomain.com", "mail.test", "none.com")
    + ("noemail.com", "nomail.com", "no.com", "na.com", "null.com", "localhost")
    + ("b.com", "bar.com", "example.edu")
)
_NOBODYS_DOMAINS = frozenset(("none.com", "noemail.com", "nomail.com", "null.com", "localhost"))
_ENCODED_AT, _ENCODED_PLUS = re.compile("%40", re.ASCII), re.compile("%2b", re.IGNORECASE)
_WRAPPED_IN = ("''", '""', "()", "[]", "``", "\u201c\u201d", "\u2018\u2019")
_MOST_WRAPPINGS = 8
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_DOT_ATOM = re.compile(r"[^\s\"(),:;<>@\[\\\].]+(\.[^\s\"(),:;<>@\[\\\].]+)*")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where an address leads.

    Attributes:
        address: as it is written there: lower case, an ASCII domain.
        canonical: equal for all addresses of one mailbox; None where it identifies nobody.
        domain: what is after the ``@``; None if that is nothing.
        is_alias: the address is another way to write it: a tag, ignored signs, or a domain that
            imitates a provider's. Another domain of the provider itself is not.
        placeholder: what the text stands for instead, as in
            :class:`connectors.identifiers.reading.Reading`.
    """

    address: str
    canonical: str | None
    domain: str | None
    is_alias: bool
    placeholder: str | None = None


def read_mailbox(text: str) -> Mailbox | None:
    """The mailbox of an address; None for a blank text.

    Text without an ``@``, or with nothing on one of its sides, or more behind it than a domain may
    have (RFC 1035, 2.3.4), is unreadable: it leads nowhere.
    """
    seen = _bare(visible(text)).lower()
    if not seen:
        return None
    local, at, domain = map(str.strip, seen.rpartition("@"))
    is_domain = bool(at) and len(domain) <= _LONGEST_DOMAIN
    local, domain = _unquoted(local), _ascii(domain) if is_domain else ""
    placeholder = _placeholder(seen, local, domain)
    address = f"{local}@{domain}" if at else seen
    if placeholder is not None:
        return Mailbox(address, None, domain or None, is_alias=False, placeholder=placeholder)
    canonical, is_alias = _canonical(local, domain)
    return Mailbox(address, canonical, domain, is_alias)


@lru_cache(maxsize=4096)
def imitated_domain(domain: str) -> str | None:
    """The large provider's domain that this one looks like; None if it is what it seems."""
    if domain in _BY_DOMAIN:
        return None
    seen = _as_seen(domain)
    if seen in _IMITATED:
        return seen
    return next((real for real in _IMITATED if _is_one_slip(seen, real)), None)


def _bare(seen: str) -> str:
    """Without ``mailto:``, a display name, and what a list or a program puts around an address."""
    if "@" not in seen:
        seen = _ENCODED_AT.sub("@", seen)
    for _ in range(_MOST_WRAPPINGS):
        inner = _unwrapped(seen)
        if inner == seen:
            break
        seen = inner
    return _ENCODED_PLUS.sub("+", seen)


def _unwrapped(text: str) -> str:
    text = text.rstrip(" ,;").lstrip()
    if text[:7].lower() == "mailto:":
        return text[7:]
    if text[:1] + text[-1:] in _WRAPPED_IN and len(text) > 1:
        return text[1:-1]
    _, opened, angled = text[:-1].rpartition("<")
    is_angled = text.endswith(">") and opened and "@" in angled and ">" not in angled
    return angled if is_angled else text


def _unquoted(local: str) -> str:
    """A name without quotes that quote nothing (RFC 5321, 4.1.2: both forms are one name)."""
    quoted = _QUOTED.fullmatch(local)
    if quoted is None:
        return local
    name = re.sub(r"\\(.)", r"\1", quoted[1])
    return name if _DOT_ATOM.fullmatch(name) else local


@lru_cache(maxsize=4096)
def _ascii(domain: str) -> str:
    """A domain's ASCII form; a domain that has none stays as it is."""
    bare = domain.strip().strip(".\u3002\uff0e\uff61")
    if bare.isascii() and "xn--" not in bare:
        return bare
    try:
        return idna.encode(bare, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return bare


def _placeholder(seen: str, local: str, domain: str) -> str | None:
    word = placeholder_word(seen)
    if word is not None:
        return word
    if not local or not domain:
        return Form.SIGNS if empty_form(seen) is Form.SIGNS else Form.UNREADABLE
    return Form.MASKED if is_masked(local) else _nobody(_untagged(local), domain)


def _untagged(local: str) -> str:
    return local.partition(_ANY_TAG)[0] or local


def _nobody(name: str, domain: str) -> str | None:
    unread = _NOBODY_READS.fullmatch(name)
    # At a provider anybody may take a name that begins so.
    if unread and not (any(unread.groups()[2:]) and organizational_domain(domain) is None):
        return Form.NO_REPLY
    if name in _NO_MAILBOX:
        return name
    return Form.EXAMPLE if _is_example(name, domain) else None


def _is_example(name: str, domain: str) -> bool:
    if domain in _NOBODYS_DOMAINS:
        return True
    is_shown = name.rstrip("0123456789") in _EXAMPLES or empty_form(name) is not None
    if domain.partition(".")[0] == name:
        return is_shown or name in NULL_WORDS
    return is_shown and domain in _EXAMPLE_DOMAINS


def _canonical(local: str, domain: str) -> tuple[str, bool]:
    imitated = imitated_domain(domain)
    provider = _BY_DOMAIN.get(imitated or domain, _OTHERS)
    below = next((home for home in _WITH_SUBDOMAINS if domain.endswith(home)), None)
    if below is not None:
        return f"{domain.removesuffix(below).rpartition('.')[2]}@{below[1:]}", True
    name = _name(local, provider)
    home = provider.domains[0] if provider.domains else imitated or domain
    is_alias = name != local.translate(_hyphens(provider)) or imitated is not None
    return f"{name}@{home}", is_alias


def _name(local: str, provider: _Provider) -> str:
    name = local
    for tag in provider.tag:
        name = name.partition(tag)[0] or name
    kept = "".join(sign for sign in name if sign not in provider.ignored)
    return (kept or name).translate(_hyphens(provider))


def _hyphens(provider: _Provider) -> dict[int, str]:
    return dict.fromkeys(map(ord, provider.as_hyphen), "-")


def _as_seen(domain: str) -> str:
    """A domain as the eye reads it: punycode decoded, accents off, look-alikes replaced."""
    try:
        shown = domain.encode().decode("idna") if "xn--" in domain else domain
    except UnicodeError:
        shown = domain
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", shown) if not unicodedata.combining(sign)
    )
    return plain.translate(_LOOKALIKES).replace("rn", "m").replace("vv", "w")


def _is_one_slip(written: str, real: str) -> bool:
    """Whether one slip makes the one of the other, not in its first letter.

    One letter too many, too few or another one, or two neighbours exchanged: Damerau's slips
    (CACM 7:3, 1964), which he found to be four in five of all misspellings.
    """
    if written[:1] != real[:1] or abs(len(written) - len(real)) > 1 or written == real:
        return False
    start = next((i for i, (a, b) in enumerate(zip(written, real, strict=False)) if a != b), None)
    if start is None:  # one is the other's beginning
        return True
    rest, wanted = written[start:], real[start:]
    return (
        rest[1:] == wanted[1:]
        or rest[1:] == wanted
        or rest == wanted[1:]
        or (rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:])
    )
