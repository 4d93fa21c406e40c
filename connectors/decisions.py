"""What analysts decide, to and from ``promo.labels`` and ``promo.link_decisions``. Pure.

A label: ``{user_id, is_abuser, decided_by, note, decided_at, about}``; ``is_abuser`` null takes
back what was said before. A link decision names all links of an account that are declared false,
the whole list each time, because the topic keeps the newest message of each account alone:
``{user_id, ignored: [{other_user_id, through, decided_by, note, decided_at, about}], decided_at,
about}``. ``about`` is the version of the account's row that was decided on.

A tombstone whose header ``version`` says what it comes after ends what was decided; any other
tombstone changes nothing.
"""

from collections.abc import Iterable

import orjson

from connectors.columns import (
    Row,
    count,
    flag,
    identifier,
    json_object,
    kind_of,
    moment_us,
    text,
)
from connectors.errors import PoisonMessage
from connectors.events import (
    Decision,
    Forgotten,
    IgnoredLink,
    Labelled,
    LinksDecided,
    Origin,
    Said,
    Tombstone,
)
from connectors.moments import LAST_US, iso
from connectors.topics import Topic

MOST_IGNORED = 500
"""Links of one account that can be declared false; more is a place, not a list of people."""

TOPIC_OF = {Said.LABEL: Topic.LABELS, Said.LINKS: Topic.LINK_DECISIONS}

_VERSION = "version"
_KINDS = (None, "device", "phone", "email", "ip", "network", "domain")


def decode(
    topic: str,
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes]] = (),
) -> Decision | Forgotten | Tombstone:
    """Decode one message of either topic.

    Raises:
        PoisonMessage: not JSON, or not such a decision.
    """
    if value is None:
        return _end(topic, key or b"", dict(headers).get(_VERSION))
    row = json_object(value, "a decision")
    user_id, origin, about = identifier(row, "user_id"), _origin(row), _about(row)
    if topic == Topic.LABELS:
        return Labelled(user_id, flag(row, "is_abuser"), origin, about)
    return LinksDecided(user_id, ignored_links(user_id, row.get("ignored")), origin, about)


def ending(version: int) -> dict[str, bytes]:
    """The headers of the tombstone that ends what was decided up to a version."""
    return {_VERSION: str(version).encode()}


def encode_label(decision: Labelled, decided_by: str, note: str) -> bytes:
    """The message of ``promo.labels``; its key is the account's id."""
    return orjson.dumps(
        {
            "user_id": decision.user_id,
            "is_abuser": decision.label,
            "decided_by": decided_by,
            "note": note,
            "decided_at": iso(decision.origin.version),
            "about": decision.about,
        }
    )


def encode_links(decision: LinksDecided) -> bytes:
    """The message of ``promo.link_decisions``; its key is the account's id."""
    return orjson.dumps(
        {
            "user_id": decision.user_id,
            "ignored": [
                {
                    "other_user_id": link.other_user_id,
                    "through": link.through,
                    "decided_by": link.decided_by,
                    "note": link.note,
                    "decided_at": iso(link.decided_at_us),
                    "about": link.about,
                }
                for link in decision.ignored
            ],
            "decided_at": iso(decision.origin.version),
            "about": decision.about,
        }
    )


def ignored_links(user_id: str, entries: object) -> tuple[IgnoredLink, ...]:
    """The list of falsely linked accounts of a message, in order, each link once.

    Raises:
        PoisonMessage: it is not such a list.
    """
    if not isinstance(entries, list) or len(entries) > MOST_IGNORED:
        raise PoisonMessage("decode", f"ignored is not a list of at most {MOST_IGNORED} links")
    links: dict[IgnoredLink, IgnoredLink] = {}
    for entry in entries:
        link = _link(user_id, entry)
        links.setdefault(link, link)
    return tuple(sorted(links, key=_order))


def _end(topic: str, key: bytes, version: bytes | None) -> Forgotten | Tombstone:
    if version is None:
        return Tombstone(key.decode("utf-8", "replace"))
    said = Said.LABEL if topic == Topic.LABELS else Said.LINKS
    try:
        ended_us, user_id = int(version), key.decode()
    except ValueError:
        raise PoisonMessage("decode", "a tombstone with a wrong key or version") from None
    if not 0 <= ended_us <= LAST_US:
        raise PoisonMessage("decode", "a tombstone whose version is no moment")
    return Forgotten(user_id, said, Origin(ended_us, ended_us))


def _about(row: Row) -> int:
    """Which row was decided on; 0, which is older than all, where the message does not tell."""
    return 0 if row.get("about") is None else count(row, "about")


def _origin(row: Row) -> Origin:
    decided_at_us = moment_us(row, "decided_at")
    if decided_at_us < 0:
        raise PoisonMessage("decode", "decided_at is before 1970")
    return Origin(decided_at_us, decided_at_us)


def _link(user_id: str, entry: object) -> IgnoredLink:
    if not isinstance(entry, dict):
        raise PoisonMessage("decode", f"an ignored link is {kind_of(entry)}, not an object")
    other, through = identifier(entry, "other_user_id"), text(entry, "through")
    if other == user_id:
        raise PoisonMessage("decode", "an account cannot be linked with itself")
    if through not in _KINDS:
        raise PoisonMessage("decode", "through is not a kind of identifier")
    return IgnoredLink(
        other,
        through,
        decided_by=text(entry, "decided_by") or "",
        note=text(entry, "note") or "",
        decided_at_us=_decided_at_us(entry),
        about=_about(entry),
    )


def _decided_at_us(entry: Row) -> int:
    """When a link was decided; 0 where the entry does not tell."""
    return 0 if entry.get("decided_at") is None else moment_us(entry, "decided_at")


def _order(link: IgnoredLink) -> tuple[str, str]:
    return link.other_user_id, link.through or ""
