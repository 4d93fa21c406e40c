"""What separates abusers by accident of how the data was made, or would be lost. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from sklearn.metrics import average_precision_score, roc_auc_score

from connectors.loading.tables import Table
from connectors.traits import phone_shape
from ml.commentary.shop import Account, Shop
from ml.commentary.signals import FAST, SIGNALS, UNVERIFIED, Habits, Reach, reach_of
from ml.features.feature import COMMON_FROM

HEAD_PERCENT = 3
"""Of the rows of a file, for saying what its head holds."""

Clean = Callable[[str], str]
_EXTENSION = re.compile(r"(?:x|ext\.?|#)\s*\d+\s*$", re.IGNORECASE)
_COUNTRY = re.compile(r"^(?:00)?1(?=\d{10}$)")


@dataclass(frozen=True, slots=True)
class RowOrder:
    """What the order of the redemptions file tells of their accounts' labels.

    Attributes:
        rows, abusers: redemptions of accounts that are known, and abusers' among them.
        average_precision, roc_auc: of ranking early rows first, by the row's number alone.
        half: share of the rows, from the top, that holds half of the abusers.
        unverified_block: how many rows the file begins with that are all of abusers who have
            verified neither e-mail nor phone.
        curve: share of the abusers among the first 0, 1, … 100 percent of the rows.
        users_average_precision: of the order of the file of users, the better direction.
    """

    rows: int
    abusers: int
    average_precision: float
    roc_auc: float
    half: float
    unverified_block: int
    curve: tuple[float, ...]
    users_average_precision: float

    @property
    def head(self) -> float:
        """Share of the abusers in the first :data:`HEAD_PERCENT` of the rows."""
        return self.curve[HEAD_PERCENT]

    @property
    def base_rate(self) -> float:
        """Average precision of an order that tells nothing."""
        return self.abusers / self.rows


@dataclass(frozen=True, slots=True)
class Calendar:
    """Who signed up after the last honest account did.

    Attributes:
        last_honest, first_after: sign-ups: the last of an honest account, the next after it.
        after: accounts since, all of them abusers.
        fast, both: accounts with a fast redemption, and those of them that came after.
        early: abusers with a separating signal that is known at registration.
        early_or_after: the same, and those that the calendar would seem to find.
    """

    last_honest: datetime
    first_after: datetime
    after: int
    fast: int
    both: int
    early: int
    early_or_after: int


@dataclass(frozen=True, slots=True)
class Phones:
    """Whom unusual phones reach: as they came, by their digits, and as one national format.

    Attributes:
        raw, digits, national: the signal after each treatment.
        shared: phones held by several accounts, by the pipeline's own form of a number.
    """

    raw: Reach
    digits: Reach
    national: Reach
    shared: int


@dataclass(frozen=True, slots=True)
class Links:
    """What accounts share, and whether any has redeemed a code that a linked one has redeemed.

    Attributes:
        devices, addresses, networks, mailboxes, phones: identifiers that several accounts have.
        by_mailbox, by_phone: the accounts that share one.
        pairs, same_code: pairs of accounts linked by mailbox or phone, and those of them that
            redeemed the same code.
    """

    devices: int
    addresses: int
    networks: int
    mailboxes: int
    by_mailbox: int
    phones: int
    by_phone: int
    pairs: int
    same_code: int


def row_order(shop: Shop) -> RowOrder:
    """Rank redemptions by their place in the file, and accounts by theirs."""
    known = {a.profile.user_id for a in shop.accounts}
    rows = [str(row["user_id"]) for row in shop.files[Table.PROMO_USAGES].rows]
    labels = [user in shop.abusers for user in rows if user in known]
    early = [-place for place in range(len(labels))]
    found = [place + 1 for place, is_abuser in enumerate(labels) if is_abuser]
    return RowOrder(
        rows=len(labels),
        abusers=len(found),
        average_precision=float(average_precision_score(labels, early)),
        roc_auc=float(roc_auc_score(labels, early)),
        half=found[len(found) // 2] / len(labels),
        unverified_block=_unverified_block(shop, [user for user in rows if user in known]),
        curve=_curve(found, len(labels)),
        users_average_precision=_better_direction(
            [row["is_abuser"] is True for row in shop.files[Table.USERS].rows]
        ),
    )


def _curve(places: Sequence[int], rows: int) -> tuple[float, ...]:
    return tuple(
        sum(place <= rows * percent / 100 for place in places) / len(places)
        for percent in range(101)
    )


def _unverified_block(shop: Shop, users: Sequence[str]) -> int:
    habits = Habits(shop.accounts)
    unverified = {
        a.profile.user_id for a in shop.accounts if a.is_abuser and SIGNALS[UNVERIFIED](a, habits)
    }
    return next((n for n, user in enumerate(users) if user not in unverified), len(users))


def _better_direction(labels: Sequence[bool]) -> float:
    places = range(len(labels))
    return max(
        float(average_precision_score(labels, [sign * place for place in places]))
        for sign in (1, -1)
    )


def calendar(accounts: Sequence[Account], separating: Sequence[Reach]) -> Calendar:
    """Look at the time of sign-up alone."""
    habits = Habits(accounts)
    last_honest = max(a.signed_up for a in accounts if not a.is_abuser)
    after = {a.profile.user_id for a in accounts if a.signed_up > last_honest}
    fast = {a.profile.user_id for a in fast_ones(accounts)}
    names = [reach.name for reach in separating if reach.name != FAST]
    early = {
        a.profile.user_id
        for a in accounts
        if a.is_abuser and any(SIGNALS[name](a, habits) for name in names)
    }
    return Calendar(
        last_honest=last_honest,
        first_after=min(
            (a.signed_up for a in accounts if a.profile.user_id in after), default=last_honest
        ),
        after=len(after),
        fast=len(fast),
        both=len(fast & after),
        early=len(early),
        early_or_after=len(early | after),
    )


def fast_ones(accounts: Sequence[Account]) -> list[Account]:
    """The accounts that redeemed at once."""
    habits = Habits(accounts)
    return [account for account in accounts if SIGNALS[FAST](account, habits)]


def phones(shop: Shop) -> Phones:
    """The signal as it is, and after two ways to clean numbers before looking at them."""
    habits = Habits(shop.accounts)
    raw = {a.profile.user_id for a in shop.accounts if habits.is_unusual("phone_shape", a.profile)}
    return Phones(
        raw=_reach(shop, "as they came", raw),
        digits=_reach(shop, "digits alone", _unusual(shop, digits)),
        national=_reach(shop, "one national format", _unusual(shop, national)),
        shared=habits.shared("phone")[0],
    )


def digits(phone: str) -> str:
    """A phone number's digits, those of an extension too."""
    return re.sub(r"\D", "", phone)


def national(phone: str) -> str:
    """A North American number as ``+1`` and ten digits (E.164): what cleaning gives.

    An extension, signs, and a country code that is there or not leave no trace; what is no such
    number keeps its digits.
    """
    number = _COUNTRY.sub("", digits(_EXTENSION.sub("", phone)))
    return f"+1{number}" if len(number) == 10 else number


def shape_by_account(shop: Shop, clean: Clean) -> dict[str, str | None]:
    """The shape of each account's phone once it is cleaned; None without one."""
    return {
        a.profile.user_id: phone_shape(clean(str(a.row["phone"]))) if a.row["phone"] else None
        for a in shop.accounts
    }


def links(shop: Shop) -> Links:
    """What accounts share."""
    habits = Habits(shop.accounts)
    pairs = linked_pairs(shop.accounts)
    codes = {
        a.profile.user_id: {event.promo_code for event in a.redemptions} for a in shop.accounts
    }
    mailboxes, by_mailbox = habits.shared("canonical_email")
    numbers, by_phone = habits.shared("phone")
    return Links(
        devices=habits.shared("device")[0],
        addresses=habits.shared("ip")[0],
        networks=habits.shared("network")[0],
        mailboxes=mailboxes,
        by_mailbox=by_mailbox,
        phones=numbers,
        by_phone=by_phone,
        pairs=len(pairs),
        same_code=sum(bool(codes[one] & codes[other]) for one, other in pairs),
    )


def linked_pairs(accounts: Sequence[Account]) -> set[tuple[str, str]]:
    """Pairs of accounts with the same device, mailbox or phone."""
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for account in accounts:
        for fact in ("device", "canonical_email", "phone"):
            value = getattr(account.profile, fact)
            if value is not None:
                holders[fact, value].append(account.profile.user_id)
    return {pair for them in holders.values() for pair in combinations(sorted(them), 2)}


def _unusual(shop: Shop, clean: Clean) -> set[str]:
    shapes = shape_by_account(shop, clean)
    counts = Counter(shapes.values())
    return {u for u, shape in shapes.items() if counts[shape] / len(shapes) < COMMON_FROM}


def _reach(shop: Shop, name: str, holders: set[str]) -> Reach:
    everybody = {a.profile.user_id for a in shop.accounts}
    return reach_of(name, holders, set(shop.abusers), everybody - shop.abusers)
