"""What happened in a shop so far, from the warehouse, in event time."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from importlib import resources
from typing import Any

import orjson
from clickhouse_connect.driver import Client

from connectors.events import Origin, Redeemed, Registered
from connectors.profile import Profile
from warehouse.client import clickhouse_answers


@dataclass(frozen=True, slots=True)
class History:
    """Registrations and redemptions, each in event time (ties by identity).

    Promo codes have no part in it: no feature knows a code's terms.
    """

    registrations: tuple[Registered, ...]
    redemptions: tuple[Redeemed, ...]

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that tell this history from any other."""
        digest = hashlib.blake2b(digest_size=16)
        for registration in self.registrations:
            digest.update(orjson.dumps((*astuple(registration.profile), registration.label)))
        for r in self.redemptions:
            # Not the usage id: which one a row got says nothing about what happened.
            digest.update(orjson.dumps((r.user_id, r.promo_code, r.used_at_us, r.used_promo)))
        return digest.hexdigest()


def history_of(registrations: Iterable[Registered], redemptions: Iterable[Redeemed]) -> History:
    """Put events, in whatever order they come, into event time."""
    return History(
        tuple(sorted(registrations, key=lambda r: (r.profile.created_at_us, r.profile.user_id))),
        tuple(sorted(redemptions, key=lambda r: (r.used_at_us, r.user_id, r.promo_code))),
    )


def read_warehouse(client: Client) -> History:
    """Read the history from ClickHouse.

    Raises:
        DependencyDown: ClickHouse does not answer.
    """
    with clickhouse_answers():
        users = client.query(_query("who_registered")).result_rows
        usages = client.query(_query("who_redeemed_what")).result_rows
    return history_of(
        (
            Registered(Profile(*facts), label, Origin(version, 0))
            for *facts, label, version in users
        ),
        (_redeemed(row) for row in usages),
    )


def _redeemed(row: Sequence[Any]) -> Redeemed:
    usage_id, user_id, promo_code, used_at_us, used_promo, version = row
    return Redeemed(usage_id, user_id, promo_code, used_at_us, used_promo, Origin(version, 0))


def _query(name: str) -> str:
    return resources.files("warehouse").joinpath("queries", f"{name}.sql").read_text()
