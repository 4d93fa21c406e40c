"""Requests to score an account again, ``promo.rescore``: keyed by user id, as the users are.

An account is scored only by the owner of its partition, so whoever learns something about
an account of another partition asks its owner.
"""

from dataclasses import dataclass
from enum import StrEnum

import orjson

from connectors.columns import bigint, json_object, key_text
from connectors.errors import PoisonMessage
from connectors.topics import Topic
from stream_processors.delivery import Outgoing


class Trigger(StrEnum):
    """What made an account be scored."""

    REGISTRATION = "registration"
    REDEMPTION = "redemption"
    RESCORE = "rescore"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class RescoreRequest:
    """An account whose risk must be computed again, and why.

    Attributes:
        user_id: the account.
        trigger: what happened to it.
        caused_at_us: when that was committed in PostgreSQL, microseconds since 1970 UTC.
        publish_anyway: publish the result even if it did not change.
    """

    user_id: str
    trigger: Trigger
    caused_at_us: int
    publish_anyway: bool = False


def encode(request: RescoreRequest) -> Outgoing:
    """The message for ``promo.rescore``."""
    return Outgoing(
        Topic.RESCORE,
        request.user_id.encode(),
        orjson.dumps(
            {
                "user_id": request.user_id,
                "trigger": request.trigger,
                "caused_at_us": request.caused_at_us,
                "publish_anyway": request.publish_anyway,
            }
        ),
    )


def decode(value: bytes | None) -> RescoreRequest:
    """Read a message of ``promo.rescore``.

    Raises:
        PoisonMessage: it is not such a request.
    """
    fields = json_object(value or b"", "a rescore request")
    try:
        trigger = Trigger(key_text(fields, "trigger"))
    except ValueError:
        raise PoisonMessage("decode", "not a rescore request: trigger is none of ours") from None
    return RescoreRequest(
        key_text(fields, "user_id"),
        trigger,
        bigint(fields, "caused_at_us"),
        fields.get("publish_anyway") is True,
    )
