"""Rows back into events: everything that a latest risk depends on, as it stands now."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from clickhouse_connect.driver import Client

from connectors.decisions import ignored_links
from connectors.events import (
    Authority,
    Change,
    CodeDefined,
    Erased,
    IdentifierDecided,
    Labelled,
    LinksDecided,
    Origin,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
)
from connectors.profile import Profile
from warehouse.client import clickhouse_answers
from warehouse.queries import query


def current_changes(client: Client) -> Iterator[Change]:
    """Every row that exists, as the event that makes it; accounts in order of sign-up.

    Erased accounts and withdrawn redemptions are not among them. Read block by block: a
    million rows are never in memory at once.

    Raises:
        DependencyDown: ClickHouse does not answer.
    """
    for name, event in _EVENTS.items():
        for row in stream(client, name):
            yield event(*row)


def removals(client: Client) -> Iterator[Erased | RedemptionWithdrawn]:
    """Every account that was erased, every redemption that was withdrawn.

    Those that came back are among them until ClickHouse has merged their rows.
    Whose a withdrawn redemption was is not kept. Raises as :func:`current_changes`.
    """
    for user_id, *origin in stream(client, "every_erasure"):
        yield Erased(user_id, Origin(*origin))
    for usage_id, *origin in stream(client, "every_withdrawal"):
        yield RedemptionWithdrawn(usage_id, "", Origin(*origin))


def stream(client: Client, name: str, **parameters: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a query's answer, block by block; raises as :func:`current_changes`."""
    with clickhouse_answers(), client.query_rows_stream(query(name), parameters) as rows:
        yield from rows


def _registered(*row: Any) -> Registered:
    *facts, placeholders, label, version, committed_at_us = row
    profile = Profile(*[*facts, tuple(placeholders)])
    return Registered(profile, label, Origin(version, committed_at_us))


def _redeemed(*row: Any) -> Redeemed:
    usage_id, user_id, promo_code, canonical_code, used_at_us, used_promo, *origin = row
    return Redeemed(
        usage_id,
        user_id,
        promo_code,
        used_at_us,
        used_promo,
        Origin(*origin),
        canonical_code=canonical_code,
    )


def _defined(*row: Any) -> CodeDefined:
    promo_code, canonical_code, kind, value, least, *origin = row
    return CodeDefined(
        promo_code, kind, value, least, Origin(*origin), canonical_code=canonical_code
    )


def _labelled(user_id: str, label: bool | None, version: int, about: int) -> Labelled:
    return Labelled(user_id, label, Origin(version, version), about)


def _decided(user_id: str, ignored: str, version: int, about: int) -> LinksDecided:
    links = ignored_links(user_id, orjson.loads(ignored))
    return LinksDecided(user_id, links, Origin(version, version), about)


def _said_of_identifier(*row: Any) -> IdentifierDecided:
    kind, hashed, authority, identifies, version, *people = row
    origin = Origin(version, version)
    return IdentifierDecided(kind, hashed, Authority(authority), identifies, origin, *people)


_EVENTS: dict[str, Callable[..., Change]] = {
    "every_code": _defined,
    "every_registration": _registered,
    "every_redemption": _redeemed,
    "every_label": _labelled,
    "every_link_decision": _decided,
    "every_identifier_decision": _said_of_identifier,
}
