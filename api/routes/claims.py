"""At the checkout: may this person redeem this code, and the slot that is kept for it."""

from typing import Annotated

import orjson
from fastapi import Header
from starlette.responses import Response

from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.claim import Asked
from api.deps import CallerDep, ClaimingDep, NowUs
from api.problems import documented
from api.schemas.claim import Claim, ClaimRequest, Release, ReleaseRequest
from api.schemas.problem import Kind

router = scoped_router("redemptions", Scope.CLAIM)

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern="^[!-~]+$",
        description="the claim's own, chosen by the caller: visible ASCII characters. For a day the"
        " same key gets the same answer, so a claim whose answer was lost is safely sent again;"
        " once the claim has ended the answer says so. Take a new key for every try at a checkout",
        examples=["order-5513-attempt-1"],
    ),
]


@router.post(
    "/v1/redemptions/claim",
    response_model=Claim,
    responses=documented(
        Kind.BAD_REQUEST,
        Kind.ACCOUNT_UNKNOWN,
        Kind.CODE_UNKNOWN,
        Kind.CONFLICT,
        Kind.BODY_TOO_LARGE,
        Kind.INVALID,
        Kind.CODE_EMPTY,
    ),
)
async def claim_redemption(
    asked: ClaimRequest,
    key: IdempotencyKey,
    claiming: ClaimingDep,
    caller: CallerDep,
    now_us: NowUs,
) -> Response:
    """Reserve the redemption of a code, if the person behind the account has not had it.

    The person is the cluster of accounts that share a device, phone or mailbox, directly or
    through one account between them, at this moment. Of claims at the same instant exactly as many
    are granted as the code's limit allows. A claim ends by release, or when no redemption has
    followed it in time; a redemption uses up a slot with or without a claim. A code is the same
    one however it is written: in small letters, with blanks, with letters that look alike.
    """
    answer = await claiming.claim(Asked(caller.name, key, asked, now_us))
    return Response(orjson.dumps(answer), media_type="application/json")


@router.post(
    "/v1/redemptions/release",
    response_model=Release,
    responses=documented(Kind.BAD_REQUEST, Kind.BODY_TOO_LARGE, Kind.INVALID),
)
async def release_claim(asked: ReleaseRequest, claiming: ClaimingDep) -> Response:
    """End a claim whose code will not be redeemed. Repeating it is harmless."""
    released = await claiming.release(asked.user_id, asked.claim_id)
    document = {"claim_id": asked.claim_id, "released": released}
    return Response(orjson.dumps(document), media_type="application/json")
