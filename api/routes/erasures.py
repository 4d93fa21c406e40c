"""Erasing an account everywhere, and looking up how far that is."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Path
from starlette.responses import Response

from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.deps import AuthorDep, ErasuresDep, NowUs
from api.erase import Leftover, Progress
from api.problems import Refused, Trouble, documented
from api.routes.risks import UserId
from api.schemas.erasure import Erasure, ErasureReceipt
from api.schemas.problem import Kind
from connectors.columns import microseconds
from connectors.moments import iso
from connectors.source.erasing import Receipt

router = scoped_router("erasure", Scope.ADMIN)

ReceiptId = Annotated[
    UUID,
    Path(
        description="as a deletion answered it", examples=["6f1c3ed2-1f0c-4f0a-9a53-8d1b6a7c2e11"]
    ),
]

_ACCEPTED = 202
_NOTHING = "PostgreSQL has no row of this account, and it was never erased through here."
_NO_RECEIPT = "No deletion has answered this receipt."


@router.delete(
    "/v1/users/{user_id:text}",
    status_code=_ACCEPTED,
    response_model=ErasureReceipt,
    responses=documented(Kind.ACCOUNT_UNKNOWN),
)
async def erase_account(user_id: UserId, erasures: ErasuresDep, author: AuthorDep) -> Response:
    """Delete an account's rows in PostgreSQL; the stream removes it everywhere else.

    Repeating it is harmless: the receipt is the same until the account signs up again.
    """
    receipt = await erasures.erase(user_id, author)
    if receipt is None:
        raise Refused(Trouble(Kind.ACCOUNT_UNKNOWN, _NOTHING))
    return Response(orjson.dumps(_receipt(receipt)), _ACCEPTED, media_type="application/json")


@router.get(
    "/v1/erasures/{receipt_id}",
    response_model=Erasure,
    responses=documented(Kind.RECEIPT_UNKNOWN, Kind.INVALID),
)
async def erasure(receipt_id: ReceiptId, erasures: ErasuresDep, now_us: NowUs) -> Response:
    """A receipt, and how far its erasure is; every store is asked anew."""
    progress = await erasures.progress(receipt_id)
    if progress is None:
        raise Refused(Trouble(Kind.RECEIPT_UNKNOWN, _NO_RECEIPT))
    now = datetime.fromtimestamp(now_us / 1e6, UTC)
    document = {**_receipt(progress.receipt), "places": _places(progress, now)}
    return Response(orjson.dumps(document), media_type="application/json")


def _receipt(receipt: Receipt) -> dict[str, object]:
    return {
        "receipt_id": str(receipt.receipt_id),
        "user_id": receipt.user_id,
        "requested_by": receipt.requested_by,
        "requested_at": _moment(receipt.requested_at),
    }


def _places(progress: Progress, now: datetime) -> dict[str, object]:
    topics = [_topic(left) for left in progress.kafka]
    stores = {place: {"state": state} for place, state in progress.stores.items()}
    return {**stores, "kafka": {"state": progress.kafka_state(now), "topics": topics}}


def _topic(left: Leftover) -> dict[str, object]:
    return {
        "topic": left.topic,
        "ends_by": "compaction" if left.compacted else "retention",
        "data_gone_by": _moment(left.data_gone_by),
        "key_gone_by": _moment(left.key_gone_by),
    }


def _moment(moment: datetime) -> str:
    return iso(microseconds(moment))
