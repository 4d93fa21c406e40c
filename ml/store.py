"""What the feature store answers: an account's own facts and its neighbourhood.

The neighbourhood
-----------------
Accounts that share an identifier form a set, ordered by sign-up ``(created_at, user_id)``.
An account's neighbourhood through that identifier is the window of :data:`WINDOW` accounts
before and as many after it. This one definition bounds everything:

- counts saturate at :data:`CAP` (= 2 x WINDOW) without any set being trimmed;
- a change of an account can matter to its own window's members only, so one event makes at
  most CAP accounts be scored again for each identifier;
- it commutes with time travel: the members up to a moment T of today's window are the window
  as it stood at T, as long as T is not before the account's own sign-up. A vector "as of T"
  can therefore be taken at any later moment, which is what makes the latest risk a function
  of current rows alone, whatever the order in which they arrived.

Redemptions saturate likewise: an account's first CAP redemptions count, in order of use.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from connectors.events import Change
from connectors.identifiers.mail_domains import organizational_domain
from connectors.identifiers.mailboxes import imitated_domain
from connectors.profile import Profile

WINDOW = 25
CAP = 2 * WINDOW
LARGE = 100
"""So many accounts on one strong identifier, and it is measured whether it identifies anybody."""
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


class Link(StrEnum):
    """The kinds of identifier that can link accounts."""

    DEVICE = "device"
    PHONE = "phone"
    EMAIL = "email"
    IP = "ip"
    NETWORK = "network"
    DOMAIN = "domain"
    """Of the e-mail addresses, where it is one organisation's or person's."""


STRONG_LINKS = (Link.DEVICE, Link.PHONE, Link.EMAIL)
"""Whatever a neighbour through these does may matter, however long ago it signed up."""

CONTACT_LINKS = (Link.PHONE, Link.EMAIL)
"""Through these it matters whether it is verified that the contact is an account's own."""

WEAK_LINKS = (Link.IP, Link.NETWORK, Link.DOMAIN)
"""Strangers share these: a neighbour matters that signed up before the account, or within a day
after it; one that came later still does only once the account is active again."""

CODE_LINKS = tuple(Link)
"""Through these a redemption of the same code by a neighbour matters; through a strong one it does
whatever the account itself redeemed, if that shares another strong identifier with anybody."""


def identifiers(profile: Profile) -> dict[Link, str]:
    """The identifiers by which an account can be linked: kind and hash, or the domain itself."""
    domain = profile.email_domain
    found = {
        Link.DEVICE: profile.device,
        Link.PHONE: profile.phone,
        Link.EMAIL: profile.canonical_email,
        Link.IP: profile.ip,
        Link.NETWORK: profile.network,
        Link.DOMAIN: organizational_domain(domain) if domain else None,
    }
    return {link: value for link, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether it is verified that contacts are an account's own; None where nobody knows.

    Attributes:
        mailbox: of what its e-mail address leads to, or pretends to.
        phone: of its phone number.
    """

    mailbox: bool | None = None
    phone: bool | None = None

    def through(self, link: Link) -> bool | None:
        """The same of the contact that a kind of link goes through, None for what is none."""
        match link:
            case Link.EMAIL:
                return self.mailbox
            case Link.PHONE:
                return self.phone
            case _:
                return None


def verified(profile: Profile) -> Verified:
    """What is verified of an account's contacts.

    Whoever receives what is sent to ``gmial.com`` has not proved that a mailbox at ``gmail.com``
    is his.
    """
    mailbox, domain = profile.is_email_verified, profile.email_domain
    if mailbox and domain is not None and imitated_domain(domain) is not None:
        mailbox = False
    return Verified(mailbox, profile.is_phone_verified)


@dataclass(frozen=True, slots=True, order=True)
class Redemption:
    """A counted redemption; ordered by use. All writings of a code are one canonical code."""

    used_at_us: int
    usage_id: int
    canonical_code: str


@dataclass(frozen=True, slots=True)
class LinkedAccount:
    """A neighbour: what a rule may know of it.

    Attributes:
        user_id, created_at_us: who, and when it signed up.
        label: what is known of it: an analyst's word, else the shop's.
        redemptions: its first CAP, in order of use.
        device, agent: keyed hashes of its device, if that identifies anybody, and of its
            browser's build.
        verified: which of its contacts are known to be its own.
    """

    user_id: str
    created_at_us: int
    label: bool | None
    redemptions: tuple[Redemption, ...]
    device: str | None = None
    agent: str | None = None
    verified: Verified = Verified()


@dataclass(frozen=True, slots=True)
class CodeTerms:
    """What a promo code gives; None where unknown."""

    discount_type: str | None
    discount_value: Decimal | None
    min_purchase_amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Everything that a score may depend on. The account's own label is not in it.

    Attributes:
        profile: the account itself.
        redemptions: its first CAP counted redemptions, in order of use.
        last_redeemed_at_us: when it last redeemed (beyond the first CAP too), None if never.
        linked: for each kind of identifier the neighbours, in order of sign-up, without those
            that an analyst has declared falsely linked. A kind is left out where the account has
            none of it, or one that was decided to identify nobody.
        codes: the terms of the canonical codes it redeemed, as far as they are known; where
            several writings of one code are defined, those of the smallest. They tell what a
            verdict is worth, never the verdict, so a later change of a code's terms makes no
            account be scored again (a popular code has a million redeemers); only accounts
            that redeemed a code before any writing of it was defined are, once one is.
    """

    profile: Profile
    redemptions: tuple[Redemption, ...]
    last_redeemed_at_us: int | None
    linked: Mapping[Link, tuple[LinkedAccount, ...]]
    codes: Mapping[str, CodeTerms]

    @property
    def as_of_us(self) -> int:
        """Event time of the account's newest own event: sign-up or redemption."""
        if self.last_redeemed_at_us is None:
            return self.profile.created_at_us
        return max(self.profile.created_at_us, self.last_redeemed_at_us)


class FeatureStore(Protocol):
    """What every feature store does; a conformance suite holds all of them to one answer."""

    def apply(self, changes: Iterable[Change]) -> set[str]:
        """Apply changes in order; each only if its version is not older than the row's.

        Idempotent, and independent of the order of changes to different rows.

        Returns:
            The accounts whose risk may differ now and that must be scored again; for changes
            of an account itself (registered, updated, erased) without that account, because
            whoever receives such a change scores it directly. A decision about an identifier
            concerns too many to name them: a sweep passes them on page by page.
        """
        ...

    def neighbourhood(self, user_id: str) -> Neighbourhood | None:
        """What is known of an account, None if it has not registered or was erased."""
        ...
