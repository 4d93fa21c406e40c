"""Rows come back from the warehouse as the events that made them, those that still hold."""

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from connectors.events import (
    Change,
    CodeDefined,
    IdentifierDecided,
    IgnoredLink,
    Labelled,
    LinksDecided,
    Origin,
    RowChange,
)
from connectors.profile import Profile
from connectors.settings import Settings
from tests.integration.gateway_process import GatewayProcess
from tests.unit.ml.builders import (
    account,
    at,
    code_defined,
    code_withdrawn,
    erased,
    redeemed,
    registered,
    updated,
    withdrawn,
)
from tests.warehouse_rows import IDENTIFIER_DECIDED, LABEL_MESSAGE, LINKS_MESSAGE, NOW_US
from warehouse.changes import current_changes
from warehouse.client import reader, writer
from warehouse.migrate import migrate
from warehouse.rows import (
    Row,
    identifier_decision_row,
    label_row,
    link_decisions_row,
    source_row,
)
from warehouse.writer import Writer

FULL = Profile(
    "anna", at(0) + 1, "e", "c", "p", "d", "i", "n", True, False, "example.com", False, "1:911",
    "title", "lower", 1990, True, "Chrome", "Europe/Berlin", 23, "a",
)  # fmt: skip
TABLES = (
    "users",
    "promo_usages",
    "promo_codes",
    "labels",
    "link_decisions",
    "identifier_decisions",
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    process = GatewayProcess(tmp_path_factory.mktemp("warehouse"))
    process.start()
    migrate(process.settings)
    yield process.settings
    process.stop()


@pytest.fixture
def insert(warehouse: Settings) -> Callable[..., None]:
    with writer(warehouse) as client:
        for table in TABLES:
            client.command(f"TRUNCATE TABLE {table}")

    async def write(rows: tuple[Row, ...]) -> None:
        made = Writer(warehouse)
        await made.insert(rows)
        await made.close()

    return lambda *rows: asyncio.run(write(rows))


def rows_of(*changes: RowChange) -> list[Row]:
    return [source_row(change) for change in changes]


def found(settings: Settings) -> list[Change]:
    return list(current_changes(reader(settings)))


def test_every_kind_of_row_comes_back_as_it_went_in(
    warehouse: Settings, insert: Callable[..., None]
) -> None:
    changes: list[RowChange] = [
        code_defined(value="10.5", minimum=None),
        registered(account("before 1970", hours=-500_000), label=False),
        registered(FULL, label=True),
        redeemed("stranger", "SUMMER", hours=-1, usage_id=-8, used=False),
        redeemed("anna", hours=1, usage_id=7, used=None),
    ]
    insert(*rows_of(*changes), label_row(LABEL_MESSAGE), link_decisions_row(LINKS_MESSAGE))
    insert(identifier_decision_row(IDENTIFIER_DECIDED))

    *rows, label, links, word = found(warehouse)

    assert rows == changes
    assert isinstance(rows[0], CodeDefined)
    assert rows[0].discount_value == Decimal("10.5")
    assert label == Labelled("anna", True, Origin(NOW_US, NOW_US))
    assert links == LinksDecided("anna", (IgnoredLink("ben", "device"),), Origin(NOW_US, NOW_US))
    assert word == IDENTIFIER_DECIDED
    assert isinstance(word, IdentifierDecided)
    assert (word.decided_by, word.why, word.shared_by) == (
        "measurement",
        "600 accounts on 40 days",
        600,
    )
    assert isinstance(links, LinksDecided)
    (ignored,) = links.ignored
    assert (ignored.decided_by, ignored.note, ignored.decided_at_us) == ("api", "a family", NOW_US)


def test_only_the_newest_version_of_what_still_exists_comes_back(
    warehouse: Settings, insert: Callable[..., None]
) -> None:
    insert(*rows_of(updated(FULL), erased("ben"), withdrawn(usage_id=1), redeemed()))
    insert(*rows_of(registered(account("ben")), registered(account("anna"))))
    insert(*rows_of(redeemed(usage_id=2), code_withdrawn(), code_defined()))

    assert found(warehouse) == [registered(FULL, version=2), redeemed(usage_id=2)]


def test_a_hundred_thousand_accounts_are_read_block_by_block(
    warehouse: Settings, insert: Callable[..., None]
) -> None:
    count = 100_000
    insert(*(source_row(registered(account(f"u{n:06}", hours=n / 100))) for n in range(count)))
    users = [change.profile.user_id for change in found(warehouse) if hasattr(change, "profile")]
    assert users == [f"u{n:06}" for n in range(count)]
