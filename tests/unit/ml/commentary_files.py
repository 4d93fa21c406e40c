"""A small folder of CSV files whose every count is known by hand, for tests of the commentary.

Two hundred honest accounts, one a day from 2020 on; fifteen abusers: five with phones written in
ways of their own, four that redeem within minutes, two years later, and six who have verified
nothing, as a quarter of the honest ones.
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from connectors.loading.tables import COLUMNS, Table

HONEST, ODD_PHONES, FAST, PLAIN = 200, 5, 4, 6
BEGIN = datetime(2020, 1, 1, 9)
_HEADER = tuple(COLUMNS[Table.USERS].parsers)
_CODES = (
    "A,percentage,10,50",
    "A,fixed_amount,60,50",
    "B,fixed_amount,60,50",
    "C,fixed_amount,5,50",
    "C,fixed_amount,5,50",
)


def write_files(folder: Path) -> Path:
    """Write the three files and return the folder."""
    honest = [_honest(n) for n in range(HONEST)]
    abusers = [_abuser(n) for n in range(ODD_PHONES + FAST + PLAIN)]
    broken = [*_honest(HONEST)]
    broken[1] = "soon"
    _write(folder / "users.csv", _HEADER, [*honest, *abusers, broken])
    _write(folder / "promo_usages.csv", ("user_id", "promo_code", "used_at", "used_promo"),
           _usages(honest, abusers))  # fmt: skip
    (folder / "promo_codes.csv").write_text(
        "\n".join(("promo_code,discount_type,discount_value,min_purchase_amount", *_CODES, ""))
    )
    return folder


def _row(user: str, number: int, created: datetime, **said: object) -> list[str]:
    row: dict[str, object] = {
        "user_id": user,
        "created_at": created,
        "email": f"{user}@example.com",
        "is_email_verified": True,
        "phone": f"1555{number:07}",
        "is_phone_verified": True,
        "first_name": "Made",
        "last_name": "Up",
        "ip_address": f"9.{number // 250}.{number % 250}.1",
        "device_id": f"device-{user}",
        "user_agent": f"browser {number % 7}",
        "city": "" if number == 4 else "Nowhere",
        "gender": ("Female", "Male")[number % 2],
        "dob": "1980-06-01",
        "timezone": "America/New_York",
        "is_abuser": False,
    }
    return [str(value) for value in {**row, **said}.values()]


def _honest(number: int) -> list[str]:
    said: dict[str, object] = {
        "is_email_verified": number % 2 == 0,
        "is_phone_verified": number % 4 < 2,
    }
    if number == 3:
        said["email"] = "H002@Example.com"
    if number == 5:
        # Turns 18 in the year of the sign-up, and after it.
        said |= {"dob": "2002-06-01", "timezone": "Else/Where", "ip_address": "10.1.2.3"}
    return _row(f"h{number:03}", number, BEGIN + timedelta(days=number), **said)


def _abuser(number: int) -> list[str]:
    said: dict[str, object] = {"is_abuser": True}
    created = BEGIN + timedelta(days=10 * number, hours=3)
    if number < ODD_PHONES:
        said["phone"] = f"+1-555-010-{number:04}{'x' * number}"
    elif number < ODD_PHONES + FAST:
        created += timedelta(days=800)
    else:
        said |= {"is_email_verified": False, "is_phone_verified": False}
    return _row(f"a{number:03}", 1000 + number, created, **said)


def _usages(honest: Sequence[list[str]], abusers: Sequence[list[str]]) -> Iterable[list[str]]:
    for number, row in enumerate(abusers):
        is_fast = ODD_PHONES <= number < ODD_PHONES + FAST
        wait = timedelta(minutes=5 + number) if is_fast else timedelta(days=500)
        yield [row[0], "B", _later(row[1], wait), "True"]
    for number, row in enumerate(honest):
        if number % 10:
            yield [row[0], "C", _later(row[1], timedelta(days=400 + number)), "True"]
    yield ["stranger", "A", "2021-05-05 5:05:05+01:00", "True"]


def _later(created: str, wait: timedelta) -> str:
    return str(datetime.fromisoformat(created) + wait)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
