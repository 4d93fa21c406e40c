"""End the risks of accounts that are gone. ``python -m stream_processors.end_orphans``.

An account that was deleted while Redis had lost it leaves nothing there whose end could be
published, and its last risk would stand in ``promo.risk_scores`` for ever. Belongs behind a
replay of the scoring group (``make replay GROUP=scoring``).
"""

import asyncio
import sys
import time

from connectors.command import explain, run_command
from connectors.drain import show_drain
from connectors.errors import PromoError
from connectors.lag import Offsets
from connectors.settings import Settings, load_settings
from connectors.topics import Topic
from stream_processors.dead_letters_cli.entries import consumer_of, messages
from stream_processors.delivery import Delivery
from stream_processors.feature_store.redis_store import connect
from stream_processors.rescore_all import waves
from stream_processors.scoring.rescore import RescoreRequest, Trigger, encode


def end_orphans(settings: Settings) -> int:
    """Have every risk ended that stands in the topic and not in Redis; returns when drained.

    Whoever owns the account looks again and decides, so an account that has just come is safe.

    Returns:
        How many accounts were asked for.

    Raises:
        DependencyDown: Kafka or Redis does not answer.
        DrainStalled: the workers do not get on.
    """
    orphans = asyncio.run(_unknown(settings, sorted(_standing(settings))))
    now_us = time.time_ns() // 1_000
    asked = [
        encode(RescoreRequest(user, Trigger.RESCORE, now_us, publish_anyway=True))
        for user in orphans
    ]
    if asked:
        with Delivery(settings, "promo-end-orphans") as delivery:
            asyncio.run(delivery.deliver(asked))
        show_drain(settings, None)
    return len(orphans)


def _standing(settings: Settings) -> set[str]:
    """The accounts whose newest message in the topic is a risk."""
    starts = {n: e.start for n, e in enumerate(Offsets(settings).ends(Topic.RISK_SCORES))}
    standing: set[str] = set()
    consumer = consumer_of(settings)
    try:
        for message in messages(consumer, Topic.RISK_SCORES, starts):
            user_id = (message.key() or b"").decode("utf-8", "replace")
            (standing.discard if message.value() is None else standing.add)(user_id)
    finally:
        consumer.close()
    return standing


async def _unknown(settings: Settings, users: list[str]) -> list[str]:
    store = connect(settings)
    try:
        found = []
        for wave in waves(users):
            documents = await asyncio.gather(*(store.latest_risk(user) for user in wave))
            found += [u for u, document in zip(wave, documents, strict=True) if document is None]
        return found
    finally:
        await store.close()


def main() -> None:
    """End them and say how many there were."""
    started = time.monotonic()
    try:
        count = end_orphans(load_settings())
    except PromoError as error:
        sys.exit(f"end orphans: {explain(error)}")
    print(f"{count:,} risks of accounts that are gone ended in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    run_command(main)
