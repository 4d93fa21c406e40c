"""A value that many share, measured on a real warehouse."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from zlib import crc32

import pytest

from connectors.profile import Profile
from connectors.settings import Settings
from ml.store import DAY_US, HOUR_US, Link
from stream_processors.monitor.measurement import Measurement
from tests.integration.gateway_process import GatewayProcess
from tests.unit.ml.builders import at, redeemed, registered
from warehouse.client import writer
from warehouse.migrate import migrate
from warehouse.rows import Row, Table, source_row
from warehouse.writer import Writer

BEGIN = at(0) // DAY_US * DAY_US
NOBODYS: frozenset[tuple[Link, str]] = frozenset()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A migrated warehouse of these tests' own."""
    process = GatewayProcess(tmp_path_factory.mktemp("warehouse"))
    process.start()
    migrate(process.settings)
    yield process.settings
    process.stop()


@pytest.fixture
def insert(migrated: Settings) -> Callable[[Iterable[Row]], None]:
    client = writer(migrated)
    for table in ("users", "promo_usages", "labels"):
        client.command(f"TRUNCATE TABLE {table}")
    client.close()

    async def write(rows: Iterable[Row]) -> None:
        made = Writer(migrated)
        await made.insert(rows)
        await made.close()

    return lambda rows: asyncio.run(write(rows))


def strangers(count: int, days: int, name: str = "s", **facts: object) -> list[Profile]:
    """Accounts spread evenly over days, alike in nothing but the facts."""
    return [
        replace(
            Profile(
                f"{name}{n}",
                BEGIN + n % days * DAY_US + n // days * HOUR_US,
                canonical_email=f"{name}m{n}",
                phone=f"{name}p{n}",
                device=f"{name}d{n}",
                ip=f"{name}i{n}",
                network=f"{name}n{n}",
                email_domain=f"{name}{n % 7}.example",
                agent=f"a{n % 12}",
            ),
            **facts,  # type: ignore[arg-type]
        )
        for n in range(count)
    ]


def rows_of(profiles: list[Profile], code: str = "") -> list[Row]:
    """Their registrations, and a redemption each a day later: of one code, or of eight in turn."""
    first = crc32(profiles[0].user_id.encode()) * 10_000
    rows = [source_row(registered(profile)) for profile in profiles]
    for n, profile in enumerate(profiles):
        event = redeemed(profile.user_id, code or f"CODE{n % 8}", usage_id=first + n)
        rows.append(source_row(replace(event, used_at_us=profile.created_at_us + DAY_US)))
    return rows


def test_strangers_on_one_device_are_measured_and_a_burst_on_top_is_not_looked_at(
    migrated: Settings, insert: Callable[[Iterable[Row]], None]
) -> None:
    burst = strangers(300, 1, "ring", device="sdk", agent="ring", ip="ring")
    insert(rows_of(strangers(280, 40, device="sdk")) + rows_of(burst, "WELCOME"))
    insert(rows_of(strangers(150, 40, "other")))

    found = Measurement(migrated).judge(Link.DEVICE, "sdk", False, NOBODYS)

    assert found.accounts == 580
    assert not found.judgement.identifies, found.judgement.why
    assert found.judgement.why.startswith("580 accounts on 40 days; different values: phone 100%")


def test_a_slow_ring_is_told_by_its_code_which_the_shops_others_did_not_redeem(
    migrated: Settings, insert: Callable[[Iterable[Row]], None]
) -> None:
    insert(rows_of(strangers(280, 40, "ring", device="sdk"), "WELCOME"))
    insert(rows_of(strangers(150, 40, "other")))

    found = Measurement(migrated).judge(Link.DEVICE, "sdk", False, NOBODYS)

    assert found.judgement.identifies
    assert found.judgement.why == "100% have one promo code in common, at most 50% wanted"


def test_what_is_usual_does_not_depend_on_how_a_code_is_written(
    migrated: Settings, insert: Callable[[Iterable[Row]], None]
) -> None:
    insert(rows_of(strangers(280, 40, device="sdk"), "WELCOME"))
    insert(rows_of(strangers(150, 40, "other"), " welcome"))

    found = Measurement(migrated).judge(Link.DEVICE, "sdk", False, NOBODYS)

    assert not found.judgement.identifies, found.judgement.why


@pytest.mark.parametrize(
    ("kind", "column"), [(Link.PHONE, "phone"), (Link.EMAIL, "canonical_email")]
)
def test_numbers_and_mailboxes_are_measured_alike_and_labels_count(
    migrated: Settings, insert: Callable[[Iterable[Row]], None], kind: Link, column: str
) -> None:
    insert(rows_of(strangers(200, 40, **{column: "example"})))
    assert not Measurement(migrated).judge(kind, "example", False, NOBODYS).judgement.identifies

    label = {"is_abuser": True, "version": 1, "decided_by": "desk", "note": "", "about": 0}
    labelled = {**label, "decided_at": "2026-01-01T00:00:00Z"}
    insert(Row(Table.LABELS, {"user_id": f"s{n}", **labelled}) for n in range(30))
    found = Measurement(migrated).judge(kind, "example", False, NOBODYS).judgement
    assert found.why == "15% are known abusers, at most 10% wanted"


def test_another_value_of_nobody_says_nothing_against_it(
    migrated: Settings, insert: Callable[[Iterable[Row]], None]
) -> None:
    insert(rows_of(strangers(200, 40, device="sdk", phone="example")))
    judged = Measurement(migrated).judge

    assert judged(Link.DEVICE, "sdk", False, NOBODYS).judgement.identifies
    known = frozenset({(Link.PHONE, "example")})
    assert not judged(Link.DEVICE, "sdk", False, known).judgement.identifies


def test_a_value_that_nobody_has_any_more_is_no_ones(migrated: Settings) -> None:
    found = Measurement(migrated).judge(Link.DEVICE, "gone", True, NOBODYS)
    assert (found.accounts, found.judgement.identifies) == (0, True)
