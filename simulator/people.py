"""Believable people: nothing in a single one of them tells an attacker from a customer."""

import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from uuid import UUID

from simulator.countries import ABROAD, HOME, Country
from simulator.events import Person

_FOREIGN = 0.04
_WRITES_LOWER_CASE = 0.02
_EMAIL_VERIFIED, _PHONE_VERIFIED = 0.8, 0.7
_BORN_FROM, _BORN_DAYS = date(1945, 1, 1), 60 * 365


_MOZILLA = "Mozilla/5.0"
_GECKO = "AppleWebKit/537.36 (KHTML, like Gecko)"
_BROWSERS: tuple[Callable[[Random], str], ...] = (
    lambda random: (
        f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_GECKO}"
        f" Chrome/{random.randint(124, 142)}.0.0.0 Safari/537.36"
    ),
    lambda random: (
        f"{_MOZILLA} (Linux; Android {random.randint(11, 16)}; K) {_GECKO}"
        f" Chrome/{random.randint(124, 142)}.0.0.0 Mobile Safari/537.36"
    ),
    lambda random: (
        f"{_MOZILLA} (iPhone; CPU iPhone OS {random.randint(16, 18)}_{random.randint(0, 6)} like"
        " Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        f" Version/{random.randint(16, 18)}.{random.randint(0, 6)} Mobile/15E148 Safari/604.1"
    ),
    lambda random: (
        f"{_MOZILLA} (Windows NT 10.0; Win64; x64; rv:{(v := random.randint(120, 144))}.0)"
        f" Gecko/20100101 Firefox/{v}.0"
    ),
    lambda random: (
        f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        f" Version/{random.randint(16, 18)}.{random.randint(0, 6)} Safari/605.1.15"
    ),
    lambda random: (
        f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_GECKO}"
        f" Chrome/{(v := random.randint(124, 142))}.0.0.0 Safari/537.36 Edg/{v}.0.0.0"
    ),
)


def person(
    random: Random,
    ip_address: str,
    last_name: str | None = None,
    country: Country | None = None,
) -> Person:
    """Someone who shares nothing with anyone else but, perhaps, the address and the name.

    Without a country one in 25 lives abroad (an assumption: a shop that ships at home mostly).
    """
    if country is None:
        country = random.choice(ABROAD) if random.random() < _FOREIGN else HOME
    gender = random.choice(tuple(country.first_names))
    first = random.choice(country.first_names[gender])
    last = last_name or random.choice(country.last_names)
    place = random.choice(country.places)
    lower = random.random() < _WRITES_LOWER_CASE
    return Person(
        user_id=identity(random),
        email=_email(random, first, last, country),
        is_email_verified=random.random() < _EMAIL_VERIFIED,
        phone=_phone(random, country),
        is_phone_verified=random.random() < _PHONE_VERIFIED,
        first_name=first.lower() if lower else first,
        last_name=last.lower() if lower else last,
        ip_address=ip_address,
        device_id=identity(random),
        user_agent=browser(random),
        city=place.city,
        gender=gender,
        dob=_BORN_FROM + timedelta(days=random.randrange(_BORN_DAYS)),
        timezone=place.timezone,
    )


def browser(random: Random) -> str:
    """A user agent that a browser of these years sends."""
    return random.choice(_BROWSERS)(random)


def identity(random: Random) -> str:
    """A random UUID, the same for the same state of the generator."""
    return str(UUID(int=random.getrandbits(128), version=4))


def _email(random: Random, first: str, last: str, country: Country) -> str:
    first, last = plain(first), plain(last)
    number = random.randint(1, 9_999)
    written = (f"{first}.{last}{number}", f"{first}{last}{number}", f"{first}_{last}{number}",
               f"{last}.{first}{number}")  # fmt: skip
    domains = country.mail_domains
    (domain,) = random.choices(tuple(domains), tuple(domains.values()))
    return f"{random.choice(written)}@{domain}"


def plain(name: str) -> str:
    """A name as people write it in an address: ``María José`` is ``mariajose``."""
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(filter(str.isascii, filter(str.isalpha, letters)))


def _phone(random: Random, country: Country) -> str:
    # No national number begins with 0 or 1 in these countries.
    number = random.randrange(2 * 10 ** (country.digits - 1), 10**country.digits)
    return f"{country.calling_code}{number}"
