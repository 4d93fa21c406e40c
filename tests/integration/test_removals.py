"""What an erasure removes from the warehouse, whatever an account is called."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import pytest
from clickhouse_connect.driver import Client

from connectors.decisions import encode_label, encode_links
from connectors.events import (
    Erased,
    IgnoredLink,
    Labelled,
    LinksDecided,
    Origin,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
)
from connectors.profile import Profile
from connectors.settings import Settings
from stream_processors.scoring.documents import erasure_alert
from tests.conftest import running_stack, stack_settings
from tests.reading import eventually
from tests.unit.connectors.envelopes import profiled
from tests.warehouse_rows import NOW_US, alert_message, published, risky, score_message
from warehouse.client import reader
from warehouse.naming import named_in, without
from warehouse.removals import Removals
from warehouse.rows import (
    Row,
    alert_row,
    label_row,
    link_decisions_row,
    score_row,
    source_row,
)
from warehouse.writer import Writer

NAMES = [
    "anna",
    "an'na",
    'an"na',
    "an\\na",
    "an\tna\n",
    "a.*|(na)[x]",
    "änna-日本",
    "",
    "a" * 2_000,
    "\\" * 2_000,
    '"' * 30_000,
    "Q" * 100_000,
]
OTHERS = ["ann", "annab", "n"]
"""Accounts whose names are parts of an erased one's."""

PHYSICALLY = {"apply_mutations_on_fly": 0}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A migrated warehouse of its own."""
    own = stack_settings(tmp_path_factory.mktemp("removals"))
    with running_stack(own, "clickhouse") as ready:
        yield ready


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    made = reader(settings)
    yield made
    made.close()


@pytest.fixture
async def sink(settings: Settings) -> AsyncIterator[Writer]:
    made = Writer(settings)
    yield made
    await made.close()


def everything_of(user: str, usage_id: int) -> list[Row]:
    """A row of every kind that an account has, all older than version 50."""
    risk = risky(profiled(user_id=user))
    origin = Origin(10, NOW_US)
    said = Labelled(user, True, Origin(NOW_US, NOW_US))
    links = LinksDecided(user, (IgnoredLink("somebody"),), Origin(NOW_US, NOW_US))
    return [
        source_row(Registered(Profile(user, 1, email="e"), None, origin)),
        source_row(Redeemed(usage_id, user, "C", 1, True, origin)),
        score_row(score_message(risk)),
        alert_row(alert_message(risk)),
        label_row(orjson.loads(encode_label(said, "desk", "why"))),
        link_decisions_row(orjson.loads(encode_links(links))),
    ]


def naming(user: str, owner: str) -> list[Row]:
    """Rows of another account in which this one is named, beside one that stays."""
    risk = risky(profiled(user_id=owner))
    score, alert = score_message(risk), alert_message(risk)
    one = {"user_id": user, "through": "device", "since": "2026-01-01T00:00:00Z"}
    score["reasons"][0]["evidence"].append(one)
    alert["reasons"][0]["evidence"].append(one)
    alert["evidence"].append(one)
    ignored = (IgnoredLink(user, note=f'she said "user_id":"{user}"'), IgnoredLink("stays"))
    links = LinksDecided(owner, ignored, Origin(NOW_US, NOW_US))
    return [
        score_row(score),
        alert_row(alert),
        link_decisions_row(orjson.loads(encode_links(links))),
    ]


TABLES = ("users", "promo_usages", "risk_scores", "abuse_alerts", "labels", "link_decisions")


def rows_of(client: Client, user: str, **more: Any) -> dict[str, int]:
    return {
        table: client.query(
            f"SELECT count() FROM {table} WHERE user_id = {{user:String}}"
            + (" AND is_deleted = 0" if table == "promo_usages" else ""),
            {"user": user},
            **more,
        ).result_rows[0][0]
        for table in TABLES
    }


def accounts_named(client: Client, owner: str, **more: Any) -> list[set[str]]:
    """Whom each of an account's rows names."""
    found = []
    for table, column, key in (
        ("risk_scores", "reasons", "user_id"),
        ("abuse_alerts", "reasons", "user_id"),
        ("abuse_alerts", "evidence", "user_id"),
        ("link_decisions", "ignored", "other_user_id"),
    ):
        answer = client.query(
            f"SELECT {column} FROM {table} WHERE user_id = {{user:String}}", {"user": owner}, **more
        )
        (text,) = answer.result_rows[0]
        entries = orjson.loads(text)
        if column == "reasons":
            entries = [entry for reason in entries for entry in reason["evidence"]]
        found.append({entry[key] for entry in entries})
    return found


async def test_of_erased_accounts_identity_and_version_stay_and_others_are_not_touched(
    sink: Writer, client: Client
) -> None:
    rows = [row for n, name in enumerate(NAMES + OTHERS) for row in everything_of(name, n)]
    await sink.insert(rows)
    erasures = dict.fromkeys(NAMES, 50)
    last = [published(erasure_alert(name, revision=NOW_US + 5)) for name in NAMES]

    await sink.remove(
        Removals(
            accounts=erasures,
            usages=dict.fromkeys(range(len(NAMES)), 51),
            scores=NAMES,
            alerts=dict.fromkeys(NAMES, NOW_US + 5),
            labels=dict.fromkeys(NAMES, NOW_US + 1),
            links=dict.fromkeys(NAMES, NOW_US + 1),
        )
    )
    gone = [source_row(Erased(name, Origin(50, NOW_US))) for name in NAMES]
    withdrawn = [
        source_row(RedemptionWithdrawn(n, name, Origin(51, NOW_US))) for n, name in enumerate(NAMES)
    ]
    await sink.insert([*gone, *withdrawn, *(alert_row(alert) for alert in last)])

    left = {"users": 1, "abuse_alerts": 1}
    for name in NAMES:  # in every answer at once
        assert rows_of(client, name) == dict.fromkeys(TABLES, 0) | left, name
    for name in OTHERS:
        assert rows_of(client, name) == dict.fromkeys(TABLES, 1)

    def rewritten() -> bool:
        found = [rows_of(client, name, settings=PHYSICALLY) for name in NAMES]
        return all(of == dict.fromkeys(TABLES, 0) | left for of in found)

    eventually(rewritten, "the parts are rewritten")
    (marker,) = client.query("SELECT * FROM users WHERE user_id = 'anna'").named_results()
    filled = {name for name, value in marker.items() if value not in (None, [])}
    assert filled == {"user_id", "version", "is_deleted", "committed_at", "hour"}
    assert (marker["version"], marker["is_deleted"], marker["hour"]) == (50, 1, 0)


async def test_other_accounts_rows_say_that_an_account_was_erased(
    sink: Writer, client: Client
) -> None:
    for n, name in enumerate(NAMES):
        await sink.insert(naming(name, f"owner-{n}"))
    before = [accounts_named(client, f"owner-{n}") for n in range(len(NAMES))]
    assert all(name in named for name, of in zip(NAMES, before, strict=True) for named in of)

    await sink.remove(Removals(accounts=dict.fromkeys(NAMES, 50)))

    expected = [
        [named - {name} | {"erased"} for named in of]
        for name, of in zip(NAMES, before, strict=True)
    ]
    for n in range(len(NAMES)):
        assert accounts_named(client, f"owner-{n}") == expected[n], NAMES[n]

    def rewritten() -> bool:
        found = [
            accounts_named(client, f"owner-{n}", settings=PHYSICALLY) for n in range(len(NAMES))
        ]
        return found == expected

    eventually(rewritten, "the parts are rewritten")


@pytest.mark.parametrize("name", NAMES)
def test_a_row_on_its_way_is_changed_as_the_stored_ones_are(name: str) -> None:
    for row in naming(name, "owner"):
        hidden = without(row, [name, "n"])
        assert named_in(row) - {name} | {"erased"} == named_in(hidden)
        assert {c: v for c, v in hidden.values.items() if v != row.values[c]}.keys() <= {
            "reasons",
            "evidence",
            "ignored",
        }


async def test_known_accounts_tell_whether_they_stand_erased(sink: Writer) -> None:
    await sink.insert(
        [
            source_row(Registered(Profile("k-anna", 1), None, Origin(1, NOW_US))),
            source_row(Erased("k-anna", Origin(2, NOW_US))),
            source_row(Erased("k-ben", Origin(1, NOW_US))),
            source_row(Registered(Profile("k-ben", 1), None, Origin(2, NOW_US))),
        ]
    )
    found = await sink.known(["k-anna", "k-ben", "k-nobody"])
    assert found == {"k-anna": True, "k-ben": False}


async def test_thousands_of_accounts_are_asked_about_at_once(sink: Writer) -> None:
    names = [f"crowd-{number}-{'ü' * 20}" for number in range(7_000)]
    rows = [
        source_row(Registered(Profile(name, NOW_US), None, Origin(1, NOW_US))) for name in names
    ]
    await sink.insert(rows)
    assert await sink.known([*names, "crowd-nobody"]) == dict.fromkeys(names, False)


async def test_many_accounts_are_removed_in_portions(sink: Writer, client: Client) -> None:
    many = {f"many-{n:04}-{'é' * 30}": 9 for n in range(1_000)}
    await sink.insert(
        source_row(Registered(Profile(user, 1), None, Origin(1, NOW_US))) for user in many
    )
    await sink.remove(Removals(accounts=many))
    (row,) = client.query("SELECT count() FROM users WHERE user_id LIKE 'many-%'").result_rows
    assert row == (0,)


async def test_redemptions_that_an_account_has_no_more_are_found_and_those_it_has_are_not(
    sink: Writer, client: Client
) -> None:
    def redeemed(usage_id: int, user: str, version: int) -> Row:
        return source_row(Redeemed(usage_id, user, "C", 1, True, Origin(version, NOW_US)))

    for row in (
        redeemed(1_001, "w-anna", 10),
        source_row(RedemptionWithdrawn(1_001, "w-anna", Origin(20, NOW_US))),
        redeemed(1_002, "w-anna", 10),
        redeemed(1_003, "w-anna", 10),
        redeemed(1_003, "w-ben", 30),
        redeemed(1_004, "w-ben", 10),
        source_row(RedemptionWithdrawn(1_005, "w-anna", Origin(20, NOW_US))),
        redeemed(1_005, "w-anna", 21),
    ):  # rows of one insert would be merged at once
        await sink.insert([row])
    gone = await sink.withdrawn(["w-anna"])
    assert gone.items() <= {1_001: 20, 1_003: 30}.items()  # what is merged away is gone already

    await sink.remove(Removals(accounts={"w-anna": 50}, usages=gone))

    named = "SELECT usage_id FROM promo_usages WHERE user_id = 'w-anna' ORDER BY usage_id"
    eventually(
        lambda: (
            [n for (n,) in client.query(named, settings=PHYSICALLY).result_rows] == [1_002, 1_005]
        ),
        "only the files of what stands name the account",
    )
