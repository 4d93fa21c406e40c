"""Whether what a Grafana has is what we want it to have. Pure."""

from collections.abc import Mapping
from typing import Any

REDACTED = "[REDACTED]"
"""What Grafana returns instead of a secret."""


def covers(theirs: Any, ours: Any) -> bool:
    """Whether everything of ``ours`` is in ``theirs``.

    A Grafana adds fields of its own to what it stores (ids, versions, defaults that a newer
    release fills in), so further fields of an object are no difference; further elements of a
    list are. A secret that it does not tell is taken for the same.
    """
    match ours:
        case Mapping():
            return isinstance(theirs, Mapping) and all(
                _absent(theirs, name, value) or (name in theirs and covers(theirs[name], value))
                for name, value in ours.items()
            )
        case list() | tuple():
            same_length = isinstance(theirs, list) and len(theirs) == len(ours)
            return same_length and all(map(covers, theirs, ours))
        case _:
            return theirs in (ours, REDACTED)


def _absent(theirs: Mapping[str, Any], name: str, value: Any) -> bool:
    """An empty value may be left out."""
    return theirs.get(name) is None and value in (None, "", [], {})
