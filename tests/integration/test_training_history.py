"""What a training reads from the warehouse is what was written into it."""

import asyncio
from collections.abc import Iterator

import orjson
import pytest

from connectors.decisions import encode_label, encode_links
from connectors.events import IgnoredLink, Labelled, LinksDecided, Origin, RowChange
from connectors.profile import Profile
from ml.store import Link
from ml.training.history import history_of, read_warehouse
from ml.training.replay import replay
from tests.integration.gateway_process import GatewayProcess
from tests.unit.ml.builders import (
    account,
    at,
    code_defined,
    erased,
    redeemed,
    registered,
    said_of,
    updated,
    withdrawn,
)
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
    user_id="anna",
    created_at_us=at(0) + 1,
    email="e",
    canonical_email="c",
    phone="p",
    device="d",
    ip="i",
    network="n",
    is_email_verified=True,
    is_phone_verified=False,
    email_domain="example.com",
    email_is_alias=False,
    phone_shape="1:911",
    first_name_case="title",
    last_name_case="lower",
    birth_year=1990,
    ip_is_private=True,
    user_agent_family="Chrome",
    timezone="Europe/Berlin",
    hour=23,
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    process = GatewayProcess(tmp_path_factory.mktemp("warehouse"))
    process.start()
    migrate(process.settings)
    yield process
    process.stop()


@pytest.fixture
def migrated(warehouse: GatewayProcess) -> GatewayProcess:
    with writer(warehouse.settings) as client:
        for table in ("users", "promo_usages", "labels", "link_decisions", "identifier_decisions"):
            client.command(f"TRUNCATE TABLE {table}")
    return warehouse


def insert(gateway: GatewayProcess, *changes: RowChange) -> None:
    write_rows(gateway, [source_row(change) for change in changes])


def label(gateway: GatewayProcess, user_id: str, is_abuser: bool | None) -> None:
    decision = Labelled(user_id, is_abuser, Origin(5, 5))
    write_rows(gateway, [label_row(orjson.loads(encode_label(decision, "eve", "")))])


def write_rows(gateway: GatewayProcess, made: list[Row]) -> None:
    async def write() -> None:
        rows = Writer(gateway.settings)
        await rows.insert(made)
        await rows.close()

    asyncio.run(write())


def test_profiles_labels_and_redemptions_come_back_as_they_went_in(
    migrated: GatewayProcess,
) -> None:
    registrations = [
        registered(FULL, label=True),
        registered(account("before 1970", hours=-500_000), label=False),
        registered(account("nothing known")),
    ]
    redemptions = [
        redeemed("anna", "SPRING", hours=1, usage_id=7, used=None),
        redeemed("stranger", "SUMMER", hours=2, usage_id=8, used=False),
    ]
    insert(migrated, *registrations, *redemptions, code_defined())

    assert read_warehouse(reader(migrated.settings)) == history_of(registrations, redemptions)


def test_only_the_newest_version_of_what_still_exists_is_history(
    migrated: GatewayProcess,
) -> None:
    insert(migrated, registered(account("anna")), updated(FULL, label=True), erased("ben"))
    insert(migrated, registered(account("ben")), registered(account("anna")))
    insert(migrated, redeemed("anna", usage_id=1), withdrawn(usage_id=1), redeemed(usage_id=2))

    history = read_warehouse(reader(migrated.settings))

    assert [(event.profile, event.label) for event in history.registrations] == [(FULL, True)]
    assert [event.usage_id for event in history.redemptions] == [2]
    assert history.registrations[0].origin == Origin(2, 0)


def test_an_analysts_word_counts_before_the_shops_until_it_is_taken_back(
    migrated: GatewayProcess,
) -> None:
    shop = {"anna": True, "ben": None, "carl": False}
    insert(migrated, *(registered(account(user), word) for user, word in shop.items()))
    label(migrated, "anna", False)
    label(migrated, "ben", True)
    label(migrated, "carl", None)
    label(migrated, "stranger", True)

    history = read_warehouse(reader(migrated.settings))

    assert {e.profile.user_id: e.label for e in history.registrations} == {
        "anna": False,
        "ben": True,
        "carl": False,
    }


def test_a_link_declared_false_is_none_in_training_either(migrated: GatewayProcess) -> None:
    insert(migrated, *(registered(account(user, device="d")) for user in ("anna", "ben")))
    client = reader(migrated.settings)
    before = read_warehouse(client)
    decision = LinksDecided("anna", (IgnoredLink("ben"),), Origin(5, 5))
    write_rows(migrated, [link_decisions_row(orjson.loads(encode_links(decision)))])

    after = read_warehouse(client)

    assert [len(m.neighbourhood.linked[Link.DEVICE]) for m in replay(before)] == [1, 1]
    assert [len(m.neighbourhood.linked[Link.DEVICE]) for m in replay(after)] == [0, 0]
    assert before.digest != after.digest


def test_what_identifies_nobody_links_nobody_in_training_either(migrated: GatewayProcess) -> None:
    insert(migrated, *(registered(account(user, device="d")) for user in ("anna", "ben")))
    client = reader(migrated.settings)
    before = read_warehouse(client)
    write_rows(migrated, [identifier_decision_row(said_of("d"))])

    after = read_warehouse(client)

    assert [Link.DEVICE in m.neighbourhood.linked for m in replay(before)] == [True, True]
    assert [Link.DEVICE in m.neighbourhood.linked for m in replay(after)] == [False, False]
    assert before.digest != after.digest
