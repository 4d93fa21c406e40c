"""How changes and answers look between Python and the Lua scripts. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields
from decimal import Decimal
from operator import attrgetter
from typing import Any, assert_never

import orjson
import ormsgpack

from connectors.events import (
    Change,
    CodeDefined,
    CodeWithdrawn,
    Decision,
    Erased,
    Forgotten,
    IdentifierDecided,
    IgnoredLink,
    Labelled,
    LinksDecided,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    Said,
    Updated,
)
from connectors.moments import read_us
from connectors.profile import Profile
from ml.store import (
    CAP,
    CODE_LINKS,
    CONTACT_LINKS,
    DAY_US,
    LARGE,
    STRONG_LINKS,
    WINDOW,
    CodeTerms,
    Link,
    LinkedAccount,
    Neighbourhood,
    Redemption,
    Verified,
    identifiers,
    verified,
)
from stream_processors.feature_store.identifier_wire import Sweep, packed_reason

_NAMES = tuple(field.name for field in fields(Profile))
_FIELDS = attrgetter(*_NAMES)
_USAGE_DIGITS = 20
_USAGE_OFFSET = 2**63
_RULES = {
    "window": WINDOW,
    "cap": CAP,
    "day_us": DAY_US,
    "strong": [link.value for link in STRONG_LINKS],
    "contacts": [link.value for link in CONTACT_LINKS],
    "code_links": [link.value for link in CODE_LINKS],
    "large": LARGE,
}


@dataclass(frozen=True, slots=True)
class Sourced:
    """A change and the partition it came from, ``<topic>-<partition>``."""

    change: Change
    source: str


@dataclass(frozen=True, slots=True)
class Affected:
    """An account to score again: because of which change, and in which way.

    ``cause`` is ``redemption`` (its own), ``label`` (a neighbour's) or ``rescore``;
    ``change_index`` counts the batch's changes.
    """

    user_id: str
    change_index: int
    cause: str


@dataclass(frozen=True, slots=True)
class LeftOver:
    """An outbox entry: an account that still has to be scored again."""

    source: str
    user_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Ending:
    """An outbox entry: an erasure has ended what analysts said, and the topic still says it."""

    source: str
    said: Said
    user_id: str
    token: str


@dataclass(frozen=True, slots=True)
class LatestRisk:
    """What Redis keeps of an account's latest risk to compare the next one with.

    Attributes:
        revision: its own.
        replaces: the revision before it, None if it was the first.
        digest: of its content.
        alert: state of the account's alert, empty if it never had one.
        undelivered: its publication was begun and never confirmed; it may be missing.
    """

    revision: int
    replaces: int | None
    digest: str
    alert: str
    undelivered: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one account; ``neighbourhood`` is None if it is not registered."""

    neighbourhood: Neighbourhood | None
    latest: LatestRisk | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one exchange; ``subjects`` in the order asked, ``sweeps`` that begin."""

    affected: tuple[Affected, ...]
    left_over: tuple[LeftOver, ...]
    endings: tuple[Ending, ...]
    subjects: tuple[Known, ...]
    sweeps: tuple[Sweep, ...] = ()


def question(
    changes: Sequence[Sourced],
    subjects: Sequence[str],
    token: str,
    hypothetical: Iterable[Profile] = (),
) -> bytes:
    """The argument of ``exchange.lua``."""
    return ormsgpack.packb(
        {
            **_RULES,
            "changes": [
                packed
                for index, sourced in enumerate(changes)
                for packed in _packed_change(index, sourced)
            ],
            "subjects": list(subjects),
            "hypothetical": [
                [p.user_id, pack_profile(p), p.created_at_us, _packed_identifiers(p)]
                for p in hypothetical
            ],
            "sources": sorted({sourced.source for sourced in changes}),
            "token": token,
        }
    )


def answer(reply: bytes) -> Answer:
    """Read what ``exchange.lua`` returned."""
    affected, left_over, endings, subjects, accounts, sweeps = ormsgpack.unpackb(reply)
    neighbours = _Neighbours(accounts if accounts else {})
    return Answer(
        tuple(Affected(user, index, cause) for user, index, cause in affected),
        tuple(LeftOver(*entry) for entry in left_over),
        tuple(_ending(*entry) for entry in endings),
        tuple(_known(subject, neighbours) for subject in subjects),
        tuple(Sweep(*begun) for begun in sweeps),
    )


def _ending(source: str, entry: str, token: str) -> Ending:
    said, _, user_id = entry.partition(":")
    return Ending(source, Said(said), user_id, token)


def pack_profile(profile: Profile) -> str:
    """A profile as the text that Redis keeps: its fields in order (append only)."""
    return orjson.dumps(_FIELDS(profile)).decode()


def unpack_profile(text: str) -> Profile:
    """The profile that :func:`pack_profile` wrote, perhaps when profiles had fewer fields."""
    facts = dict(zip(_NAMES, orjson.loads(text), strict=False))
    return Profile(**facts | {"placeholders": tuple(facts.get("placeholders", ()))})


def _packed_identifiers(profile: Profile) -> list[list[str]]:
    return [[link.value, hashed] for link, hashed in identifiers(profile).items()]


def _packed_change(index: int, sourced: Sourced) -> Iterator[list[Any]]:
    change = sourced.change
    version = change.origin.version
    match change:
        case Registered() | Updated():
            p = change.profile
            yield [
                "account",
                index,
                sourced.source,
                p.user_id,
                version,
                pack_profile(p),
                p.created_at_us,
                _packed_label(change.label),
                _packed_identifiers(p),
                orjson.dumps((p.device, p.agent)).decode(),
                _packed_verified(p),
            ]
        case Erased():
            yield [
                "account",
                index,
                sourced.source,
                change.user_id,
                version,
                False,
                False,
                False,
                [],
                False,
                False,
            ]
            yield ["ending", index, sourced.source, change.user_id, version]
        case Redeemed():
            usage = _usage(change.usage_id)
            if change.previous_user_id is not None:
                yield ["redemption", index, change.previous_user_id, version, usage, "", False]
            used_at = change.used_at_us if change.counted else False
            yield [
                "redemption",
                index,
                change.user_id,
                version,
                usage,
                change.canonical_code,
                used_at,
            ]
        case RedemptionWithdrawn():
            yield ["redemption", index, change.user_id, version, _usage(change.usage_id), "", False]
        case CodeDefined():
            terms = (change.discount_type, change.discount_value, change.min_purchase_amount)
            text = orjson.dumps([None if t is None else str(t) for t in terms]).decode()
            yield ["code", index, change.canonical_code, change.promo_code, version, text]
        case CodeWithdrawn():
            yield ["code", index, change.canonical_code, change.promo_code, version, False]
        case Labelled() | LinksDecided() | IdentifierDecided() | Forgotten():
            yield _packed_decision(index, sourced.source, change)
        case _:
            assert_never(change)


def _packed_decision(
    index: int, source: str, change: Decision | IdentifierDecided | Forgotten
) -> list[Any]:
    version = change.origin.version
    match change:
        case Labelled(label=label, about=about):
            return ["label", index, source, change.user_id, version, _packed_label(label), about]
        case LinksDecided(ignored=ignored, about=about):
            links = [_packed_link(link) for link in ignored]
            return ["links", index, source, change.user_id, version, links, about]
        case IdentifierDecided():
            word = _packed_label(change.identifies)
            place = (change.kind, change.hashed, change.authority.value)
            return ["word", *place, version, word, packed_reason(change)]
        case Forgotten(said=Said.LABEL):
            return ["label", index, source, change.user_id, version, False, False]
        case Forgotten():
            return ["links", index, source, change.user_id, version, [], False]
        case _:
            assert_never(change)


def _packed_link(link: IgnoredLink) -> list[Any]:
    """The script reads the ends, it keeps all: the next decision adds to the list."""
    through = link.through or ""
    said = (link.decided_by, link.note, link.decided_at_us)
    return [link.other_user_id, through, *said, link.about]


def _packed_verified(profile: Profile) -> str:
    found = verified(profile)
    return orjson.dumps((found.mailbox, found.phone)).decode()


def _packed_label(label: bool | None) -> str | bool:
    return False if label is None else "1" if label else "0"


def _usage(usage_id: int) -> str:
    """A usage id as text that sorts like the number, negative ones too."""
    return f"{usage_id + _USAGE_OFFSET:0{_USAGE_DIGITS}d}"


def usage_id_of(text: str | bytes) -> int:
    """A usage id from the text that Redis keeps."""
    return int(text) - _USAGE_OFFSET


class _Neighbours:
    """The neighbours of a batch, each built once."""

    def __init__(self, accounts: Mapping[str, Sequence[Any]]) -> None:
        self._facts = {user: _facts(*known) for user, known in accounts.items()}

    def linked(
        self, link: str, flat: Sequence[str], strangers: Set[tuple[str, str]]
    ) -> tuple[LinkedAccount, ...]:
        if not flat:  # most identifiers are nobody else's
            return ()
        return tuple(
            LinkedAccount(user, _number(at), *self._facts[user])
            for user, at in _pairs(flat)
            if not strangers or not {(user, ""), (user, link)} & strangers
        )


def _facts(
    label: object,
    flat: Sequence[str],
    facts: str | bool,
    contacts: str | bool,
    is_device_uncounted: bool,
) -> tuple[bool | None, tuple[Redemption, ...], str | None, str | None, Verified]:
    """What is known of a neighbour: label, redemptions, device, agent, verified contacts."""
    device, agent = orjson.loads(facts) if isinstance(facts, str) else (None, None)
    if is_device_uncounted:
        device = None
    own = Verified(*orjson.loads(contacts)) if isinstance(contacts, str) else Verified()
    return _LABELS[label], _redemptions(flat), device, agent, own


_LINKS: Mapping[str, Link] = {link.value: link for link in Link}
_LABELS: Mapping[object, bool | None] = {False: None, "0": False, "1": True}


def _known(subject: Sequence[Any], neighbours: _Neighbours) -> Known:
    blob, redemptions, last, links, codes, risk, ignored = subject
    latest = _latest(*risk)
    if not blob:
        return Known(None, latest)
    profile = unpack_profile(blob)
    strangers = {_stranger(member) for member in ignored}
    found = {_LINKS[link]: neighbours.linked(link, flat, strangers) for link, flat in links}
    return Known(
        Neighbourhood(
            profile=profile,
            redemptions=_redemptions(redemptions),
            last_redeemed_at_us=_number(last) if last else None,
            linked=found,
            codes={code: code_terms(text) for code, text in codes if text},
        ),
        latest,
    )


def _stranger(member: str) -> tuple[str, str]:
    """A member of ``x:<user>``: who is not a neighbour, and through what ("" for nothing)."""
    _, through, other = member.split("\0", 2)
    return other, through


def _latest(
    revision: str | bool, replaces: str, digest: str, alert: str, undelivered: str | bool
) -> LatestRisk | None:
    if not revision:
        return None
    before = int(replaces) if replaces else None
    return LatestRisk(int(revision), before, digest, alert, bool(undelivered))


def _redemptions(flat: Sequence[str]) -> tuple[Redemption, ...]:
    if not flat:
        return ()
    return tuple(
        Redemption(_number(at), usage_id_of(member[:_USAGE_DIGITS]), member[_USAGE_DIGITS + 1 :])
        for member, at in _pairs(flat)
    )


def code_terms(text: str | bytes) -> CodeTerms:
    """A code's terms from the text that Redis keeps."""
    kind, value, least = orjson.loads(text)
    return CodeTerms(
        kind,
        None if value is None else Decimal(value),
        None if least is None else Decimal(least),
    )


def ignored_links(packed: bytes) -> tuple[IgnoredLink, ...]:
    """The accounts declared falsely linked with one, from what Redis keeps."""
    return tuple(
        IgnoredLink(other, through or None, *more)
        for other, through, *more in ormsgpack.unpackb(packed) or ()
    )


def _pairs(flat: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _number(text: str) -> int:
    """A moment from a sorted set's score; see :func:`connectors.moments.held_us`."""
    return read_us(float(text))
