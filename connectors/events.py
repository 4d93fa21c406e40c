"""What can happen to a row of the source, as a closed union of frozen classes.

A row's ``version`` is its LSN in PostgreSQL's write-ahead log: it grows with every change of
the row and stays the same when Debezium or Kafka deliver the change again, so "apply unless
older" makes every effect idempotent.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from connectors.profile import Profile
from connectors.promo_codes import canonical_code


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change comes from.

    Attributes:
        version: the change's LSN (``source.lsn``), compared only within one row.
        committed_at_us: when PostgreSQL committed it (for rows of a snapshot: when it was
            read), microseconds since 1970 UTC.
    """

    version: int
    committed_at_us: int


@dataclass(frozen=True, slots=True)
class Registered:
    """An account was created, or read by a snapshot. ``label`` is ``is_abuser``."""

    profile: Profile
    label: bool | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Updated:
    """An account's row was changed, its label perhaps among it."""

    profile: Profile
    label: bool | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Erased:
    """An account's row was deleted."""

    user_id: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A redemption was created, changed or read by a snapshot.

    ``counted`` is false for an attempt (``used_promo`` false): stored, not counted.
    ``promo_code`` is as it came; ``canonical_code`` is what codes are compared by, the usual form
    unless it is given.
    ``previous_user_id`` is the account it belonged to before, where a change moved it.
    """

    usage_id: int
    user_id: str
    promo_code: str
    used_at_us: int
    used_promo: bool | None
    origin: Origin
    previous_user_id: str | None = None
    canonical_code: str = ""

    def __post_init__(self) -> None:
        _complete(self)

    @property
    def counted(self) -> bool:
        """Whether the code was used, not only tried."""
        return self.used_promo is not False


@dataclass(frozen=True, slots=True)
class RedemptionWithdrawn:
    """A redemption's row was deleted."""

    usage_id: int
    user_id: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class CodeDefined:
    """A promo code was created, changed or read by a snapshot; null terms are unknown.

    Codes as for :class:`Redeemed`. Rows of one canonical code are several writings of it.
    ``not_held`` names the amounts that are null here though the source has one, because no store
    can hold it (:func:`connectors.amounts.held`).
    """

    promo_code: str
    discount_type: str | None
    discount_value: Decimal | None
    min_purchase_amount: Decimal | None
    origin: Origin
    not_held: tuple[str, ...] = ()
    canonical_code: str = ""

    def __post_init__(self) -> None:
        _complete(self)


@dataclass(frozen=True, slots=True)
class CodeWithdrawn:
    """A promo code's row was deleted; codes as for :class:`Redeemed`."""

    promo_code: str
    origin: Origin
    canonical_code: str = ""

    def __post_init__(self) -> None:
        _complete(self)


def _complete(event: Redeemed | CodeDefined | CodeWithdrawn) -> None:
    if not event.canonical_code:
        object.__setattr__(event, "canonical_code", canonical_code(event.promo_code))


@dataclass(frozen=True, slots=True)
class Labelled:
    """An analyst said what an account is; None takes back what was said before.

    It stands above ``is_abuser`` of the account's row. ``version`` is the moment of the
    decision, microseconds since 1970 UTC; ``about`` is the version of the account's row that
    it was made about.
    """

    user_id: str
    label: bool | None
    origin: Origin
    about: int = 0


@dataclass(frozen=True, slots=True, order=True)
class IgnoredLink:
    """An account that another one is not to be linked with.

    ``through`` names a kind of identifier (:class:`ml.store.Link`), None means all of them.
    Who decided it, why and when (microseconds since 1970 UTC) is kept for people, ``about`` (the
    version of the other account's row) for its erasure; two entries of the same link are equal
    whatever is said about them.
    """

    other_user_id: str
    through: str | None = None
    decided_by: str = field(default="", compare=False)
    note: str = field(default="", compare=False)
    decided_at_us: int = field(default=0, compare=False)
    about: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class LinksDecided:
    """All links of an account that analysts have declared false, the whole list each time.

    It works both ways: neither account counts as the other's neighbour. ``version`` is the
    moment of the newest decision, microseconds since 1970 UTC; ``about`` is the version of the
    account's row that it was made about.
    """

    user_id: str
    ignored: tuple[IgnoredLink, ...]
    origin: Origin
    about: int = 0


class Said(StrEnum):
    """The two things that analysts say of an account."""

    LABEL = "label"
    LINKS = "links"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What analysts had said of an erased account is gone, from its topic too.

    ``version`` is later than that of the last decision, on the same scale.
    """

    user_id: str
    said: Said
    origin: Origin


class Authority(StrEnum):
    """Who can say whether an identifier identifies anybody."""

    MEASUREMENT = "measurement"
    """The shop's own accounts, measured (:mod:`ml.shared_values`)."""
    ANALYST = "analyst"
    """A person; this word stands above the measurement's."""


@dataclass(frozen=True, slots=True)
class IdentifierDecided:
    """Whether a value that accounts share identifies anybody: if it does not, it links nobody.

    Each authority's newest word counts, whenever it arrives; None takes it back. It names no
    account and outlives them all.

    Attributes:
        kind: of identifier, a strong :class:`ml.store.Link`.
        hashed: the value's keyed hash.
        authority: who says so.
        identifies: what is said.
        origin: ``version`` is the moment of the decision, microseconds since 1970 UTC.
        decided_by, why: for people: who or what decided it, and the reason with its figures.
        shared_by: accounts that had the value then.
    """

    kind: str
    hashed: str
    authority: Authority
    identifies: bool | None
    origin: Origin
    decided_by: str = field(default="", compare=False)
    why: str = field(default="", compare=False)
    shared_by: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A marker that lets Kafka compact the key away, and changes nothing."""

    key: str


AccountChange = Registered | Updated | Erased
RedemptionChange = Redeemed | RedemptionWithdrawn
CodeChange = CodeDefined | CodeWithdrawn
Decision = Labelled | LinksDecided
"""What analysts decide.

It stands until the account is erased: a decision that was made about a row older than an erasure
counts for nothing, whichever of both arrives first, and an account that returns begins anew.
"""

RowChange = AccountChange | RedemptionChange | CodeChange
"""What changes a row of the source."""

Change = RowChange | Decision | Forgotten | IdentifierDecided
"""Everything that changes a feature store."""
