"""What happened in a shop so far, from the warehouse, in event time."""

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace

import orjson
from clickhouse_connect.driver import Client

from connectors.events import (
    Change,
    IdentifierDecided,
    Labelled,
    LinksDecided,
    Redeemed,
    Registered,
)
from warehouse.changes import current_changes


@dataclass(frozen=True, slots=True)
class History:
    """Registrations and redemptions, each in event time (ties by identity).

    Promo codes have no part in it: no feature knows a code's terms. A label is an analyst's
    word where there is one, else the shop's.

    Attributes:
        registrations, redemptions: what happened.
        links: which links analysts have declared false, by account. They count from the
            beginning, as they do when an account is scored.
        words: which identifiers identify nobody; from the beginning, too.
    """

    registrations: tuple[Registered, ...]
    redemptions: tuple[Redeemed, ...]
    links: tuple[LinksDecided, ...] = ()
    words: tuple[IdentifierDecided, ...] = ()

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that tell this history from any other."""
        digest = hashlib.blake2b(digest_size=16)
        for registration in self.registrations:
            digest.update(orjson.dumps((*astuple(registration.profile), registration.label)))
        for r in self.redemptions:
            # Not the usage id: which one a row got says nothing about what happened.
            digest.update(orjson.dumps((r.user_id, r.canonical_code, r.used_at_us, r.used_promo)))
        for decision in self.links:
            ignored = sorted((link.other_user_id, link.through or "") for link in decision.ignored)
            digest.update(orjson.dumps((decision.user_id, ignored)))
        for word in self.words:
            said = (word.kind, word.hashed, word.authority, word.identifies)
            digest.update(orjson.dumps(said))
        return digest.hexdigest()


def history_of(
    registrations: Iterable[Registered],
    redemptions: Iterable[Redeemed],
    links: Iterable[LinksDecided] = (),
    words: Iterable[IdentifierDecided] = (),
) -> History:
    """Put events, in whatever order they come, into event time."""
    return History(
        tuple(sorted(registrations, key=lambda r: (r.profile.created_at_us, r.profile.user_id))),
        tuple(sorted(redemptions, key=lambda r: (r.used_at_us, r.user_id, r.promo_code))),
        tuple(sorted(links, key=lambda decision: decision.user_id)),
        tuple(sorted(words, key=lambda word: (word.kind, word.hashed, word.authority))),
    )


def read_warehouse(client: Client) -> History:
    """Read the history from ClickHouse.

    Raises:
        DependencyDown: ClickHouse does not answer.
    """
    return _of_changes(current_changes(client))


def _of_changes(changes: Iterable[Change]) -> History:
    registrations: list[Registered] = []
    redemptions: list[Redeemed] = []
    links: list[LinksDecided] = []
    words: list[IdentifierDecided] = []
    labels: dict[str, bool] = {}
    for change in changes:
        match change:
            case Registered():
                registrations.append(change)
            case Redeemed():
                redemptions.append(change)
            case LinksDecided():
                links.append(change)
            case IdentifierDecided():
                words.append(change)
            case Labelled(user_id=user_id, label=bool(label)):
                labels[user_id] = label
            case _:
                # A code's terms, or a word that was taken back.
                pass
    labelled = (
        replace(event, label=labels.get(event.profile.user_id, event.label))
        for event in registrations
    )
    return history_of(labelled, redemptions, links, words)
