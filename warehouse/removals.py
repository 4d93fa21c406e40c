"""What a batch removes from the warehouse: erased accounts, and all that was theirs. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote

from warehouse.naming import hiding
from warehouse.rows import Row, Table

MOST = 100
"""Keys in one statement: ClickHouse looks for 255 names at once."""

LONGEST = 8_192
"""Bytes of keys in one statement: they travel in its address, some of them twice."""

_Key = TypeVar("_Key", str, int)


@dataclass(slots=True)
class Removals:
    """What goes; bounds are versions, or revisions, below which it goes.

    Attributes:
        accounts: erased accounts, by the version of the erasure, and their names in other
            accounts' rows. Their redemptions are withdrawn one by one: an account whose id was
            changed is erased too, and the redemptions that PostgreSQL keeps under the old id stay.
        usages: redemptions that were withdrawn, or moved, away from an erased account.
        scores: accounts whose scores were ended by a tombstone.
        alerts: accounts whose alert was ended, by its last revision.
        labels, links: accounts whose decisions were ended by a tombstone, by its version.
    """

    accounts: dict[str, int] = field(default_factory=dict)
    usages: dict[int, int] = field(default_factory=dict)
    scores: list[str] = field(default_factory=list)
    alerts: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)

    def keeps(self, row: Row) -> bool:
        """Whether a row of the same batch stands behind the removals.

        Scores are not asked about: their tombstone has no version, only a place in the batch.
        """
        values = row.values
        match row.table:
            case Table.USERS:
                return bool(values["version"] >= self.accounts.get(values["user_id"], 0))
            case Table.PROMO_USAGES:
                return bool(values["version"] >= self.usages.get(values["usage_id"], 0))
            case Table.ABUSE_ALERTS:
                return bool(values["revision"] >= self.alerts.get(values["user_id"], 0))
            case Table.LABELS:
                return bool(values["version"] >= self.labels.get(values["user_id"], 0))
            case Table.LINK_DECISIONS:
                return bool(values["version"] >= self.links.get(values["user_id"], 0))
            case _:
                return True

    def statements(self) -> Iterator[tuple[str, Mapping[str, object]]]:
        """The mutations, each by name with its parameters."""
        yield from _bounded("remove_account", self.accounts)
        yield from _bounded("remove_usages", self.usages)
        yield from _bounded("remove_alerts", self.alerts)
        yield from _bounded("remove_label", self.labels)
        yield from _bounded("remove_links", self.links)
        for users in portions(self.scores):
            yield "remove_scores", {"keys": users}
        for users in portions(self.accounts):
            yield "hide_in_scores", hiding(Table.RISK_SCORES, users)
            yield "hide_in_alerts", hiding(Table.ABUSE_ALERTS, users)
            yield "hide_in_links", hiding(Table.LINK_DECISIONS, users)


def _bounded(name: str, bounds: Mapping[_Key, int]) -> Iterator[tuple[str, Mapping[str, object]]]:
    for keys in portions(bounds):
        yield name, {"keys": keys, "bounds": [bounds[key] for key in keys]}


def portions(
    keys: Iterable[_Key], most: int = MOST, longest: int = LONGEST
) -> Iterator[list[_Key]]:
    """Keys in portions that fit into one statement: so many at most, of so many bytes."""
    portion: list[_Key] = []
    length = 0
    for key in keys:
        size = len(quote(str(key))) + 3
        if portion and (len(portion) == most or length + size > longest):
            yield portion
            portion, length = [], 0
        portion.append(key)
        length += size
    if portion:
        yield portion
