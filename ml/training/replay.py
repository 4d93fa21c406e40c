"""History, replayed in event time: what was known at each own event of each account."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import merge
from itertools import groupby

from connectors.events import Redeemed, Registered
from ml.memory_store import MemoryStore
from ml.store import Neighbourhood
from ml.training.history import History


@dataclass(frozen=True, slots=True)
class Moment:
    """An account at one of its own events, with everything up to that instant known.

    Attributes:
        label: what is known today; never part of what was known then.
        neighbourhood: as it stood then, without anyone's label.
    """

    neighbourhood: Neighbourhood
    label: bool | None

    @property
    def user_id(self) -> str:
        """The account."""
        return self.neighbourhood.profile.user_id

    @property
    def at_us(self) -> int:
        """The instant, microseconds since 1970 UTC."""
        return self.neighbourhood.as_of_us


def replay(history: History, store: MemoryStore | None = None) -> Iterator[Moment]:
    """One moment at each registration and each counted redemption of a registered account.

    All events of one instant are applied before its moments are taken: a vector "as of" an
    instant counts what happened at it. An account with several events at one instant has one
    moment. Redemptions of unknown accounts give none; they count once the account registers.

    Args:
        history: what happened.
        store: an empty store to replay through; default: one of the usual size.
    """
    store = store or MemoryStore()
    store.apply([*history.links, *history.words])
    labels = {event.profile.user_id: event.label for event in history.registrations}
    for _, together in groupby(_in_event_time(history), key=_at_us):
        events = list(together)
        # Labels take effect when they are committed, which history does not tell.
        store.apply(_unlabelled(event) for event in events)
        for user_id in dict.fromkeys(_account(event) for event in events if _counts(event)):
            neighbourhood = store.neighbourhood(user_id)
            if neighbourhood is not None:
                yield Moment(neighbourhood, labels[user_id])


def _in_event_time(history: History) -> Iterator[Registered | Redeemed]:
    return merge(history.registrations, history.redemptions, key=_at_us)


def _at_us(event: Registered | Redeemed) -> int:
    return event.profile.created_at_us if isinstance(event, Registered) else event.used_at_us


def _account(event: Registered | Redeemed) -> str:
    return event.profile.user_id if isinstance(event, Registered) else event.user_id


def _counts(event: Registered | Redeemed) -> bool:
    return isinstance(event, Registered) or event.counted


def _unlabelled(event: Registered | Redeemed) -> Registered | Redeemed:
    return replace(event, label=None) if isinstance(event, Registered) else event
