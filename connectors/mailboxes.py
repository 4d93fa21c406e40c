"""Which mailbox an e-mail address leads to, or pretends to. Pure.

Two addresses of one mailbox are the cheapest second account, so they get one canonical form:

- case is folded, and a tag behind the name goes (``anna+shop@…``: RFC 5233; Yahoo's disposable
  addresses have a ``-``);
- dots (Gmail), and dots, hyphens and underscores (Proton) within the name go: the providers
  say that they ignore them;
- a provider's several domains are one (googlemail.com, me.com, pm.me);
- a domain that only looks like a large provider's is taken for it: other alphabets, digits for
  letters (``gmai1.com``), one slip of the fingers behind the first letter (``gmial.com``). Names
  must agree too before two accounts are linked, so a domain that only happens to be close to a
  provider's links nobody.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_ANY_TAG = "+"


@dataclass(frozen=True, slots=True)
class _Provider:
    """A mail provider's domains, the canonical one first, and what it ignores in names."""

    domains: tuple[str, ...]
    tag: str = _ANY_TAG
    ignored: str = ""


_PROVIDERS = (
    _Provider(("gmail.com", "googlemail.com"), ignored="."),
    _Provider(("yahoo.com",), tag="-"),
    _Provider(("outlook.com",)),
    _Provider(("hotmail.com",)),
    _Provider(("icloud.com", "me.com", "mac.com")),
    _Provider(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), ignored=".-_"),
    _Provider(("yandex.ru", "yandex.com", "ya.ru"), tag="+-"),
)
_OTHERS = _Provider(())
_BY_DOMAIN = {domain: provider for provider in _PROVIDERS for domain in provider.domains}

_IMITATED = ("gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com",
             "icloud.com", "protonmail.com")  # fmt: skip
# Letters that look alike (Unicode TS 39, the few that spell these names), and digits for letters.
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0501\u0261\u04bb\u04cf\u01310135|",
    "aeopcyxijdghliolesl",
)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where an address leads.

    Attributes:
        canonical: equal for all addresses of one mailbox.
        is_alias: the address is another way to write it: a tag, ignored signs, or a domain that
            imitates a provider's. Another domain of the provider itself is not.
    """

    canonical: str
    is_alias: bool


def mailbox(address: str) -> Mailbox:
    """The mailbox of an address; text without an ``@`` is its own."""
    written = address.strip().lower()
    local, at, domain = written.rpartition("@")
    if not at:
        return Mailbox(domain, is_alias=False)
    imitated = imitated_domain(domain)
    provider = _BY_DOMAIN.get(imitated or domain, _OTHERS)
    name = _name(local, provider)
    home = provider.domains[0] if provider.domains else imitated or domain
    return Mailbox(f"{name}@{home}", is_alias=name != local or imitated is not None)


@lru_cache(maxsize=4096)
def imitated_domain(domain: str) -> str | None:
    """The large provider's domain that this one looks like; None if it is what it seems."""
    if domain in _BY_DOMAIN:
        return None
    seen = _as_seen(domain)
    if seen in _IMITATED:
        return seen
    return next((real for real in _IMITATED if _is_one_slip(seen, real)), None)


def _name(local: str, provider: _Provider) -> str:
    name = local
    for tag in provider.tag:
        name = name.partition(tag)[0] or name
    kept = "".join(sign for sign in name if sign not in provider.ignored)
    return kept or name


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
