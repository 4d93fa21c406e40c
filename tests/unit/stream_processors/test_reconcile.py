"""Comparing PostgreSQL with its stores: whatever differs is found, and nothing else."""

from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import envelope
from connectors.errors import DrainStalled
from connectors.events import CodeDefined, Erased, Origin, Redeemed, Registered
from connectors.topics import Topic
from ml.memory_store import MemoryStore
from stream_processors.reconcile.comparison import Difference, Kind
from stream_processors.reconcile.confirm import ROUNDS, confirm
from stream_processors.reconcile.mend import messages
from stream_processors.reconcile.ranges import RANGES, Ranges, range_of
from stream_processors.reconcile.reconciliation import compare
from stream_processors.reconcile.report import text
from stream_processors.reconcile.rows import (
    TABLES,
    Key,
    Store,
    code_digest,
    source_row_of,
    warehouse_digest,
)
from stream_processors.reconcile.sample import Sampler
from stream_processors.reconcile.walk import Copy, Source
from tests.unit.connectors.envelopes import HASHED, usage_row, user_row
from tests.unit.stream_processors.shop_in_memory import Shop, row_of

Finding = tuple[Topic, Store, Kind, str]


def found_in(shop: Shop) -> list[Finding]:
    places = shop.places
    return sorted(
        (one.table, one.store, one.kind, one.key.id) for one in places.suspects(places.sums())
    )


def test_equal_places_have_no_differences_and_no_row_is_looked_up() -> None:
    shop = Shop.of(50)
    assert found_in(shop) == []
    assert shop.source.read.total() == 0


Damage = tuple[Topic, Store, Kind, int]

damages = st.lists(
    st.tuples(
        st.sampled_from(TABLES),
        st.sampled_from(list(Store)),
        st.sampled_from(list(Kind)),
        st.integers(0, 59),
    ),
    unique_by=lambda damage: (damage[0], damage[1], damage[3]),
    max_size=40,
)


@settings(deadline=None, max_examples=30)
@given(damages)
def test_every_difference_is_found_once_and_none_is_invented(damage: list[Damage]) -> None:
    shop = Shop.of(40)
    expected: set[Finding] = set()
    for table, store, kind, number in damage:
        row_id = str(number)
        copy = shop.clickhouse if store is Store.CLICKHOUSE else shop.redis
        owner = f"u{number % 7}" if table is Topic.PROMO_USAGES else row_id
        exists = (table, row_id, owner) in copy.held
        if kind is Kind.LEFT_OVER and not exists:
            copy.put(table, row_of(table, row_id, (owner, number)))
        elif kind is Kind.MISSING and exists:
            del copy.held[table, row_id, owner]
        elif kind is Kind.DIFFERENT and exists:
            copy.put(table, row_of(table, row_id, (owner, number + 1_000)))
        else:
            continue
        expected.add((table, store, kind, row_id))
    assert found_in(shop) == sorted(expected)


def test_only_rows_of_ranges_that_differ_are_looked_up() -> None:
    shop = Shop.of(2_000)
    del shop.redis.held[Topic.USERS, "77", "77"]
    assert found_in(shop) == [(Topic.USERS, Store.REDIS, Kind.MISSING, "77")]
    assert shop.source.read[Topic.USERS] <= 2 * 2  # its range may hold another row


def test_a_redemption_that_moved_unheard_is_left_over_with_one_and_missing_with_the_other() -> None:
    shop = Shop.of(10)
    before = shop.source.rows[Topic.PROMO_USAGES, "3"]
    after = row_of(Topic.PROMO_USAGES, "3", ("u5", 3))
    shop.source.rows[Topic.PROMO_USAGES, "3"] = after
    shop.clickhouse.held.pop((Topic.PROMO_USAGES, "3", before.key.owner))
    shop.clickhouse.put(Topic.PROMO_USAGES, after)
    assert found_in(shop) == [
        (Topic.PROMO_USAGES, Store.REDIS, Kind.LEFT_OVER, "3"),
        (Topic.PROMO_USAGES, Store.REDIS, Kind.MISSING, "3"),
    ]
    shop.redis.put(Topic.PROMO_USAGES, after)
    assert found_in(shop) == [(Topic.PROMO_USAGES, Store.REDIS, Kind.LEFT_OVER, "3")]


def test_what_a_store_cannot_hold_is_counted_and_is_no_difference() -> None:
    shop = Shop.of(3)
    unreadable = source_row_of(Topic.USERS, "1", user_row(created_at="infinity"), HASHED)
    shop.source.rows[Topic.USERS, "anna"] = unreadable
    found = compare(shop.places, lambda: 100)
    assert found.differences == 0
    assert {(table, store): n for (table, store, _), n in found.unreadable.items()} == {
        (Topic.USERS, Store.CLICKHOUSE): 1,
        (Topic.USERS, Store.REDIS): 1,
    }
    assert "cannot be held" in text(found)


def test_an_attempt_is_held_by_clickhouse_alone() -> None:
    row = source_row_of(Topic.PROMO_USAGES, "1", usage_row(used_promo=False), HASHED)
    assert row.digests.keys() == {Store.CLICKHOUSE}


@settings(deadline=None)
@given(st.permutations(range(30)), st.sets(st.integers(0, 29)))
def test_sums_do_not_depend_on_order_and_differ_where_rows_do(
    order: list[int], left_out: set[int]
) -> None:
    one, other = Ranges(), Ranges()
    for number in range(30):
        one.add(f"owner {number}", number + 1)
    for number in order:
        if number not in left_out:
            other.add(f"owner {number}", number + 1)
    assert one.differing(other) == {range_of(f"owner {number}") for number in left_out}
    assert (one.rows, other.rows) == (30, 30 - len(left_out))


def test_keys_are_spread_evenly_over_the_ranges() -> None:
    found = {range_of(f"user-{number}") for number in range(RANGES)}
    assert len(found) > 0.6 * RANGES  # 1 - 1/e of them


@pytest.mark.parametrize(
    ("one", "other"),
    [("10", "10.000000"), ("0.1234567", "0.123456"), ("1e3", "1000"), (None, None)],
)
def test_amounts_are_compared_as_far_as_every_store_holds_them(
    one: str | None, other: str | None
) -> None:
    assert code_digest("C", ("fixed", one, None)) == code_digest("C", ("fixed", other, None))
    assert code_digest("C", ("fixed", one, None)) != code_digest("C", ("fixed", "7", None))


# Rows in flight


def a_difference(shop: Shop, table: Topic, row_id: str) -> Difference:
    (found,) = [
        one
        for one in shop.places.suspects(shop.places.sums())
        if (one.table, one.key.id, one.store) == (table, row_id, Store.REDIS)
    ]
    return found


def test_what_arrives_while_the_stream_passes_is_no_difference() -> None:
    shop = Shop.of(5)
    held = shop.redis.held.pop((Topic.USERS, "3", "3"))
    suspect = a_difference(shop, Topic.USERS, "3")

    def pass_stream() -> int:
        shop.redis.held[Topic.USERS, "3", "3"] = held
        return 100

    assert confirm(shop.places, [suspect], pass_stream).standing == ()


def test_what_does_not_arrive_is_a_difference() -> None:
    shop = Shop.of(5)
    del shop.redis.held[Topic.USERS, "3", "3"]
    suspect = a_difference(shop, Topic.USERS, "3")
    assert confirm(shop.places, [suspect], lambda: 100).standing == (suspect,)


def test_a_row_that_changed_meanwhile_is_looked_at_again_and_then_judged() -> None:
    shop = Shop.of(5)
    del shop.redis.held[Topic.USERS, "3", "3"]
    suspect = a_difference(shop, Topic.USERS, "3")
    looks: list[int] = []

    def pass_stream() -> int:
        looks.append(1)
        if len(looks) == 1:
            row = shop.source.rows[Topic.USERS, "3"]
            shop.source.rows[Topic.USERS, "3"] = replace(row, seen="2")
        return 100

    (standing,) = confirm(shop.places, [suspect], pass_stream).standing
    assert (standing.seen, len(looks)) == ("2", 2)


def test_a_row_that_changes_at_every_look_is_not_judged() -> None:
    shop = Shop.of(5)
    del shop.redis.held[Topic.USERS, "3", "3"]
    suspect = a_difference(shop, Topic.USERS, "3")
    looks: list[int] = []

    def pass_stream() -> int:
        looks.append(1)
        row = shop.source.rows[Topic.USERS, "3"]
        shop.source.rows[Topic.USERS, "3"] = replace(row, seen=f"look {len(looks)}")
        return 100

    found = confirm(shop.places, [suspect], pass_stream)
    assert (found.standing, len(found.changing), len(looks)) == ((), 1, ROUNDS)


def test_a_version_behind_the_end_of_the_log_is_said_to_be_ahead() -> None:
    shop = Shop.of(5)
    shop.redis.put(Topic.USERS, row_of(Topic.USERS, "3", ("3", 99)), version=500)
    suspect = a_difference(shop, Topic.USERS, "3")
    found = confirm(shop.places, [suspect], lambda: 100)
    assert (found.standing, len(found.ahead)) == ((), 1)


def test_confirmed_differences_are_handed_on_to_be_mended_and_counted_with_examples() -> None:
    shop = Shop.of(10)
    for number in range(5):
        del shop.redis.held[Topic.USERS, str(number), str(number)]
    mended: list[Difference] = []

    def mend(standing: object) -> int:
        assert isinstance(standing, tuple)
        mended.extend(standing)
        return len(standing)

    found = compare(shop.places, lambda: 100, mend)
    assert (found.differences, found.sent, len(mended)) == (5, 5, 5)
    line = text(found).splitlines()[1]
    assert line.startswith("  users redis: 5 missing (")
    assert line.endswith(", …)")


# What is sent


def decoded(table: Topic, sent: Iterator[object]) -> list[object]:
    return [
        envelope.decode(table, one.key, one.value, HASHED)  # type: ignore[attr-defined]
        for one in sent
    ]


def test_a_row_that_is_there_comes_as_a_snapshot_has_it() -> None:
    for table, kind in (
        (Topic.USERS, Registered),
        (Topic.PROMO_CODES, CodeDefined),
        (Topic.PROMO_USAGES, Redeemed),
    ):
        row = row_of(table, "5", ("anna", 1))
        (change,) = decoded(table, messages(table, "5", row, {row.key.owner}, 77, 9))
        assert isinstance(change, kind)
        assert (change.origin.version, change.origin.committed_at_us) == (77, 9)
        assert warehouse_digest(change) == row.digests[Store.CLICKHOUSE]


def test_a_row_that_is_gone_comes_as_deletion_and_tombstone() -> None:
    deletion, tombstone = messages(Topic.USERS, "anna", None, {"anna"}, 77, 9)
    assert tombstone.value is None
    change = envelope.decode(Topic.USERS, deletion.key, deletion.value, HASHED)
    assert isinstance(change, Erased)
    assert (change.user_id, change.origin.version) == ("anna", 77)
    assert deletion.key == tombstone.key == b"anna"


def test_a_deletion_names_the_row_by_its_key_alone() -> None:
    deletion, _ = messages(Topic.PROMO_USAGES, "7", None, {"anna"}, 77, 9)
    assert orjson.loads(deletion.value or b"")["before"] == {"usage_id": 7, "user_id": "anna"}


def redemptions(store: MemoryStore, user: str) -> list[int]:
    around = store.neighbourhood(user)
    assert around is not None
    return [one.usage_id for one in around.redemptions]


@settings(deadline=None)
@given(
    st.sets(st.sampled_from(["anna", "ben", "cara"]), min_size=1),
    st.sampled_from(["anna", "ben", "cara", None]),
    st.data(),
)
def test_a_mended_redemption_is_with_its_account_alone_whoever_had_it(
    holders: set[str], owner: str | None, data: st.DataObject
) -> None:
    """In any order with the changes before the mend's version, and in each order twice."""
    columns = [usage_row(usage_id=7, user_id=holder) for holder in sorted(holders)]
    old = [
        envelope.read_row(Topic.PROMO_USAGES, c, Origin(10 + n, 1), HASHED)
        for n, c in enumerate(columns)
    ]
    row = None if owner is None else row_of(Topic.PROMO_USAGES, "7", (owner, 1))
    owners = holders | ({owner} if owner else set())
    sent = decoded(Topic.PROMO_USAGES, messages(Topic.PROMO_USAGES, "7", row, owners, 50, 1))
    changes = [*old, *(one for one in sent if hasattr(one, "origin"))]
    order = data.draw(st.permutations([*changes, *changes]))

    store = MemoryStore()
    for user in ("anna", "ben", "cara"):
        store.apply([envelope.read_row(Topic.USERS, user_row(user_id=user), Origin(1, 1), HASHED)])
    store.apply(order)  # type: ignore[arg-type]

    for user in ("anna", "ben", "cara"):
        assert redemptions(store, user) == ([7] if user == owner else [])


@settings(deadline=None)
@given(st.permutations(range(3)))
def test_a_later_change_of_the_shop_wins_over_a_mend_and_an_older_one_loses(
    order: list[int],
) -> None:
    def at(version: int, device: str) -> object:
        row = user_row(device_id=device)
        return envelope.read_row(Topic.USERS, row, Origin(version, 1), HASHED)

    row = source_row_of(Topic.USERS, "1", user_row(device_id="mended"), HASHED)
    (mend,) = decoded(Topic.USERS, messages(Topic.USERS, "anna", row, {"anna"}, 50, 1))
    for changes, last in (
        ([at(10, "old"), at(49, "older"), mend], "mended"),
        ([at(10, "old"), mend, at(51, "later")], "later"),
    ):
        store = MemoryStore()
        store.apply([changes[n] for n in order])  # type: ignore[misc]
        around = store.neighbourhood("anna")
        assert around is not None
        assert around.profile.device == HASHED("device", last)


# The sample


class PagesInMemory:
    """A place's keys, page by page; ``scans`` as Redis hands them out."""

    def __init__(self, place: Source | Copy) -> None:
        self._place = place

    def page(self, table: Topic, after: str | None, most: int) -> list[Key]:
        keys = sorted(self._place.keys(table, lambda _: True))
        return [key for key in keys if after is None or key.id > after][:most]


class ScanInMemory:
    def __init__(self, place: Copy) -> None:
        self._place = place

    def page(self, table: Topic, cursor: int, most: int) -> tuple[int, list[Key]]:
        keys = sorted(self._place.keys(table, lambda _: True))
        end = cursor + most
        return (0 if end >= len(keys) else end), keys[cursor:end]


def sampler_of(shop: Shop, most: int) -> Sampler:
    return Sampler(
        shop.places,
        PagesInMemory(shop.source),
        PagesInMemory(shop.clickhouse),
        ScanInMemory(shop.redis),
        most,
    )


def test_the_rounds_find_every_difference_in_the_end_and_keep_it_until_it_is_gone() -> None:
    shop = Shop.of(40)
    held = shop.redis.held.pop((Topic.USERS, "39", "39"))
    shop.clickhouse.put(Topic.PROMO_CODES, row_of(Topic.PROMO_CODES, "99", ("99", 1)))
    sampler = sampler_of(shop, most=10)
    missing = (Topic.USERS, Store.REDIS, Kind.MISSING)
    left_over = (Topic.PROMO_CODES, Store.CLICKHOUSE, Kind.LEFT_OVER)

    rounds = [sampler.round(lambda: 100) for _ in range(12)]

    assert rounds[0] == {}
    assert all(one == {missing: 1, left_over: 1} for one in rounds[5:])
    assert sampler.rows >= 3 * 40
    shop.redis.held[Topic.USERS, "39", "39"] = held
    assert sampler.round(lambda: 100) == {left_over: 1}


def test_a_round_that_the_stream_does_not_pass_judges_nothing_and_forgets_nothing() -> None:
    shop = Shop.of(5)
    del shop.redis.held[Topic.USERS, "3", "3"]
    sampler = sampler_of(shop, most=10)
    known = sampler.round(lambda: 100)

    def stalled() -> int:
        raise DrainStalled("nobody consumes")

    with pytest.raises(DrainStalled):
        sampler.round(stalled)

    assert known.total() == len(sampler.known) == 1
