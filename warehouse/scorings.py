"""Every scoring that was published, with the vector it was made from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson
from clickhouse_connect.driver import Client

from warehouse.changes import stream


@dataclass(frozen=True, slots=True)
class Scoring:
    """One scoring of one account.

    Attributes:
        user_id: the account.
        event_id: identity of the scoring.
        revision: when it was made, microseconds since 1970 UTC; growing for each account.
        trigger: what made the account be scored.
        model_version: the bundle that made it.
        event_time_us: event time of the account's newest own event.
        features: the as-of vector by name; None where unknown.
    """

    user_id: str
    event_id: str
    revision: int
    trigger: str
    model_version: str
    event_time_us: int
    features: Mapping[str, float | None]


def every_scoring(client: Client) -> Iterator[Scoring]:
    """All scorings, account by account, each account's in order; read block by block.

    Raises:
        DependencyDown: ClickHouse does not answer.
    """
    for row in stream(client, "every_scoring"):
        user_id, event_id, revision, trigger, version, event_time_us, features = row
        vector = orjson.loads(features)
        yield Scoring(user_id, event_id, revision, trigger, version, event_time_us, vector)
