"""One limit for user ids and promo codes, and one calendar, wherever a row comes in."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from api.schemas.claim import ClaimRequest, ReleaseRequest
from api.schemas.decision import LinkRequest
from api.schemas.registration import BatchRequest, FirstRedemption, Registration, Unreadable
from connectors import decisions
from connectors.columns import LONGEST_IDENTIFIER
from connectors.envelope import decode
from connectors.errors import PoisonMessage
from connectors.events import CodeWithdrawn, Erased, RedemptionWithdrawn
from connectors.loading.rows import Checker, Rejection
from connectors.loading.tables import COLUMNS, Table
from connectors.loading.values import Reason
from connectors.profile import Hasher
from connectors.source.contract import TABLES
from connectors.topics import Topic

HASHED = Hasher("key")
AT = "2026-03-01T10:00:00Z"
ROWS: dict[Topic, dict[str, Any]] = {
    Topic.USERS: {"user_id": "u", "created_at": AT},
    Topic.PROMO_CODES: {"promo_code": "c"},
    Topic.PROMO_USAGES: {"usage_id": 1, "user_id": "u", "promo_code": "c", "used_at": AT},
}
IDENTIFIERS = [
    (topic, name)
    for topic, row in ROWS.items()
    for name in row
    if name in ("user_id", "promo_code")
]
MOMENTS = [(Topic.USERS, "created_at"), (Topic.PROMO_USAGES, "used_at")]
lengths = st.one_of(
    st.integers(1, 2 * LONGEST_IDENTIFIER),
    st.sampled_from([LONGEST_IDENTIFIER, LONGEST_IDENTIFIER + 1, 100_000]),
)
characters = st.sampled_from(["Q", "\n", "é", "😀", '"', "\\"])


def decoded(topic: Topic, operation: str, **columns: object) -> object:
    side = "before" if operation == "d" else "after"
    source = {"lsn": 1, "ts_us": 1}
    whole = dict.fromkeys(TABLES[topic.removeprefix("promo.public.")].columns)
    row = {**whole, **ROWS[topic], **columns}
    envelope = {"op": operation, "source": source, "before": row, side: row}
    return decode(topic, b"k", orjson.dumps(envelope), HASHED)


def is_refused(make: Any, error: type[Exception]) -> bool:
    try:
        make()
    except error:
        return True
    return False


@given(place=st.sampled_from(IDENTIFIERS), operation=st.sampled_from("rcu"), length=lengths,
       character=characters)  # fmt: skip
def test_a_row_comes_in_by_the_length_of_its_identifiers(
    place: tuple[Topic, str], operation: str, length: int, character: str
) -> None:
    topic, column = place
    made = {column: character * length}
    refused = is_refused(lambda: decoded(topic, operation, **made), PoisonMessage)
    assert refused == (length > LONGEST_IDENTIFIER)


def test_a_dead_letter_says_why() -> None:
    with pytest.raises(PoisonMessage, match="user_id is longer than 1,000 characters"):
        decoded(Topic.USERS, "c", user_id="Q" * 100_000)


@given(length=lengths, character=characters)
def test_what_got_in_before_can_be_deleted_however_long(length: int, character: str) -> None:
    name = character * length
    match decoded(Topic.USERS, "d", user_id=name):
        case Erased(user_id=user_id):
            assert user_id == name
        case other:
            raise AssertionError(other)
    assert isinstance(decoded(Topic.PROMO_CODES, "d", promo_code=name), CodeWithdrawn)
    assert isinstance(decoded(Topic.PROMO_USAGES, "d", user_id=name), RedemptionWithdrawn)


@given(length=lengths, table=st.sampled_from(Table), data=st.data())
def test_a_line_is_loaded_by_the_length_of_its_identifiers(
    length: int, table: Table, data: st.DataObject
) -> None:
    column = data.draw(st.sampled_from(sorted(COLUMNS[table].required - {"created_at", "used_at"})))
    row = {name: AT if name.endswith("_at") else "x" for name in COLUMNS[table].required}
    row[column] = "Q" * length
    found = Checker(table, list(row))(2, list(row.values()))
    is_rejected = isinstance(found, Rejection) and (found.reason, found.detail) == (
        Reason.TOO_LONG,
        column,
    )
    assert is_rejected == (length > LONGEST_IDENTIFIER)


@given(length=lengths)
def test_the_api_takes_an_identifier_by_its_length(length: int) -> None:
    name = "Q" * length
    expected = length > LONGEST_IDENTIFIER
    claim = "0" * 32
    for make in (
        lambda: Registration.model_validate({"user_id": name, "created_at": AT}),
        lambda: FirstRedemption.model_validate({"promo_code": name, "used_at": AT}),
        lambda: ClaimRequest.model_validate({"user_id": name, "promo_code": "c"}),
        lambda: ClaimRequest.model_validate({"user_id": "u", "promo_code": name}),
        lambda: ReleaseRequest.model_validate({"user_id": name, "claim_id": claim}),
        lambda: LinkRequest.model_validate({"user_id": name, "other_user_id": "o"}),
        lambda: LinkRequest.model_validate({"user_id": "o", "other_user_id": name}),
    ):
        assert is_refused(make, ValidationError) == expected


def test_a_decision_about_an_overlong_account_is_set_aside() -> None:
    label = {"user_id": "Q" * 1_001, "is_abuser": True, "decided_at": AT}
    with pytest.raises(PoisonMessage):
        decisions.decode(Topic.LABELS, b"k", orjson.dumps(label))


edges = st.builds(
    lambda edge, seconds, minutes: (edge, seconds, minutes),
    st.sampled_from([datetime.min, datetime.max.replace(microsecond=0)]),
    st.integers(0, 2 * 86_400),
    st.integers(-23 * 60, 23 * 60),
)


def text_at(edge: datetime, seconds: int, minutes: int) -> tuple[str, bool]:
    """A moment near an end of the calendar with an offset, and whether UTC has it."""
    inwards = timedelta(seconds=seconds if edge.year == 1 else -seconds)
    offset = timezone(timedelta(minutes=minutes))
    moment = (edge + inwards).replace(tzinfo=offset)
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return moment.isoformat(), False
    return moment.isoformat(), True


@given(place=st.sampled_from(MOMENTS), edge=edges)
def test_a_moment_is_taken_where_utc_has_it(
    place: tuple[Topic, str], edge: tuple[datetime, int, int]
) -> None:
    topic, column = place
    text, is_known = text_at(*edge)
    made = {column: text}
    assert is_refused(lambda: decoded(topic, "c", **made), PoisonMessage) != is_known
    rows: dict[Topic, type[BaseModel]] = {
        Topic.USERS: Registration,
        Topic.PROMO_USAGES: FirstRedemption,
    }
    columns = {"user_id": "u", "promo_code": "c"}
    needed = {name: columns[name] for name in columns if name in rows[topic].model_fields}
    asked = {**needed, column: text}
    assert is_refused(lambda: rows[topic].model_validate(asked), ValidationError) != is_known


@given(edge=edges)
def test_of_a_batch_only_the_request_with_such_a_moment_is_set_apart(
    edge: tuple[datetime, int, int],
) -> None:
    text, is_known = text_at(*edge)
    good = {"registration": {"user_id": "u", "created_at": AT}}
    edged = {"registration": {"user_id": "u", "created_at": text}}
    entries = BatchRequest.model_validate({"requests": [good, edged, good]}).entries
    assert [isinstance(one, Unreadable) for one in entries] == [False, not is_known, False]
