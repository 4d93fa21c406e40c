"""Which of the rows that differ are on their way, and which will never come.

While the shop writes, a store is behind PostgreSQL at every moment, and a comparison of the two
sees that as differences. A row that differs is therefore looked at twice, with the stream between:

1. It differs. Then PostgreSQL's log ends at L, which is read after the row was.
2. Debezium has confirmed L, and both groups have consumed what the source topics held then. Every
   change that was committed before L, this row's last one among them, has been applied by now.
3. It is looked at again. If PostgreSQL's row is still the very same (its ``xmin`` and ``ctid``: a
   changed row has another, also where it was changed back), no change of it is on its way, and what
   the store holds differs for good. If the row has changed, or the store holds a version from
   behind L, it begins again with the row as it is now.

A row that is changed without pause is looked at :data:`ROUNDS` times, and is then said to be
changing; it is not counted as a difference.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from connectors.topics import Topic
from stream_processors.reconcile.comparison import Difference
from stream_processors.reconcile.rows import Key, Store
from stream_processors.reconcile.walk import Places, pages

ROUNDS = 5

PassStream = Callable[[], int]
"""Take PostgreSQL's log position, wait until the stores have all that came before; answers it."""

_Place = tuple[Topic, Store, Key]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What is left of some differences once the stream has passed.

    Attributes:
        standing: they will not go away by themselves.
        changing: PostgreSQL's row changed at every look.
        ahead: the store's version lies behind the end of PostgreSQL's log.
    """

    standing: tuple[Difference, ...] = ()
    changing: tuple[Difference, ...] = ()
    ahead: tuple[Difference, ...] = ()


def confirm(places: Places, suspects: Collection[Difference], pass_stream: PassStream) -> Confirmed:
    """Look at differences again, behind the stream.

    Raises:
        DependencyDown, DrainStalled: as ``pass_stream`` and the places.
    """
    standing: list[Difference] = []
    at = 0
    for _ in range(ROUNDS):
        if not suspects:
            break
        seen = {_place(one): one.seen for one in suspects}
        at = pass_stream()
        again = look_again(places, suspects)
        still = {one for one in again if seen[_place(one)] == one.seen and one.version <= at}
        standing += still
        suspects = [one for one in again if one not in still]
    return Confirmed(
        tuple(standing),
        tuple(one for one in suspects if one.version <= at),
        tuple(one for one in suspects if one.version > at),
    )


def look_again(places: Places, suspects: Iterable[Difference]) -> list[Difference]:
    """Those of some differences that are there now, as they are now."""
    known = {_place(one) for one in suspects}
    keys: defaultdict[Topic, set[Key]] = defaultdict(set)
    for table, _, key in known:
        keys[table].add(key)
    return [
        one
        for table, asked in keys.items()
        for page in pages(iter(sorted(asked)))
        for one in places.look(table, page)
        if _place(one) in known
    ]


def _place(difference: Difference) -> _Place:
    return difference.table, difference.store, difference.key
