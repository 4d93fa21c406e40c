"""Requests to score an account again, ``promo.rescore``: keyed by user id, as the users are.

An account is scored only by the owner of its partition, so whoever learns something about
an account of another partition asks its owner.
"""

from dataclasses import dataclass
from enum import StrEnum

import orjson

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
    try:
        fields = orjson.loads(value or b"")
        user_id, caused_at_us = fields["user_id"], fields["caused_at_us"]
        if not isinstance(user_id, str) or not isinstance(caused_at_us, int):
            raise PoisonMessage("decode", "a rescore request with wrong types")
        return RescoreRequest(
            user_id, Trigger(fields["trigger"]), caused_at_us, fields.get("publish_anyway") is True
        )
    except (ValueError, KeyError, TypeError) as error:
        raise PoisonMessage("decode", f"not a rescore request: {type(error).__name__}") from None
