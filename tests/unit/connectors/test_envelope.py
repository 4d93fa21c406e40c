"""What the decoder makes of Debezium's messages, and of everything else."""

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.columns import microseconds
from connectors.envelope import UNAVAILABLE, decode
from connectors.errors import PoisonMessage
from connectors.events import (
    CodeDefined,
    CodeWithdrawn,
    Erased,
    Origin,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    RowChange,
    Tombstone,
    Updated,
)
from connectors.moments import held_us
from connectors.profile import Conventions, Hasher
from connectors.topics import Topic
from tests.unit.connectors.envelopes import (
    COMMITTED_US,
    HASHED,
    LSN,
    code_row,
    decoded,
    envelope,
    null_filled_row,
    profiled,
    usage_row,
    user_row,
)

SOURCES = (Topic.USERS, Topic.PROMO_CODES, Topic.PROMO_USAGES)
ORIGIN = Origin(LSN, COMMITTED_US)

# What PostgreSQL can hold: no NUL, no half of a surrogate pair.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
moments = st.datetimes(
    datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)
)  # fmt: skip
flags = st.none() | st.booleans()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=6),
    max_leaves=8,
)


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(("op", "kind"), [("r", Registered), ("c", Registered), ("u", Updated)])
def test_a_users_row_becomes_a_profile_and_a_label(
    op: str, kind: type[Registered] | type[Updated]
) -> None:
    message = envelope(op, user_row(), user_row(is_abuser=True))

    assert decoded(Topic.USERS, message) == kind(profiled(), True, ORIGIN)


def test_a_deleted_users_row_is_an_erasure() -> None:
    assert decoded(Topic.USERS, envelope("d", before=user_row())) == Erased("anna", ORIGIN)


@pytest.mark.parametrize("op", ["r", "c", "u"])
def test_a_redemptions_row_is_a_redemption(op: str) -> None:
    expected = Redeemed(7, "anna", "WELCOME10", 1_700_000_000_500_000, True, ORIGIN)

    before = usage_row() if op == "u" else None

    assert decoded(Topic.PROMO_USAGES, envelope(op, before, usage_row())) == expected


def test_a_redemption_that_moves_names_the_account_it_leaves() -> None:
    message = envelope("u", usage_row(user_id="bert"), usage_row())

    event = decoded(Topic.PROMO_USAGES, message)

    assert isinstance(event, Redeemed)
    assert (event.user_id, event.previous_user_id) == ("anna", "bert")


@pytest.mark.parametrize(("used", "counted"), [(True, True), (None, True), (False, False)])
def test_only_an_attempt_is_not_counted(used: bool | None, counted: bool) -> None:
    event = decoded(Topic.PROMO_USAGES, envelope("c", after=usage_row(used_promo=used)))

    assert isinstance(event, Redeemed)
    assert event.counted is counted


@pytest.mark.parametrize("column", ["device_id", "is_email_verified", "dob"])
def test_a_column_that_is_not_there_at_all_is_told_and_not_taken_for_null(column: str) -> None:
    row = user_row()
    del row[column]

    with pytest.raises(PoisonMessage, match=f"users has no column {column}"):
        decoded(Topic.USERS, envelope("u", row, row))


def test_a_long_value_that_was_not_sent_is_no_value() -> None:
    row = user_row(user_agent=UNAVAILABLE)

    with pytest.raises(PoisonMessage, match=r"user_agent was not sent: .* REPLICA IDENTITY FULL"):
        decoded(Topic.USERS, envelope("u", None, row))


@pytest.mark.parametrize(
    ("op", "before"),
    [("u", None), ("d", None), ("d", usage_row(user_id="", promo_code="", used_promo=None))],
)
def test_a_redemption_without_its_old_row_is_set_aside(
    op: str, before: dict[str, object] | None
) -> None:
    message = envelope(op, before, None if op == "d" else usage_row())

    with pytest.raises(PoisonMessage, match="REPLICA IDENTITY FULL"):
        decoded(Topic.PROMO_USAGES, message)


def test_a_deleted_redemptions_row_is_a_withdrawal() -> None:
    message = envelope("d", before=usage_row())

    assert decoded(Topic.PROMO_USAGES, message) == RedemptionWithdrawn(7, "anna", ORIGIN)


@pytest.mark.parametrize("op", ["r", "c", "u"])
def test_a_codes_row_is_a_definition(op: str) -> None:
    expected = CodeDefined("WELCOME10", "percentage", Decimal(25), Decimal("62.50"), ORIGIN)

    assert decoded(Topic.PROMO_CODES, envelope(op, after=code_row())) == expected


def test_unknown_terms_of_a_code_are_null() -> None:
    row = code_row(discount_type=None, discount_value="NaN", min_purchase_amount=None)

    event = decoded(Topic.PROMO_CODES, envelope("c", after=row))

    not_held = ("discount_value",)
    assert event == CodeDefined("WELCOME10", None, None, None, ORIGIN, not_held)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("99999999999999999999999999999999.999999", "99999999999999999999999999999999.999999"),
        ("-0.0000005", "0"),
        ("1.2345675", "1.234568"),
        ("1E-16383", "0"),
        ("POSITIVE_INFINITY", None),
        ("NEGATIVE_INFINITY", None),
        ("NAN", None),
        ("Infinity", None),
        ("1E+32", None),
        ("-100000000000000000000000000000000", None),
        ("99999999999999999999999999999999.9999995", None),
        ("9" * 131_072, None),
    ],
)
def test_an_amount_is_as_every_store_can_hold_it_or_unknown_and_named(
    written: str, amount: str | None
) -> None:
    row = code_row(discount_value=written, min_purchase_amount=written)

    event = decoded(Topic.PROMO_CODES, envelope("c", after=row))

    value = None if amount is None else Decimal(amount)
    not_held = ("discount_value", "min_purchase_amount") if amount is None else ()
    assert event == CodeDefined("WELCOME10", "percentage", value, value, ORIGIN, not_held)


@pytest.mark.parametrize("name", ["lsn", "ts_us"])
@pytest.mark.parametrize(
    "value",
    [9_000_000_000_000_000_000, -(2**63), 2**64 - 1, 253_402_300_800_000_000, 1.5, True, None],
)
def test_a_position_or_commit_time_out_of_range_is_poison(name: str, value: object) -> None:
    with pytest.raises(PoisonMessage) as caught:
        decoded(Topic.USERS, envelope("c", None, user_row(), **{name: value}))

    assert caught.value.stage == "decode"
    assert name in caught.value.reason


def test_a_deleted_codes_row_is_a_withdrawal() -> None:
    message = envelope("d", before=code_row())

    assert decoded(Topic.PROMO_CODES, message) == CodeWithdrawn("WELCOME10", ORIGIN)


@pytest.mark.parametrize(
    ("topic", "row"),
    [(Topic.PROMO_USAGES, usage_row(promo_code=" Wel\u0441ome10")),
     (Topic.PROMO_CODES, code_row(promo_code=" Wel\u0441ome10"))],
)  # fmt: skip
def test_a_code_is_kept_as_it_came_and_compared_in_its_canonical_form(
    topic: Topic, row: dict[str, object]
) -> None:
    for op in ("c", "d") if topic == Topic.PROMO_CODES else ("c",):
        message = orjson.dumps(envelope(op, row, row))
        Hasher("key", Conventions(code_case_counts=True))
        usual = decode(topic.value, b"k", message, HASHED)
        exact = decode(
            topic.value, b"k", message, Hasher("key", Conventions(code_case_counts=True))
        )

        assert isinstance(usual, Redeemed | CodeDefined | CodeWithdrawn)
        assert isinstance(exact, Redeemed | CodeDefined | CodeWithdrawn)
        assert usual.promo_code == exact.promo_code == " Wel\u0441ome10"
        assert (usual.canonical_code, exact.canonical_code) == ("WELCOME10", "Welcome10")


@pytest.mark.parametrize("topic", SOURCES)
def test_a_message_without_a_value_is_a_tombstone(topic: Topic) -> None:
    assert decode(topic.value, b"anna", None, HASHED) == Tombstone("anna")


@pytest.mark.parametrize("key", [None, b"\xff\xfe"])
def test_no_key_is_too_damaged_for_a_tombstone(key: bytes | None) -> None:
    assert isinstance(decode(Topic.USERS.value, key, None, HASHED), Tombstone)


def test_a_null_filled_registration_is_read() -> None:
    event = decoded(Topic.USERS, envelope("c", after=null_filled_row()))

    assert isinstance(event, Registered)
    assert event.profile.user_id == "anna"


@given(user_id=texts, created=moments, label=flags, email=st.none() | texts, phone=texts)
def test_a_registration_comes_back_as_it_went_in(
    user_id: str, created: datetime, label: bool | None, email: str | None, phone: str
) -> None:
    columns = {"user_id": user_id, "created_at": iso(created), "email": email, "phone": phone}

    event = decoded(Topic.USERS, envelope("c", after=user_row(**columns, is_abuser=label)))

    assert event == Registered(profiled(**columns), label, ORIGIN)
    assert event.profile.user_id == user_id
    assert event.profile.created_at_us == held_us(microseconds(created))


@given(st.integers(-(2**63), 2**63 - 1), texts, texts, moments, flags)
def test_a_redemption_comes_back_as_it_went_in(
    usage_id: int, user_id: str, code: str, used_at: datetime, used: bool | None
) -> None:
    row = usage_row(
        usage_id=usage_id, user_id=user_id, promo_code=code, used_at=iso(used_at), used_promo=used
    )

    event = decoded(Topic.PROMO_USAGES, envelope("c", after=row))

    assert event == Redeemed(usage_id, user_id, code, held_us(microseconds(used_at)), used, ORIGIN)


@given(texts, st.none() | texts, st.none() | st.decimals(-(10**32) + 1, 10**32 - 1, places=6))
def test_a_code_comes_back_as_it_went_in(
    code: str, kind: str | None, value: Decimal | None
) -> None:
    row = code_row(
        promo_code=code, discount_type=kind, discount_value=None if value is None else str(value)
    )

    event = decoded(Topic.PROMO_CODES, envelope("c", after=row))

    assert event == CodeDefined(code, kind, value, Decimal("62.50"), ORIGIN)


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        (Topic.USERS, None),
        (Topic.USERS, []),
        (Topic.USERS, {"op": "c"}),
        (Topic.USERS, {**envelope("c", after=user_row()), "source": None}),
        (Topic.USERS, envelope("c", after=user_row(), lsn=None)),
        (Topic.USERS, envelope("c", after=user_row(), lsn=True)),
        (Topic.USERS, envelope("c", after=user_row(), lsn=-1)),
        (Topic.USERS, envelope("c", after=user_row(), lsn=2**63)),
        (Topic.USERS, envelope("c", after=user_row(), ts_us="yesterday")),
        (Topic.USERS, envelope("t", after=user_row())),
        (Topic.USERS, envelope("c", before=user_row())),
        (Topic.USERS, envelope("d", after=user_row())),
        (Topic.USERS, envelope("c", after=user_row(user_id=None))),
        (Topic.USERS, envelope("c", after=user_row(user_id=7))),
        (Topic.USERS, envelope("c", after=user_row(created_at=None))),
        (Topic.USERS, envelope("c", after=user_row(created_at=1_700_000_000))),
        (Topic.USERS, envelope("c", after=user_row(created_at="2023-11-14T22:13:20"))),
        (Topic.USERS, envelope("c", after=user_row(created_at="+292278994-08-17T07:12:55Z"))),
        (Topic.USERS, envelope("c", after=user_row(email=["a@b.c"]))),
        (Topic.USERS, envelope("c", after=user_row(dob="1990-01-01"))),
        (Topic.USERS, envelope("c", after=user_row(dob=True))),
        (Topic.USERS, envelope("c", after=user_row(is_abuser="yes"))),
        (Topic.USERS, envelope("c", after=usage_row())),
        (Topic.PROMO_USAGES, envelope("c", after=user_row())),
        (Topic.PROMO_USAGES, envelope("c", after=usage_row(usage_id="7"))),
        (Topic.PROMO_USAGES, envelope("c", after=usage_row(usage_id=2**63))),
        (Topic.PROMO_CODES, envelope("c", after=user_row())),
        (Topic.PROMO_CODES, envelope("c", after=code_row(discount_type=5))),
        (Topic.PROMO_CODES, envelope("c", after=code_row(discount_value="a lot"))),
        (Topic.PROMO_CODES, envelope("c", after=code_row(discount_value=True))),
        (Topic.PROMO_CODES, envelope("c", after=code_row(discount_value=[1]))),
        (Topic.RISK_SCORES, envelope("c", after=user_row())),
    ],
)
def test_a_damaged_message_is_poison(topic: Topic, message: object) -> None:
    with pytest.raises(PoisonMessage):
        decoded(topic, message)


@pytest.mark.parametrize("value", [b"", b"null", b"\xff\xfe{}", b"{", b'{"op":"c"', b"[" * 5000])
def test_bytes_that_are_no_envelope_are_poison(value: bytes) -> None:
    with pytest.raises(PoisonMessage):
        decode(Topic.USERS.value, b"anna", value, HASHED)


def test_a_topic_that_nobody_knows_is_poison() -> None:
    with pytest.raises(PoisonMessage):
        decode("somebody.elses", b"anna", orjson.dumps(envelope("c", after=user_row())), HASHED)


@pytest.mark.parametrize("column", sorted(user_row().keys() - {"city", "gender"}))
def test_the_reason_never_repeats_what_the_message_said(column: str) -> None:
    with pytest.raises(PoisonMessage) as poison:
        decoded(Topic.USERS, envelope("c", after=user_row(**{column: ["secret@example.org"]})))

    assert column in str(poison.value)
    assert "secret" not in str(poison.value)


def an_event_or_poison(topic: Topic, value: bytes) -> RowChange | Tombstone | PoisonMessage:
    try:
        return decode(topic.value, b"key", value, HASHED)
    except PoisonMessage as poison:
        return poison


@given(st.sampled_from(SOURCES), st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_poison(topic: Topic, value: bytes) -> None:
    an_event_or_poison(topic, value)


@given(st.sampled_from(SOURCES), json_values)
def test_random_json_raises_nothing_but_poison(topic: Topic, value: object) -> None:
    an_event_or_poison(topic, _dumped(value))


@given(st.data(), st.sampled_from("rcud"))
def test_an_envelope_with_any_damaged_part_raises_nothing_but_poison(
    data: st.DataObject, op: str
) -> None:
    topic, row = data.draw(
        st.sampled_from(
            [
                (Topic.USERS, user_row()),
                (Topic.PROMO_USAGES, usage_row()),
                (Topic.PROMO_CODES, code_row()),
            ]
        )
    )
    column = data.draw(st.sampled_from(sorted(row)))
    message = envelope(op, dict(row), dict(row))
    where = data.draw(st.sampled_from([message, message["before"], message["after"]]))
    where[column if where is not message else data.draw(st.sampled_from(sorted(message)))] = (
        data.draw(json_values)
    )

    an_event_or_poison(topic, _dumped(message))


@given(st.binary(max_size=3), st.integers(0, 400), st.integers(0, 4))
def test_an_envelope_with_bytes_replaced_raises_nothing_but_poison(
    noise: bytes, start: int, length: int
) -> None:
    value = orjson.dumps(envelope("c", after=user_row()))

    an_event_or_poison(Topic.USERS, value[:start] + noise + value[start + length :])


def _dumped(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
