"""What a batch of messages comes to: rows to insert, and what goes first. Pure but for the log."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from connectors import decisions, envelope, heartbeat, identifier_decisions
from connectors.columns import json_object
from connectors.errors import PoisonMessage
from connectors.events import (
    Erased,
    Forgotten,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    RowChange,
    Said,
    Tombstone,
    Updated,
)
from connectors.profile import Hasher
from connectors.topics import Topic
from stream_processors.intake import Message
from stream_processors.scoring.documents import ERASED, Status
from warehouse.naming import named_in, without
from warehouse.removals import Removals
from warehouse.rows import (
    Document,
    Row,
    Table,
    alert_row,
    audit_row,
    dead_letter_row,
    identifier_decision_row,
    label_row,
    link_decisions_row,
    score_row,
    source_row,
)

_log = logging.getLogger(__name__)

_Key = TypeVar("_Key", str, int)


@dataclass(slots=True)
class Block:
    """What a batch inserts, and what it removes first.

    Attributes:
        rows: in order of arrival.
        removals: what goes before they come.
        newest: for each account whose row changed, its newest version, and whether that is an
            erasure.
        taken: redemptions that an account does not have any more: usage, version, account.
        poison: messages that cannot be read, of the topics whose poison is ours to set aside.
        beats: the newest heartbeat of each partition.
    """

    rows: list[Row] = field(default_factory=list)
    removals: Removals = field(default_factory=Removals)
    newest: dict[str, tuple[int, bool]] = field(default_factory=dict)
    taken: list[tuple[int, int, str]] = field(default_factory=list)
    poison: list[tuple[Message, PoisonMessage]] = field(default_factory=list)
    beats: dict[int, int] = field(default_factory=dict)

    def in_question(self) -> set[str]:
        """The accounts of which one must know whether they stand erased."""
        named = {name for row in self.rows for name in named_in(row)}
        return named | {user_id for *_, user_id in self.taken}

    def settle(self, known: Mapping[str, bool]) -> None:
        """Leave out, and remove, what belongs to accounts that are not there.

        Args:
            known: the accounts in question that the warehouse knows, and whether each one
                stands erased there.
        """
        stands = {**known, **{user: is_erased for user, (_, is_erased) in self.newest.items()}}
        erased = {user for user, is_erased in stands.items() if is_erased}
        for usage_id, version, user_id in self.taken:
            # One that is there keeps its history until ClickHouse merges it away.
            if stands.get(user_id, True):
                _raise(self.removals.usages, usage_id, version)
        self.rows = [_hidden(row, erased) for row in self.rows if self.removals.keeps(row)]

    def withdraw(self, usages: Mapping[int, int]) -> None:
        """Remove redemptions that this batch's erased accounts had, each below a version."""
        for usage_id, version in usages.items():
            _raise(self.removals.usages, usage_id, version)


def block(messages: Sequence[Message], hashed: Hasher) -> Block:
    """Turn a batch into rows and removals."""
    made = Block()
    for message in messages:
        try:
            _add(made, message, hashed)
        except PoisonMessage as poison:
            made.poison.append((message, poison))
    return made


def _add(made: Block, message: Message, hashed: Hasher) -> None:
    match Topic(message.topic):
        case Topic.RISK_SCORES if message.value is None:
            _end_scores(made, message.key or b"")
        case Topic.RISK_SCORES:
            made.rows.append(_document_row(message, score_row))
        case Topic.ABUSE_ALERTS:
            _add_alert(made, _document_row(message, alert_row))
        case Topic.AUDIT:
            made.rows.append(_document_row(message, audit_row))
        case Topic.LABELS | Topic.LINK_DECISIONS:
            _add_decision(made, message)
        case Topic.IDENTIFIER_DECISIONS:
            _add_word(made, message)
        case Topic.HEARTBEATS:
            made.beats |= heartbeat.beat_of(message.partition, message.value)
        case Topic.DEAD_LETTER:
            made.rows.append(dead_letter_row(dict(message.headers)))
        case _:
            _add_source(made, message, hashed)


def _add_source(made: Block, message: Message, hashed: Hasher) -> None:
    try:
        event = envelope.decode(message.topic, message.key, message.value, hashed)
    except PoisonMessage as poison:
        _leave_to_scoring(message, poison)
        return
    if not isinstance(event, Tombstone):
        made.rows.append(source_row(event))
        _note(made, event)


def _note(made: Block, event: RowChange) -> None:
    """What a change of a row means for the rows that are there."""
    version = event.origin.version
    match event:
        case Erased(user_id=user_id):
            _raise(made.removals.accounts, user_id, version)
            _note_newest(made, user_id, version, True)
        case Registered() | Updated():
            _note_newest(made, event.profile.user_id, version, False)
        case RedemptionWithdrawn():
            made.taken.append((event.usage_id, version, event.user_id))
        case Redeemed(previous_user_id=str(previous)):
            made.taken.append((event.usage_id, version, previous))
        case _:
            pass


def _note_newest(made: Block, user_id: str, version: int, is_erased: bool) -> None:
    made.newest[user_id] = max(made.newest.get(user_id, (-1, False)), (version, is_erased))


def _raise(bounds: dict[_Key, int], key: _Key, bound: int) -> None:
    bounds[key] = max(bounds.get(key, 0), bound)


def _add_alert(made: Block, row: Row) -> None:
    values = row.values
    if (values["status"], values["model_version"]) == (Status.CLEARED, ERASED):
        _raise(made.removals.alerts, values["user_id"], values["revision"])
    made.rows.append(row)


def _add_decision(made: Block, message: Message) -> None:
    try:
        found = decisions.decode(message.topic, message.key, message.value, message.headers)
    except PoisonMessage as poison:
        _leave_to_scoring(message, poison)
        return
    if isinstance(found, Forgotten):
        gone = made.removals.labels if found.said is Said.LABEL else made.removals.links
        _raise(gone, found.user_id, found.origin.version)
    elif not isinstance(found, Tombstone):
        build = label_row if message.topic == Topic.LABELS else link_decisions_row
        made.rows.append(_document_row(message, build))


def _add_word(made: Block, message: Message) -> None:
    try:
        found = identifier_decisions.decode(message.key, message.value)
    except PoisonMessage as poison:
        _leave_to_scoring(message, poison)
        return
    if not isinstance(found, Tombstone):
        made.rows.append(identifier_decision_row(found))


def _leave_to_scoring(message: Message, poison: PoisonMessage) -> None:
    """The scoring worker reads the same topics and sets it aside: once is enough."""
    where = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
    _log.warning("unreadable; scoring sets it aside", extra={**where, "why": poison.reason})


def _end_scores(made: Block, key: bytes) -> None:
    """An erased account: nothing that came before in this batch, nothing in the table."""
    try:
        user_id = key.decode()
    except UnicodeDecodeError:
        return  # a tombstone of nobody, see connectors.rolling
    made.rows = [
        row
        for row in made.rows
        if row.table is not Table.RISK_SCORES or row.values["user_id"] != user_id
    ]
    made.removals.scores.append(user_id)


def _hidden(row: Row, erased: Collection[str]) -> Row:
    gone = named_in(row) & set(erased)
    return without(row, gone) if gone else row


def _document_row(message: Message, build: Callable[[Document], Row]) -> Row:
    return build(json_object(message.value or b"", f"a {message.topic} message"))
