"""A tale's registrations as Debezium writes them. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from simulator.events import Person, SignedUp

_EPOCH = date(1970, 1, 1)


def registration(event: SignedUp) -> Mapping[str, object]:
    """The row of a registration."""
    person: Person = event.person
    columns: dict[str, object] = {name: getattr(person, name) for name in person.__slots__}
    created_at: datetime = event.created_at.astimezone(UTC)
    return columns | {"created_at": created_at.isoformat(), "dob": (person.dob - _EPOCH).days}
