"""Seeded traffic for tests: honest accounts, rings that share identifiers, shared places."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

START = datetime(2025, 1, 1, tzinfo=UTC)
USER_COLUMNS = (
    "user_id", "created_at", "email", "is_email_verified", "phone", "is_phone_verified",
    "first_name", "last_name", "ip_address", "device_id", "user_agent", "city", "gender", "dob",
    "timezone", "is_abuser",
)  # fmt: skip
USAGE_COLUMNS = ("user_id", "promo_code", "used_at", "used_promo")
CODE_COLUMNS = ("promo_code", "discount_type", "discount_value", "min_purchase_amount")


def write_traffic(folder: Path, *, accounts: int, seed: int, prefix: str = "u") -> Path:
    """Write the three CSV files of ``accounts`` registrations and about as many redemptions.

    One account in eight belongs to a ring of up to 30 on one device; a tenth share one campus
    address; some redemptions are attempts, repeated, or without a registration.
    """
    random = Random(seed)
    users = [_user(random, f"{prefix}{seed}-{n}", n) for n in range(accounts)]
    usages = list(_usages(random, users))
    codes = [
        (f"{prefix}-CODE{n}", random.choice(("fixed_amount", "percentage")), n + 5, n + 40)
        for n in range(20)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "users.csv", USER_COLUMNS, random.sample(users, len(users)))
    _write(folder / "promo_usages.csv", USAGE_COLUMNS, random.sample(usages, len(usages)))
    _write(folder / "promo_codes.csv", CODE_COLUMNS, codes)
    return folder


def _user(random: Random, user_id: str, number: int) -> tuple[object, ...]:
    ring = number // 30 if number % 8 == 0 else None
    moment = START + timedelta(minutes=random.randrange(200_000))
    if ring is not None:
        moment = START + timedelta(minutes=4_000 * ring + random.randrange(90))
    campus = random.random() < 0.1
    address = "81.2.69.142" if campus else ".".join(str(random.randrange(1, 255)) for _ in "1234")
    return (
        user_id, moment.isoformat(), f"{user_id}@{random.choice(('a.org', 'b.org', 'odd.net'))}",
        random.random() < 0.5, f"1{random.randrange(10**10):010d}", random.random() < 0.5,
        random.choice(("Ann", "bob", "")), random.choice(("Lee", "kim")), address,
        f"ring-{ring}" if ring is not None else f"device-{user_id}",
        f"browser-{random.randrange(4)}", "", "", "1990-02-03",
        random.choice(("Europe/Paris", "")), random.choice((True, "", False)) if ring else False,
    )  # fmt: skip


def _usages(random: Random, users: Sequence[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    prefix = str(users[0][0]).rstrip("0123456789-")
    for user in users:
        for _ in range(random.choice((0, 1, 1, 2))):
            used_at = datetime.fromisoformat(str(user[1])) + timedelta(
                minutes=random.randrange(1, 30_000)
            )
            code = f"{prefix}-CODE{random.randrange(20)}"
            owner = user[0] if random.random() < 0.97 else f"nobody-{random.randrange(10**9)}"
            row = (owner, code, used_at.isoformat(), random.random() < 0.95)
            yield row
            if random.random() < 0.02:
                yield row


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
