"""Score every account again, behind live traffic. ``python -m stream_processors.rescore_all``.

Asks in small waves: a live event never waits behind more than one wave.
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence

from connectors.command import explain, run_command
from connectors.console import Meter
from connectors.drain import show_drain
from connectors.errors import PromoError
from connectors.lag import Offsets
from connectors.settings import Settings, load_settings
from connectors.topics import SCORING_GROUP, Topic
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.scoring.rescore import RescoreRequest, Trigger, encode
from warehouse.client import clickhouse_answers, reader
from warehouse.queries import query

WAVE = 1_000
_MOST_WAITING = 1_000
_POLL_S = 0.05


def rescore_all(settings: Settings) -> int:
    """Ask for a new score of every registered account, then wait until that has drained.

    Returns:
        How many accounts were asked for.

    Raises:
        DependencyDown: Kafka or ClickHouse does not answer.
        DrainStalled: the workers do not get on.
    """
    accounts = _registered(settings)
    offsets = Offsets(settings)
    with Delivery(settings, "promo-rescore-all") as delivery, Meter() as meter:
        done = 0
        for wave in waves(accounts):
            asyncio.run(delivery.deliver([_request(user) for user in wave]))
            done += len(wave)
            meter.advance("rescore", done, len(accounts), "accounts")
            while _waiting(offsets) > _MOST_WAITING:
                time.sleep(_POLL_S)
    show_drain(settings, None)
    return len(accounts)


def _registered(settings: Settings) -> list[str]:
    with clickhouse_answers():
        return [
            str(row[0]) for row in reader(settings).query(query("registered_accounts")).result_rows
        ]


def waves(accounts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The accounts in order, at most :data:`WAVE` at a time."""
    for start in range(0, len(accounts), WAVE):
        yield accounts[start : start + WAVE]


def _request(user_id: str) -> Outgoing:
    return encode(RescoreRequest(user_id, Trigger.RESCORE, time.time_ns() // 1_000))


def _waiting(offsets: Offsets) -> int:
    return sum(offsets.behind(SCORING_GROUP, {Topic.RESCORE: offsets.ends(Topic.RESCORE)}).values())


def main() -> None:
    """Rescore everything and say how long it took."""
    started = time.monotonic()
    try:
        count = rescore_all(load_settings())
    except PromoError as error:
        sys.exit(f"rescore: {explain(error)}")
    print(f"{count:,} accounts scored again in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    run_command(main)
