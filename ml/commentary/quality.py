"""What is wrong or odd in the files, counted on what the pipeline makes of them. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import available_timezones

from connectors.loading.tables import COLUMNS, Table
from connectors.loading.values import Reason
from connectors.traits import user_agent_family
from ml.commentary.habits import Habits
from ml.commentary.shop import Account, Columns, Shop
from ml.commentary.signals import ADULT_YEARS, OLD_YEARS, years_at_signup


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts of what is odd; of accounts where nothing else is said.

    Attributes:
        records, kept, duplicates, malformed: lines of all files; malformed are those that are
            rejected before PostgreSQL, for whatever reason but a conflict.
        bad_timestamps: of the malformed lines, those with a timestamp that is none.
        conflicting_codes: promo codes with more than one definition; ``conflicting_lines`` have
            them, ``refused_lines`` are not loaded.
        empty: cells without a value by file and column, where there are any.
        columns: columns of all files.
        timestamps, with_offset: cells of timestamps, and those that name their offset.
        unknown_zones: time zones that the zone database does not know.
        young_by_year, young_exact: under 18 at sign-up, by the year of birth and to the day.
        dear_lines, dear_codes: fixed discounts above their minimum purchase, in the file and of
            the codes that are loaded.
        early: redemptions before the sign-up of their account.
        no_address: IP addresses that are none.
    """

    records: int
    kept: int
    duplicates: int
    malformed: int
    bad_timestamps: int
    conflicting_codes: int
    conflicting_lines: int
    refused_lines: int
    empty: tuple[tuple[str, str, int], ...]
    columns: int
    timestamps: int
    with_offset: int
    unknown_zones: int
    zones: int
    young_by_year: int
    young_exact: int
    old: int
    dear_lines: int
    dear_codes: int
    fixed_codes: int
    early: int
    private: int
    no_address: int
    no_domain: int
    other_browser: int
    odd_phones: int
    shared_emails: int
    by_shared_email: int
    shared_phones: int
    by_shared_phone: int


def quality(shop: Shop) -> Quality:
    """Count all of it."""
    files = [file.counts for file in shop.files.values()]
    habits = Habits(shop.accounts)
    lines = shop.files[Table.PROMO_CODES].rows
    zones = {str(a.row["timezone"]) for a in shop.accounts if a.row["timezone"]}
    emails, by_email = habits.shared("email")
    numbers, by_number = habits.shared("phone")
    return Quality(
        records=sum(counts.records for counts in files),
        kept=sum(counts.accepted for counts in files),
        duplicates=sum(counts.duplicates for counts in files),
        malformed=sum(
            n for c in files for why, n in c.rejected.items() if why is not Reason.CONFLICT
        ),
        bad_timestamps=sum(counts.rejected.get(Reason.TIMESTAMP, 0) for counts in files),
        conflicting_codes=shop.codes_in_conflict,
        conflicting_lines=conflicting_lines(lines),
        refused_lines=sum(counts.rejected.get(Reason.CONFLICT, 0) for counts in files),
        empty=empty_cells(shop),
        columns=sum(len(COLUMNS[table].parsers) for table in shop.files),
        timestamps=sum(file.timestamps for file in shop.files.values()),
        with_offset=sum(file.with_offset for file in shop.files.values()),
        unknown_zones=len(zones - available_timezones()),
        zones=len(zones),
        young_by_year=sum(is_young_by_year(a) for a in shop.accounts),
        young_exact=sum(is_young(a) for a in shop.accounts),
        old=sum((years_at_signup(a) or 0) > OLD_YEARS for a in shop.accounts),
        dear_lines=sum(map(is_dear, lines)),
        dear_codes=sum(map(is_dear, shop.codes.values())),
        fixed_codes=sum(row["discount_type"] == "fixed_amount" for row in shop.codes.values()),
        early=sum(a.waited_s is not None and a.waited_s < 0 for a in shop.accounts),
        private=sum(a.profile.ip_is_private is True for a in shop.accounts),
        no_address=sum(
            bool(a.row["ip_address"]) and a.profile.ip_is_private is None for a in shop.accounts
        ),
        no_domain=sum(
            bool(a.row["email"]) and a.profile.email_domain is None for a in shop.accounts
        ),
        other_browser=sum(
            bool(a.row["user_agent"]) and user_agent_family(str(a.row["user_agent"])) == "Other"
            for a in shop.accounts
        ),
        odd_phones=sum(habits.is_unusual("phone_shape", a.profile) for a in shop.accounts),
        shared_emails=emails,
        by_shared_email=by_email,
        shared_phones=numbers,
        by_shared_phone=by_number,
    )


def conflicting_lines(lines: Sequence[Columns]) -> int:
    """Lines of promo codes that another line defines differently."""
    definitions = {tuple(line.values()) for line in lines}
    several = Counter(code for code, *_ in definitions)
    return sum(several[line["promo_code"]] > 1 for line in lines)


def empty_cells(shop: Shop) -> tuple[tuple[str, str, int], ...]:
    """File, column and number of rows without a value, where there are any."""
    return tuple(
        (table.file, column, empty)
        for table, file in shop.files.items()
        for column in COLUMNS[table].parsers
        if (empty := sum(row[column] is None for row in file.rows))
    )


def is_dear(code: Columns) -> bool:
    """Whether a fixed discount pays for more than what must be bought."""
    value, least = code["discount_value"], code["min_purchase_amount"]
    return (
        code["discount_type"] == "fixed_amount"
        and isinstance(value, Decimal)
        and isinstance(least, Decimal)
        and value > least
    )


def is_young_by_year(account: Account) -> bool:
    """Under age by the year of birth alone, which is all that leaves the privacy boundary."""
    years = years_at_signup(account)
    return years is not None and years < ADULT_YEARS


def is_young(account: Account) -> bool:
    """Under age to the day."""
    born, day = account.row["dob"], account.signed_up.date()
    if not isinstance(born, date):
        return False
    had_no_birthday = (day.month, day.day) < (born.month, born.day)
    return day.year - born.year - had_no_birthday < ADULT_YEARS
