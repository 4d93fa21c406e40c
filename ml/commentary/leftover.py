"""The abusers without a separating signal: does anything tell them from honest accounts? Pure.

Every attribute that can be computed is compared between both, flags by Fisher's exact test and
numbers by the Mann-Whitney U test, two-sided; p-values are corrected for their number (Holm,
1979), so that among so many one does not look remarkable by chance.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scipy.stats import fisher_exact, mannwhitneyu

from connectors.loading.tables import Table
from ml.commentary.habits import Habits
from ml.commentary.share import Share
from ml.commentary.shop import Account, Shop
from ml.commentary.signals import ADULT_YEARS, years_at_signup

SIGNIFICANT = 0.05
NEITHER = "neither verified"
Read = Callable[[Account], bool | float | None]


@dataclass(frozen=True, slots=True)
class Test:
    """One attribute, compared.

    Attributes:
        attribute: its name.
        of_abusers, of_honest: of a flag, who has it; of a number, None.
        auc: chance that an abuser's value is the higher one, ties counting half; 0.5 by lot.
        p: of as large a difference by chance alone.
        corrected: by Holm's method, for all attributes that were tried.
    """

    attribute: str
    of_abusers: Share | None
    of_honest: Share | None
    auc: float
    p: float
    corrected: float

    @property
    def is_significant(self) -> bool:
        """After correction."""
        return self.corrected < SIGNIFICANT

    @property
    def flagged(self) -> Share:
        """Abusers among those that have a flag."""
        if self.of_abusers is None or self.of_honest is None:
            raise ValueError(f"{self.attribute} is no flag")
        abusers = self.of_abusers.successes
        return Share(abusers, abusers + self.of_honest.successes)


def compare(
    attributes: Mapping[str, Read], abusers: Sequence[Account], honest: Sequence[Account]
) -> tuple[Test, ...]:
    """Test each attribute that varies, the most remarkable first."""
    found = []
    for name, read in attributes.items():
        ours = [value for value in map(read, abusers) if value is not None]
        theirs = [value for value in map(read, honest) if value is not None]
        if ours and theirs and len({*ours, *theirs}) > 1:
            found.append(_test(name, ours, theirs))
    found.sort(key=lambda test: (test.p, test.attribute))
    return tuple(_corrected(found))


def _test(name: str, ours: Sequence[float], theirs: Sequence[float]) -> Test:
    ranked = mannwhitneyu(ours, theirs)
    auc = float(ranked.statistic) / (len(ours) * len(theirs))
    if all(isinstance(value, bool) for value in (*ours, *theirs)):
        one = Share(int(sum(ours)), len(ours))
        other = Share(int(sum(theirs)), len(theirs))
        table = [[share.successes, share.trials - share.successes] for share in (one, other)]
        p = float(fisher_exact(table).pvalue)
        return Test(name, one, other, auc, p, p)
    return Test(name, None, None, auc, float(ranked.pvalue), float(ranked.pvalue))


def _corrected(tests: Sequence[Test]) -> list[Test]:
    """Holm's step-down method; the tests come by rising p."""
    highest, found = 0.0, []
    for rank, test in enumerate(tests):
        highest = max(highest, min(1.0, test.p * (len(tests) - rank)))
        found.append(
            Test(test.attribute, test.of_abusers, test.of_honest, test.auc, test.p, highest)
        )
    return found


def attributes(shop: Shop) -> Mapping[str, Read]:
    """Everything about an account that can be a flag or a number, by name."""
    habits = Habits(shop.accounts)
    uses = Counter(r.promo_code for a in shop.accounts for r in a.redemptions)
    return {
        **_of_the_account(habits),
        **_of_the_texts(),
        **_of_the_calendar(),
        **_of_the_redemption(shop, uses),
    }


def _of_the_account(habits: Habits) -> dict[str, Read]:
    def share(fact: str) -> Read:
        return lambda account: habits.share(fact, account.profile)

    return {
        "e-mail not verified": lambda a: a.row["is_email_verified"] is False,
        "phone not verified": lambda a: a.row["is_phone_verified"] is False,
        NEITHER: lambda a: (
            a.row["is_email_verified"] is False and a.row["is_phone_verified"] is False
        ),
        "shares a mailbox": lambda a: habits.is_shared("canonical_email", a.profile),
        "shares a phone": lambda a: habits.is_shared("phone", a.profile),
        "exact browser build shared": lambda a: habits.is_shared("agent", a.profile),
        "private IP address": lambda a: a.profile.ip_is_private is True,
        "female": lambda a: a.row["gender"] == "Female",
        "age in years": years_at_signup,
        f"under {ADULT_YEARS}": lambda a: (years_at_signup(a) or ADULT_YEARS) < ADULT_YEARS,
        "share of the e-mail domain": share("email_domain"),
        "share of the browser": share("user_agent_family"),
        "share of the time zone": share("timezone"),
    }


def _of_the_texts() -> dict[str, Read]:
    def text(account: Account, column: str) -> str:
        return str(account.row[column] or "")

    def length(column: str) -> Read:
        return lambda account: float(len(text(account, column)))

    return {
        "e-mail has the last name in it": lambda a: (
            bool(text(a, "last_name")) and text(a, "last_name").lower() in text(a, "email").lower()
        ),
        "e-mail has a digit in it": lambda a: any(map(str.isdigit, text(a, "email"))),
        "length of the e-mail": length("email"),
        "length of the first name": length("first_name"),
        "length of the last name": length("last_name"),
        "length of the user agent": length("user_agent"),
        "city missing": lambda a: a.row["city"] is None,
    }


def _of_the_calendar() -> dict[str, Read]:
    return {
        "moment of sign-up": lambda a: float(a.profile.created_at_us),
        "month of sign-up": lambda a: float(a.signed_up.month),
        "weekend sign-up": lambda a: a.signed_up.weekday() >= 5,
        "hour of sign-up, user's clock": lambda a: float(a.profile.hour),
        "hour of sign-up, UTC": lambda a: float(a.signed_up.hour),
    }


def _of_the_redemption(shop: Shop, uses: Counter[str]) -> dict[str, Read]:
    conflicting = Counter(str(row["promo_code"]) for row in _code_lines(shop))

    def code(account: Account) -> str | None:
        return account.redemptions[0].promo_code if account.redemptions else None

    def terms(account: Account, column: str) -> object:
        known = code(account)
        return None if known is None else shop.codes.get(known, {}).get(column)

    def amount(column: str) -> Read:
        return lambda a: float(found) if isinstance(found := terms(a, column), Decimal) else None

    return {
        "has redeemed": lambda a: bool(a.redemptions),
        "wait for the redemption": lambda a: a.waited_s,
        "moment of redemption": lambda a: (
            float(a.redemptions[0].used_at_us) if a.redemptions else None
        ),
        "hour of redemption, UTC": lambda a: (
            float(_hour(a.redemptions[0].used_at_us)) if a.redemptions else None
        ),
        "redemptions of the code": lambda a: (
            None if (known := code(a)) is None else float(uses[known])
        ),
        "code defined in several ways": lambda a: (
            None if (known := code(a)) is None else conflicting[known] > 1
        ),
        "fixed discount": lambda a: (
            None if code(a) is None else terms(a, "discount_type") == "fixed_amount"
        ),
        "value of the discount": amount("discount_value"),
        "minimum purchase": amount("min_purchase_amount"),
    }


def _code_lines(shop: Shop) -> Sequence[Mapping[str, object]]:
    return shop.files[Table.PROMO_CODES].rows


def _hour(at_us: int) -> int:
    return at_us // 3_600_000_000 % 24
