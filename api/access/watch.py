"""Keys follow their file while the API runs, and every change of a key reaches the audit log."""

import asyncio
import logging
from collections.abc import Iterator

from api.access.key_file import Keys
from api.access.keys import Key, KeyRing
from connectors import audit
from connectors.audit import Action, AuditEntry
from connectors.columns import microseconds
from connectors.errors import DependencyDown, KeyFileError
from connectors.topics import Topic
from stream_processors.delivery import Delivery, Outgoing

EVERY_S = 1.0
_log = logging.getLogger(__name__)


class KeyWatch:
    """Looks at the file every :data:`EVERY_S` seconds.

    Whoever changes the file need not reach Kafka: the API tells all that stands in it, at its
    start and after each change, and what was told already stays as it was.
    """

    def __init__(self, keys: Keys, delivery: Delivery) -> None:
        self._keys, self._delivery = keys, delivery
        self._untold = True

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._refresh()
            if self._untold:
                await self._tell()
            await asyncio.sleep(EVERY_S)

    def _refresh(self) -> None:
        try:
            self._untold |= self._keys.refresh()
        except KeyFileError as error:
            _log.error("the keys stay as they were", extra={"why": str(error)})

    async def _tell(self) -> None:
        messages = [
            Outgoing(Topic.AUDIT, entry.subject.encode(), audit.encode(entry))
            for entry in changes(self._keys.filed)
        ]
        try:
            await self._delivery.deliver(messages)
            self._untold = False
        except DependencyDown:
            _log.warning("key changes are not in the audit log yet: Kafka does not answer")


def changes(ring: KeyRing) -> Iterator[AuditEntry]:
    """Everything that was done to the keys of a ring. Pure."""
    for key in ring.keys:
        yield _entry(Action.KEY_CREATED, key, microseconds(key.created_at))
        if key.revoked_at is not None:
            yield _entry(Action.KEY_REVOKED, key, microseconds(key.revoked_at))


def _entry(action: Action, key: Key, at_us: int) -> AuditEntry:
    detail = {
        "scopes": ",".join(key.scopes),
        "per_minute": None if key.per_minute is None else str(key.per_minute),
        "expires_at": None if key.expires_at is None else key.expires_at.isoformat(),
    }
    return AuditEntry(action, key.key_id, at_us, key.name, key.key_id, detail)
