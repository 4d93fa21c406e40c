"""What a batch asks for: changes of the store, accounts to score, messages to set aside. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from connectors import decisions, envelope, heartbeat, identifier_decisions
from connectors.errors import PoisonMessage
from connectors.events import (
    Change,
    CodeDefined,
    CodeWithdrawn,
    Erased,
    Forgotten,
    IdentifierDecided,
    Labelled,
    LinksDecided,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    Tombstone,
    Updated,
)
from connectors.profile import Hasher
from connectors.topics import Topic
from stream_processors.feature_store.identifier_wire import Sweep
from stream_processors.feature_store.wire import Affected, Sourced
from stream_processors.intake import Message
from stream_processors.scoring import rescore, sweep
from stream_processors.scoring.rescore import RescoreRequest, Trigger


@dataclass(slots=True)
class Plan:
    """A batch, decoded.

    Attributes:
        changes: in order of arrival.
        subjects: accounts of this worker's partitions to score, each once, and why.
        sweeps: which are to go on; each once.
        poison: messages that cannot be read.
        beats: the newest heartbeat of each partition: the last to arrive, for a clock that was set
            back is right from then on.
    """

    changes: list[Sourced] = field(default_factory=list)
    subjects: dict[str, RescoreRequest] = field(default_factory=dict)
    sweeps: list[Sweep] = field(default_factory=list)
    poison: list[tuple[Message, PoisonMessage]] = field(default_factory=list)
    beats: dict[int, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.changes or self.subjects or self.sweeps)


def plan(messages: Iterable[Message], hashed: Hasher) -> Plan:
    """Decode a batch: every message ends as a change, a subject, a sweep, a beat, or poison."""
    made = Plan()
    for message in messages:
        try:
            match message.topic:
                case Topic.RESCORE:
                    _ask(made, rescore.decode(message.value))
                case Topic.SWEEPS:
                    _go_on(made, sweep.decode(message.value))
                case Topic.HEARTBEATS:
                    made.beats |= heartbeat.beat_of(message.partition, message.value)
                case _:
                    _note(made, message, _decoded(message, hashed))
        except PoisonMessage as poison:
            made.poison.append((message, poison))
    return made


def requests(made: Plan, affected: Iterable[Affected]) -> list[RescoreRequest]:
    """Whom to pass on to the owners of their partitions: each account once.

    Accounts that this batch scores anyway are left out: their answer was read after all of
    the batch's changes.
    """
    found: dict[str, RescoreRequest] = {}
    for one in affected:
        if one.user_id in made.subjects:
            continue
        earlier = found.get(one.user_id)
        if earlier is None or earlier.trigger is Trigger.RESCORE:
            caused_at_us = made.changes[one.change_index].change.origin.committed_at_us
            found[one.user_id] = RescoreRequest(one.user_id, Trigger(one.cause), caused_at_us)
    return list(found.values())


def _decoded(message: Message, hashed: Hasher) -> Change | Tombstone:
    if message.topic in (Topic.LABELS, Topic.LINK_DECISIONS):
        return decisions.decode(message.topic, message.key, message.value, message.headers)
    if message.topic == Topic.IDENTIFIER_DECISIONS:
        return identifier_decisions.decode(message.key, message.value)
    return envelope.decode(message.topic, message.key, message.value, hashed)


def _note(made: Plan, message: Message, event: Change | Tombstone) -> None:
    match event:
        case Tombstone():
            return
        case Registered():
            _ask(made, _direct(event.profile.user_id, Trigger.REGISTRATION, event))
        case Updated():
            _ask(made, _direct(event.profile.user_id, Trigger.RESCORE, event))
        case Erased():
            _ask(made, _direct(event.user_id, Trigger.RESCORE, event))
        case Redeemed() | RedemptionWithdrawn() | CodeDefined() | CodeWithdrawn():
            pass
        case Labelled() | LinksDecided() | Forgotten() | IdentifierDecided():
            pass
    made.changes.append(Sourced(event, message.source))


def _go_on(made: Plan, asked: Sweep) -> None:
    if asked not in made.sweeps:
        made.sweeps.append(asked)


def _direct(user_id: str, trigger: Trigger, event: Registered | Updated | Erased) -> RescoreRequest:
    return RescoreRequest(user_id, trigger, event.origin.committed_at_us)


def _ask(made: Plan, request: RescoreRequest) -> None:
    earlier = made.subjects.get(request.user_id)
    if earlier is None:
        made.subjects[request.user_id] = request
    elif request.publish_anyway and not earlier.publish_anyway:
        made.subjects[request.user_id] = RescoreRequest(
            request.user_id, earlier.trigger, earlier.caused_at_us, publish_anyway=True
        )
