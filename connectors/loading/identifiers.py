"""What the accounts of a load share, and which of their identifiers identify nobody."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.identifiers.addresses import read_address
from connectors.identifiers.devices import read_device
from connectors.identifiers.mailboxes import read_mailbox
from connectors.identifiers.phones import read_phone
from connectors.profile import Conventions

KINDS = {"device": "device_id", "phone": "phone", "mailbox": "email", "address": "ip_address"}
"""Kinds of identifier, and the columns that they are in."""


@dataclass(frozen=True, slots=True)
class IdentifierCounts:
    """What the accounts of a file have in one kind of identifier.

    Attributes:
        sharing: accounts that have it in common with another account of the file.
        placeholders: values that identify nobody, by the word or form that they are.
    """

    sharing: int
    placeholders: Mapping[str, int]


@dataclass(slots=True)
class _KindTally:
    # Hashes in place of texts: a million accounts take 100 MB.
    values: Counter[int] = field(default_factory=Counter)
    placeholders: Counter[str] = field(default_factory=Counter)


class IdentifierTally:
    """Counts while a file is read."""

    def __init__(self, conventions: Conventions) -> None:
        self._conventions = conventions
        self._kinds = {kind: _KindTally() for kind in KINDS}

    def add(self, row: Mapping[str, object]) -> None:
        """Count one account, columns as the loader parsed them."""
        for kind, column in KINDS.items():
            text = row[column]
            if not isinstance(text, str):
                continue
            canonical, placeholder = self._read(kind, text)
            if canonical is not None:
                self._kinds[kind].values[hash(canonical)] += 1
            elif placeholder is not None:
                self._kinds[kind].placeholders[str(placeholder)] += 1

    def counts(self) -> dict[str, IdentifierCounts]:
        """By kind, the commonest placeholders first."""
        return {
            kind: IdentifierCounts(
                sum(n for n in counted.values.values() if n > 1),
                dict(counted.placeholders.most_common()),
            )
            for kind, counted in self._kinds.items()
        }

    def _read(self, kind: str, text: str) -> tuple[str | None, str | None]:
        match kind:
            case "device":
                return read_device(text)
            case "phone":
                return read_phone(text, self._conventions.country)
            case "address":
                address = read_address(text, self._conventions.trusted_proxies)
                return address.host, address.placeholder
            case _:
                mailbox = read_mailbox(text)
                return (mailbox.canonical, mailbox.placeholder) if mailbox else (None, None)
