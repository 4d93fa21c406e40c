"""Who changed what, to and from ``promo.audit``. Pure.

``{audit_id, at, actor, key_id, action, subject, detail, request_id}``: no note, no identifier of
a person but the account's id. ``audit_id`` is derived from what was done, so that telling it
again adds nothing.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, Union

import orjson

from connectors.moments import iso

_NAMESPACE = uuid.UUID("b0a3c7de-44f1-5a0b-8f0e-6a2f6f1f9d37")


class Action(StrEnum):
    """What is worth remembering."""

    LABEL = "label"
    LINK = "link"
    IDENTIFIER = "identifier"
    ERASURE = "erasure"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    LOAD = "load"


Detail: TypeAlias = Union[str, int, bool, Mapping[str, "Detail"], None]  # noqa: UP007
"""What JSON can say, but for lists and fractions."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did.

    Attributes:
        action: what.
        subject: to which account or which key; of a load, the folder's name.
        at_us: when, microseconds since 1970 UTC.
        actor: the client's name; ``operator`` for who needs no key.
        key_id: which of its keys; empty where there was none.
        detail: what else there is to know; nothing personal.
        request_id: as in the logs; empty where there was no request.
    """

    action: Action
    subject: str
    at_us: int
    actor: str
    key_id: str
    detail: Mapping[str, Detail] = field(default_factory=dict)
    request_id: str = ""

    @property
    def audit_id(self) -> str:
        """The same however often it is told."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.action}|{self.subject}|{self.at_us}"))


def encode(entry: AuditEntry) -> bytes:
    """The message of ``promo.audit``; its key is the subject."""
    return orjson.dumps(
        {
            "audit_id": entry.audit_id,
            "at": iso(entry.at_us),
            "actor": entry.actor,
            "key_id": entry.key_id,
            "action": entry.action,
            "subject": entry.subject,
            "detail": dict(entry.detail),
            "request_id": entry.request_id,
        }
    )
