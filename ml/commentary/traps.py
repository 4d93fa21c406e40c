"""What separates abusers by accident of how the data was made, or would be lost. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sklearn.metrics import average_precision_score, roc_auc_score

from connectors.loading.tables import Table
from ml.commentary.habits import Habits
from ml.commentary.shop import Account, Shop
from ml.commentary.signals import FAST, SIGNALS, UNVERIFIED, Reach

HEAD_PERCENT = 3
"""Of the rows of a file, for saying what its head holds."""


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
