"""Hundreds on one value: strangers whose SDK sends its name, and a burst of look-alikes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from connectors.settings import Settings
from tests.truth import connect

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
COUNT = 600
_A_DAY = 15
_USER = (
    "INSERT INTO users (user_id, created_at, email, is_email_verified, ip_address, device_id,"
    " user_agent) VALUES (%s, %s, %s, true, %s, %s, %s)"
)
_CODE = "INSERT INTO promo_codes VALUES (%s, 'fixed_amount', 10, 50) ON CONFLICT DO NOTHING"
_USAGE = (
    "INSERT INTO promo_usages (user_id, promo_code, used_at, used_promo) VALUES (%s, %s, %s, true)"
)


def insert_strangers(settings: Settings, name: str, device: str) -> list[str]:
    """600 accounts, 15 a day for 40 days, alike in nothing but the device; who they are."""
    rows = [
        (
            f"{name}-{n:03}",
            BEGIN + timedelta(days=n // _A_DAY, minutes=37 * (n % _A_DAY)),
            f"{name}{n}@mail{n % 60}.example",
            f"{20 + n % 70}.{n % 250}.{n // 3}.{n % 199 + 1}",
            device,
            f"UA/{n % 37}",
        )
        for n in range(COUNT)
    ]
    _insert(settings, rows, ["MASS-A", "MASS-B", "MASS-C"], timedelta(hours=20))
    return [user for user, *_ in rows]


def insert_burst(settings: Settings, name: str, device: str) -> list[str]:
    """600 accounts within a day, with bought mailboxes, one browser and one code; who they are."""
    rows = [
        (
            f"{name}-{n:03}",
            BEGIN + timedelta(days=50, minutes=2 * n),
            f"{name}{n}@bought{n % 60}.example",
            f"{120 + n % 70}.{n % 250}.{n // 3}.{n % 199 + 1}",
            device,
            "UA/burst",
        )
        for n in range(COUNT)
    ]
    _insert(settings, rows, ["MASS-A"], timedelta(minutes=40))
    return [user for user, *_ in rows]


def _insert(
    settings: Settings, rows: Sequence[tuple[object, ...]], codes: list[str], wait: timedelta
) -> None:
    with connect(settings) as connection, connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(_CODE, [(code,) for code in codes])
        cursor.executemany(_USER, rows)
        cursor.executemany(_USAGE, _redemptions(rows, codes, wait))


def _redemptions(
    rows: Sequence[tuple[object, ...]], codes: list[str], wait: timedelta
) -> Iterator[tuple[object, ...]]:
    """Two in three redeem, each its own while later."""
    for n, (user, created_at, *_) in enumerate(rows):
        if n % 3:
            assert isinstance(created_at, datetime)
            yield user, codes[n % len(codes)], created_at + wait + timedelta(seconds=97 * n)
