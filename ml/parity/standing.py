"""What stands in the warehouse, with the moments at which it was committed. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connectors.events import (
    Change,
    Erased,
    IdentifierDecided,
    LinksDecided,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    Updated,
)
from ml.memory_store import MemoryStore
from ml.store import Link


@dataclass(frozen=True, slots=True)
class Usage:
    """When a redemption was made and when its row was committed, microseconds since 1970 UTC."""

    user_id: str
    used_at_us: int
    committed_at_us: int


@dataclass(slots=True)
class Standing:
    """Everything that vectors are recomputed from, and what may explain older ones.

    Attributes:
        store: the rows that exist.
        accounts: for each account when its row was committed as it is now.
        usages: the redemptions and attempts by usage id.
        decisions: each account's newest list of falsely linked accounts.
        words: when it was last said of an identifier whether it identifies anybody.
        erased, withdrawn: when accounts and redemptions last went, those too that came back.
    """

    store: MemoryStore = field(default_factory=MemoryStore)
    accounts: dict[str, int] = field(default_factory=dict)
    usages: dict[int, Usage] = field(default_factory=dict)
    decisions: dict[str, LinksDecided] = field(default_factory=dict)
    words: dict[tuple[Link, str], int] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    withdrawn: dict[int, int] = field(default_factory=dict)

    def decided_us(self, *users: str) -> int | None:
        """When links of one of these accounts were last decided, None if never."""
        decided = (self.decisions[user].origin.version for user in users if user in self.decisions)
        return max(decided, default=None)


def standing_of(changes: Iterable[Change]) -> Standing:
    """Put changes, each row's in order, into a standing."""
    made = Standing()
    made.store.apply(_noted(made, changes))
    return made


def _noted(made: Standing, changes: Iterable[Change]) -> Iterator[Change]:
    for change in changes:
        _note(made, change)
        yield change


def _note(made: Standing, change: Change) -> None:
    at_us = change.origin.committed_at_us
    match change:
        case Registered() | Updated():
            made.accounts[change.profile.user_id] = at_us
        case Erased():
            made.accounts.pop(change.user_id, None)
            made.erased[change.user_id] = at_us
        case Redeemed():
            made.usages[change.usage_id] = Usage(change.user_id, change.used_at_us, at_us)
        case RedemptionWithdrawn():
            made.usages.pop(change.usage_id, None)
            made.withdrawn[change.usage_id] = at_us
        case LinksDecided():
            made.decisions[change.user_id] = change
        case IdentifierDecided():
            place = Link(change.kind), change.hashed
            made.words[place] = max(made.words.get(place, 0), change.origin.version)
        case _:
            pass  # neither codes nor labels are in any vector
