"""Whether identifiers identify anybody, to and from ``promo.identifier_decisions``. Pure.

``{kind, hash, authority, identifies, decided_by, why, shared_by, decided_at}``. Measurement and
analysts have a key each for a value, so neither has to repeat what the other said: the topic
keeps the newest word of both.
"""

import orjson

from connectors.columns import bigint, flag, identifier, json_object, moment_us, text
from connectors.errors import PoisonMessage
from connectors.events import Authority, IdentifierDecided, Origin, Tombstone
from connectors.moments import iso

KINDS = ("device", "phone", "email")
"""Strong identifiers; what strangers share of the weak ones are places, which rules weigh."""


def key(decision: IdentifierDecided) -> bytes:
    """The message's key: one for each value and authority."""
    return f"{decision.kind}:{decision.hashed}:{decision.authority}".encode()


def encode(decision: IdentifierDecided) -> bytes:
    """The message's value."""
    return orjson.dumps(
        {
            "kind": decision.kind,
            "hash": decision.hashed,
            "authority": decision.authority,
            "identifies": decision.identifies,
            "decided_by": decision.decided_by,
            "why": decision.why,
            "shared_by": decision.shared_by,
            "decided_at": iso(decision.origin.version),
        }
    )


def decode(message_key: bytes | None, value: bytes | None) -> IdentifierDecided | Tombstone:
    """Decode one message.

    Raises:
        PoisonMessage: not JSON, or not such a decision.
    """
    if value is None:
        return Tombstone((message_key or b"").decode("utf-8", "replace"))
    row = json_object(value, "a decision about an identifier")
    kind, authority = text(row, "kind"), text(row, "authority")
    if kind not in KINDS or authority not in tuple(Authority):
        raise PoisonMessage("decode", "kind or authority is none that decides about identifiers")
    decided_at_us = moment_us(row, "decided_at")
    if decided_at_us < 0:
        raise PoisonMessage("decode", "decided_at is before 1970")
    return IdentifierDecided(
        kind,
        identifier(row, "hash"),
        Authority(authority),
        flag(row, "identifies"),
        Origin(decided_at_us, decided_at_us),
        decided_by=text(row, "decided_by") or "",
        why=text(row, "why") or "",
        shared_by=0 if row.get("shared_by") is None else bigint(row, "shared_by"),
    )
