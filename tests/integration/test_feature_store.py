"""Both feature stores give one answer: random events, duplicated and shuffled."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from connectors.events import (
    Authority,
    Change,
    CodeDefined,
    CodeWithdrawn,
    Erased,
    Forgotten,
    IdentifierDecided,
    IgnoredLink,
    Labelled,
    LinksDecided,
    Origin,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    Said,
    Updated,
)
from connectors.identifier_decisions import KINDS
from connectors.profile import Profile
from connectors.settings import Settings, required
from ml.memory_store import MemoryStore
from ml.store import LARGE, Link
from stream_processors.feature_store.identifier_wire import Sweep
from stream_processors.feature_store.redis_store import (
    Decided,
    NewRisk,
    RedisStore,
    Traces,
    connect,
)
from stream_processors.feature_store.wire import LatestRisk, Sourced

USERS = [f"u{n}" for n in range(6)] + ["ü-Zoë", "a b"]
CODES = ["A", "a", " a\u200b", "\u0430A", "B:1", "ç", "Ç"]
HOUR_US = 3_600_000_000
MOMENTS = st.integers(0, 60).map(lambda hours: 1_700_000_000_000_000 + hours * HOUR_US)
PLACES = st.sampled_from([None, "x", "y"])

profiles = st.builds(
    Profile,
    user_id=st.sampled_from(USERS),
    created_at_us=MOMENTS,
    device=PLACES,
    phone=PLACES,
    canonical_email=PLACES,
    ip=PLACES,
    network=PLACES,
    agent=PLACES,
    hour=st.integers(0, 23),
    email_domain=st.sampled_from(
        [None, "gmail.com", "gmial.com", "firm.example", "a.firm.example"]
    ),
    is_email_verified=st.sampled_from([None, True, False]),
    is_phone_verified=st.sampled_from([None, True, False]),
)
origins = st.builds(Origin, version=st.integers(1, 12), committed_at_us=st.just(0))
labels = st.sampled_from([None, True, False])
codes = st.sampled_from(CODES)
users = st.sampled_from(USERS)
usages = st.integers(-2, 9)
amounts = st.sampled_from([None, Decimal("9.50"), Decimal("10")])

abouts = st.integers(0, 12)
ignored = st.lists(
    st.builds(
        IgnoredLink, users, st.sampled_from([None, "device", "network", "domain"]), about=abouts
    ),
    max_size=3,
    unique=True,
).map(tuple)

changes = st.one_of(
    st.builds(Registered, profiles, labels, origins),
    st.builds(Updated, profiles, labels, origins),
    st.builds(Erased, users, origins),
    st.builds(
        Redeemed, usages, users, codes, MOMENTS, labels, origins,
        st.one_of(st.none(), users),
    ),
    st.builds(RedemptionWithdrawn, usages, users, origins),
    st.builds(CodeDefined, codes, st.just("fixed_amount"), amounts, amounts, origins),
    st.builds(CodeWithdrawn, codes, origins),
    st.builds(Labelled, users, labels, origins, abouts),
    st.builds(LinksDecided, users, ignored, origins, abouts),
    st.builds(Forgotten, users, st.sampled_from(Said), origins),
    st.builds(
        IdentifierDecided, st.sampled_from(KINDS), st.sampled_from(["x", "y"]),
        st.sampled_from(Authority), labels, origins,
    ),
)  # fmt: skip


class Stores:
    """A Redis store and the reference, fed with the same changes."""

    def __init__(self, redis: RedisStore) -> None:
        self.redis = redis
        self.memory = MemoryStore()

    async def apply(self, change: Change) -> tuple[set[str], set[str]]:
        answer = await self.redis.exchange([Sourced(change, "test-0")], [], "token")
        return {one.user_id for one in answer.affected}, self.memory.apply([change])

    async def disagreements(self) -> list[str]:
        answer = await self.redis.exchange([], USERS)
        return [
            user
            for user, known in zip(USERS, answer.subjects, strict=True)
            if known.neighbourhood != self.memory.neighbourhood(user)
        ]


@pytest.fixture(scope="module")
def redis_settings(partial_stack: Callable[..., Settings]) -> Settings:
    return partial_stack("redis")


@pytest.fixture
def emptied(redis_settings: Settings) -> Iterator[Callable[..., object]]:
    client = Redis(
        port=redis_settings.redis_port,
        password=required(redis_settings.redis_password, "redis_password"),
    )
    yield client.flushdb
    client.close()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=st.lists(changes, max_size=25), repeats=st.randoms(use_true_random=False))
async def test_both_stores_answer_alike(
    redis_settings: Settings,
    emptied: Callable[..., object],
    history: list[Change],
    repeats: Random,
) -> None:
    emptied()
    stores = Stores(connect(redis_settings))
    try:
        for change in history + repeats.sample(history, k=len(history) // 2):
            redis, memory = await stores.apply(change)
            assert redis == memory, change
        assert await stores.disagreements() == []
    finally:
        await stores.redis.close()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=st.lists(changes, max_size=20), shuffled=st.randoms(use_true_random=False))
async def test_words_on_identifiers_end_in_one_answer_in_whatever_order_they_arrive(
    redis_settings: Settings,
    emptied: Callable[..., object],
    history: list[Change],
    shuffled: Random,
) -> None:
    rows = {_row(change): change for change in history}  # one change a row: versions never tie
    ordered = list(rows.values())
    stores = Stores(connect(redis_settings))
    found = []
    for order in (ordered, shuffled.sample(ordered, k=len(ordered))):
        emptied()
        stores.memory = MemoryStore()
        for change in order:
            await stores.apply(change)
        assert await stores.disagreements() == []
        found.append([stores.memory.neighbourhood(user) for user in USERS])
    await stores.redis.close()
    assert found[0] == found[1]


def _row(change: Change) -> object:
    match change:
        case Registered() | Updated():
            return "account", change.profile.user_id
        case Redeemed() | RedemptionWithdrawn():
            return "usage", change.usage_id
        case CodeDefined() | CodeWithdrawn():
            return "code", change.promo_code
        case IdentifierDecided():
            return "word", change.kind, change.hashed, change.authority
        case Labelled() | Forgotten(said=Said.LABEL):
            return "label", change.user_id
        case _:
            return "account" if isinstance(change, Erased) else "links", change.user_id


def _nobodys(kind: str, hashed: str, version: int = 7) -> IdentifierDecided:
    authority, origin = Authority.MEASUREMENT, Origin(version, version)
    return IdentifierDecided(kind, hashed, authority, False, origin, "measurement", "why", 230)


async def _swept(store: RedisStore, sweep: Sweep, page: int) -> list[tuple[str, ...]]:
    """The pages of a sweep."""
    found, rest = [], [sweep]
    while rest:
        (one,) = await store.pages(rest, page)
        found.append(one.users)
        rest = [one.rest] if one.rest else []
    return found


async def test_a_sweep_passes_on_everybody_page_by_page_whoever_comes_or_goes_meanwhile(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    stores = Stores(connect(redis_settings))
    # Three at a time sign up in the same instant; every tenth has a telephone with somebody else.
    crowd = [
        Registered(
            Profile(
                f"s{n:03d}",
                created_at_us=1_700_000_000_000_000 + n // 3 * HOUR_US,
                device="sdk",
                phone=f"p{n}" if n % 10 == 0 else None,
            ),
            None,
            Origin(1, 0),
        )
        for n in range(230)
    ]
    friend = Registered(Profile("friend", 1_700_000_000_000_000, phone="p50"), None, Origin(1, 0))
    for change in [*crowd, friend]:
        await stores.apply(change)
    decided = _nobodys("device", "sdk")

    answer = await stores.redis.exchange([Sourced(decided, "words-0")], [])
    stores.memory.apply([decided])

    (sweep,) = answer.sweeps
    assert answer.affected == ()
    swept = await _swept(stores.redis, sweep, 50)
    assert [len(page) for page in swept] == [50, 51, 50, 50, 30]
    assert set().union(*swept) == stores.memory.concerned(Link.DEVICE, "sdk")
    again = await stores.redis.exchange([Sourced(decided, "words-0")], [])
    assert again.sweeps == (sweep,), "after a kill it begins again"

    (first,) = await stores.redis.pages([sweep], 50)
    assert first.rest is not None
    assert first.rest.after is not None
    gone, newcomer = first.rest.after[1], crowd[0].profile.created_at_us
    await stores.apply(Erased(gone, Origin(2, 0)))
    await stores.apply(Registered(Profile("a", newcomer, device="sdk"), None, Origin(1, 0)))
    rest = set().union(*await _swept(stores.redis, first.rest, 50))
    assert rest == set().union(*swept) - set(first.users) - {gone}
    await stores.redis.close()


async def test_a_later_decision_ends_a_sweep_and_begins_its_own(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    store = connect(redis_settings)
    row = Registered(Profile("a", 1, device="sdk"), None, Origin(1, 0))
    nobodys = Sourced(_nobodys("device", "sdk", version=7), "words-0")
    taken = Sourced(
        IdentifierDecided("device", "sdk", Authority.ANALYST, True, Origin(6, 0)), "words-1"
    )
    first = await store.exchange([Sourced(row, "users-0"), nobodys], [])
    later = await store.exchange([taken], [])
    redelivered = await store.exchange([nobodys], [])

    (ended,), (begun,) = first.sweeps, later.sweeps
    over, going = await store.pages([ended, begun], 10)
    assert (over.users, over.rest) == ((), None)
    assert going.users == ("a",)
    assert redelivered.sweeps == ()
    await store.close()


async def test_what_was_said_of_an_identifier_is_read_back_with_how_many_have_it(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    store = connect(redis_settings)
    measured = _nobodys("device", "sdk")
    by_analyst = IdentifierDecided(
        "device", "sdk", Authority.ANALYST, None, Origin(9, 9), "fraud-desk", "no", 12
    )
    row = Registered(Profile("a", 1, device="sdk"), None, Origin(1, 0))
    await store.exchange([Sourced(change, "t-0") for change in (row, measured, by_analyst)], [])

    words = await store.words("device", "sdk")

    assert (words.accounts, words.is_counted, words.standing) == (1, False, measured)
    analysts = words.of(Authority.ANALYST)
    assert analysts is not None
    assert (analysts.decided_by, analysts.why, analysts.shared_by) == ("fraud-desk", "no", 12)
    assert (await store.words("device", "other")).said == ()
    await store.close()


async def test_identifiers_of_many_are_known_exactly_whoever_is_erased(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    store = connect(redis_settings)
    crowd = [
        Registered(Profile(f"u{n}", n, device="sdk", ip="busy"), None, Origin(1, 0))
        for n in range(LARGE)
    ]

    await store.exchange([Sourced(change, "users-0") for change in crowd[:-1]], [])
    assert await store.candidates() == ()
    await store.exchange([Sourced(crowd[-1], "users-0")], [])
    assert await store.candidates() == (("device", "sdk"),)
    await store.exchange([Sourced(Erased("u5", Origin(2, 0)), "users-0")], [])
    assert await store.candidates() == ()

    await store.exchange([Sourced(_nobodys("device", "sdk"), "words-0")], [])
    assert await store.candidates() == await store.uncounted() == (("device", "sdk"),)
    await store.close()


async def test_windows_of_a_crowded_place_are_alike(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    stores = Stores(connect(redis_settings))
    crowd = [
        Registered(
            Profile(f"c{n:03d}", created_at_us=1_700_000_000_000_000 + n // 3 * HOUR_US, ip="busy"),
            None,
            Origin(1, 0),
        )
        for n in range(120)
    ]
    for change in crowd[::2] + crowd[1::2]:
        redis, memory = await stores.apply(change)
        assert redis == memory
    names = [change.profile.user_id for change in crowd]
    answer = await stores.redis.exchange([], names)
    for name, known in zip(names, answer.subjects, strict=True):
        assert known.neighbourhood == stores.memory.neighbourhood(name)
    await stores.redis.close()


async def test_a_hypothetical_registration_is_answered_and_not_kept(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    stores = Stores(connect(redis_settings))
    await stores.apply(Registered(Profile("known", 1_000, device="d"), None, Origin(1, 0)))
    asked = Profile("asked", 2_000, device="d")
    answer = await stores.redis.exchange([], ["asked"], hypothetical=[asked])
    stored, hypothetical = answer.subjects
    assert stored.neighbourhood is None
    assert hypothetical.neighbourhood == stores.memory.neighbourhood_of(asked)
    await stores.redis.close()


async def test_accounts_left_behind_stay_in_the_outbox_until_they_were_passed_on(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    store = connect(redis_settings)
    first = Registered(Profile("a", 1, device="d"), None, Origin(1, 0))
    second = Registered(Profile("b", 2, device="d"), None, Origin(1, 0))
    moved = Updated(Profile("b", 2, device="other"), None, Origin(2, 0))
    await store.exchange([Sourced(c, "users-0") for c in (first, second)], [], "1")
    await store.exchange([Sourced(moved, "users-0")], [], "2")

    redelivered = await store.exchange([Sourced(moved, "users-0")], [], "3")
    assert [entry.user_id for entry in redelivered.left_over] == ["a"]

    await store.confirm([], [], redelivered.left_over)
    again = await store.exchange([Sourced(moved, "users-0")], [], "4")
    assert again.left_over == ()
    await store.close()


async def test_an_erasure_ends_decisions_and_owes_it_to_their_topics_until_they_say_so(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    store = connect(redis_settings)
    rows = [Registered(Profile(user, 1, device="d"), None, Origin(3, 0)) for user in "abc"]
    said: list[Change] = [
        Labelled("a", True, Origin(7, 0), about=3),
        LinksDecided("a", (IgnoredLink("c", about=3),), Origin(7, 0), about=3),
        LinksDecided("b", (IgnoredLink("a", about=3), IgnoredLink("c", about=3)), Origin(8, 0), 3),
    ]
    await store.exchange([Sourced(change, "t-0") for change in [*rows, *said]], [])
    erasure = Sourced(Erased("a", Origin(4, 0)), "users-0")

    first = await store.exchange([erasure], ["b"], "1")
    again = await store.exchange([erasure], [], "2")

    owed = {(ending.said, ending.user_id) for ending in first.endings}
    assert owed == {(Said.LABEL, "a"), (Said.LINKS, "a"), (Said.LINKS, "b")}
    assert again.endings == first.endings
    assert await store.decided("a") == Decided(4, 7, None, 7, None, ())
    assert (await store.decided("b")).ignored == (IgnoredLink("c"),)
    assert await store.who_ignores("a") == ()
    assert await store.erasure_of("a") == Traces(erased_by=4, registered=False, left=False)

    await store.confirm([], [], [], first.endings)
    assert (await store.exchange([erasure], [], "3")).endings == ()
    await store.close()


async def test_a_decision_about_an_erased_row_is_owed_an_ending_and_one_about_a_new_row_stands(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    store = connect(redis_settings)
    await store.exchange([Sourced(Erased("a", Origin(4, 0)), "users-0")], [])

    for about, owed in ((4, [Said.LABEL]), (5, [])):
        late = Sourced(Labelled("a", True, Origin(about, 0), about), "labels-0")
        answer = await store.exchange([late], [], "1")
        assert [ending.said for ending in answer.endings] == owed
        await store.confirm([], [], [], answer.endings)
    assert (await store.decided("a")).label_about == 5

    gone = Sourced(Forgotten("a", Said.LABEL, Origin(6, 0)), "labels-0")
    assert (await store.exchange([gone], [], "2")).endings == ()
    assert await store.decided("a") == Decided(4, 6, None, 0, None, ())
    await store.close()


async def test_nobody_waits_for_a_code_without_a_redemption_of_it(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    stores = Stores(connect(redis_settings))
    for usage in (1, 2):
        await stores.apply(Redeemed(usage, "a", "NEW", 5, True, Origin(1, 0)))
    await stores.apply(Registered(Profile("a", 1), None, Origin(1, 0)))

    defined = CodeDefined("NEW", "fixed_amount", Decimal(5), None, Origin(1, 0))
    for usage, waiting in ((1, {"a"}), (2, set())):
        await stores.apply(RedemptionWithdrawn(usage, "a", Origin(2, 0)))
        assert await stores.apply(defined) == (waiting, waiting)
    await stores.redis.close()


def _risk(revision: int, compared_with: int | None) -> NewRisk:
    return NewRisk("a", compared_with, compared_with, revision, f"digest-{revision}", "", "{}")


async def _latest(store: RedisStore) -> LatestRisk | None:
    return (await store.exchange([], ["a"])).subjects[0].latest


async def test_a_kept_risk_is_undelivered_until_it_is_confirmed(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    store = connect(redis_settings)
    risk = _risk(5, None)

    assert await store.keep([risk]) == set()
    assert await store.keep([risk]) == set()  # a retry after a lost answer
    assert await _latest(store) == LatestRisk(5, None, "digest-5", "", True)

    assert await store.confirm([risk], [], []) == set()
    assert await _latest(store) == LatestRisk(5, None, "digest-5", "", False)
    await store.close()


async def test_a_writer_that_comes_too_late_keeps_nothing_and_is_told(
    redis_settings: Settings, emptied: Callable[..., object]
) -> None:
    emptied()
    store = connect(redis_settings)
    await store.keep([_risk(5, None)])
    await store.keep([_risk(6, 5)])

    assert await store.keep([_risk(7, 5)]) == {"a"}
    assert await store.confirm([_risk(5, None)], [], []) == {"a"}
    assert await _latest(store) == LatestRisk(6, 5, "digest-6", "", True)

    await store.confirm([], ["a"], [])
    assert await _latest(store) is None
    await store.close()
