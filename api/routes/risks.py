"""What is believed of accounts that have registered."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.deps import KEY_IS_DOCUMENTED, StoreDep
from api.problems import documented
from api.schemas.problem import Kind
from api.schemas.risk import Risk
from connectors.errors import UnknownAccount

router = APIRouter(tags=["risk"], dependencies=[KEY_IS_DOCUMENTED])

UserId = Annotated[str, Path(description="as in `users`; a slash may stand as it is or as %2F")]


@router.get(
    "/v1/users/{user_id:path}/risk",
    response_model=Risk,
    responses=documented(Kind.UNAUTHORIZED, Kind.ACCOUNT_UNKNOWN, Kind.DEPENDENCY_DOWN),
)
async def latest_risk(user_id: UserId, store: StoreDep) -> Response:
    """The latest risk of an account, byte for byte as it was published."""
    document = await store.latest_risk(user_id)
    if document is None:
        raise UnknownAccount
    return Response(document, media_type="application/json")
