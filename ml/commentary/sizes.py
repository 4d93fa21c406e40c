"""How much there is, over which time, and how the tables meet. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connectors.loading.tables import Table
from ml.commentary.shop import Shop

Month = tuple[int, int]
"""Year, month."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The data in numbers.

    Attributes:
        accounts, abusers, honest, unlabelled: registrations, by label.
        codes, code_lines: promo codes that are loaded, and lines that define one.
        redemptions: of accounts that are there or not.
        strangers, strange_redemptions: accounts that redeem and are not in the file of users.
        silent: accounts without a redemption; none of ``silent_abusers`` is honest.
        most_redemptions: of one account.
        unknown_codes: redemptions of codes that are not defined.
        uses_least, uses_most: redemptions of a code.
        tried: redemptions with ``used_promo`` false: attempts.
    """

    accounts: int
    abusers: int
    honest: int
    unlabelled: int
    codes: int
    code_lines: int
    redemptions: int
    strangers: int
    strange_redemptions: int
    silent: int
    silent_abusers: int
    most_redemptions: int
    unknown_codes: int
    uses_least: int
    uses_most: int
    tried: int
    first_signup: datetime
    last_signup: datetime
    first_redemption: datetime
    last_redemption: datetime

    @property
    def abuser_share(self) -> float:
        """Of all accounts."""
        return self.abusers / self.accounts


def sizes(shop: Shop) -> Sizes:
    """Count all of it."""
    usages = shop.files[Table.PROMO_USAGES].kept
    users = {a.profile.user_id for a in shop.accounts}
    of_strangers = [str(u["user_id"]) for u in usages if u["user_id"] not in users]
    uses = Counter(str(u["promo_code"]) for u in usages)
    labels = Counter(a.row["is_abuser"] for a in shop.accounts)
    signups = _moments(a.row["created_at"] for a in shop.accounts)
    redemptions = _moments(u["used_at"] for u in usages)
    silent = [a for a in shop.accounts if not a.redemptions]
    return Sizes(
        accounts=len(shop.accounts),
        abusers=labels[True],
        honest=labels[False],
        unlabelled=labels[None],
        codes=len(shop.codes),
        code_lines=len(shop.files[Table.PROMO_CODES].rows),
        redemptions=len(usages),
        strangers=len(set(of_strangers)),
        strange_redemptions=len(of_strangers),
        silent=len(silent),
        silent_abusers=sum(a.is_abuser for a in silent),
        most_redemptions=max(Counter(str(u["user_id"]) for u in usages).values()),
        unknown_codes=sum(n for code, n in uses.items() if code not in shop.codes),
        uses_least=min(uses.values()),
        uses_most=max(uses.values()),
        tried=sum(u["used_promo"] is False for u in usages),
        first_signup=signups[0],
        last_signup=signups[-1],
        first_redemption=redemptions[0],
        last_redemption=redemptions[-1],
    )


def months(moments: Iterable[datetime]) -> Counter[Month]:
    """How many moments lie in each month of UTC."""
    return Counter((at.year, at.month) for at in moments)


def _moments(values: Iterable[object]) -> list[datetime]:
    return sorted(value for value in values if isinstance(value, datetime))
