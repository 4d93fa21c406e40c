"""What an erasure has ended is taken out of the topics of analysts' decisions, too."""

from collections.abc import Sequence

from connectors.decisions import TOPIC_OF, encode_links, ending
from connectors.events import LinksDecided, Origin, Said
from connectors.topics import Topic
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.feature_store.redis_store import Decided, RedisStore
from stream_processors.feature_store.turns import turns
from stream_processors.feature_store.wire import Ending


async def publish_endings(endings: Sequence[Ending], store: RedisStore, delivery: Delivery) -> None:
    """Publish the end of what analysts had decided. Idempotent.

    Whoever decides about one of these accounts meanwhile waits: a decision published before its
    predecessor's tombstone would be compacted away with it.

    Raises:
        DependencyDown: Redis or Kafka does not answer; some may have been published.
    """
    owed = sorted({(one.user_id, one.said) for one in endings})
    users = {user_id for user_id, _ in owed}
    async with turns(store, users):
        known = {user_id: await store.decided(user_id) for user_id in users}
        found = [ending_message(user_id, said, known[user_id]) for user_id, said in owed]
        await delivery.deliver([message for message in found if message is not None])


def ending_message(user_id: str, said: Said, known: Decided) -> Outgoing | None:
    """What has to be published of an account, as its decisions stand now. Pure.

    A tombstone where nothing stands; a list without what was ended where other links do; None
    where a newer label has taken the place of the one that ended.
    """
    key = user_id.encode()
    if said is Said.LABEL:
        if known.label_about is not None:
            return None
        return Outgoing(TOPIC_OF[said], key, None, ending(known.label_version + 1))
    version = known.links_version + 1
    if known.links_about is None:
        return Outgoing(TOPIC_OF[said], key, None, ending(version))
    origin = Origin(version, version)
    standing = LinksDecided(user_id, known.ignored, origin, known.links_about)
    return Outgoing(Topic.LINK_DECISIONS, key, encode_links(standing))
