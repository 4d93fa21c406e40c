"""What is believed of accounts that have registered."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.deps import StoreDep
from api.problems import documented
from api.schemas.problem import Kind
from api.schemas.risk import Risk
from connectors.columns import LONGEST_IDENTIFIER
from connectors.errors import UnknownAccount

router = scoped_router("risk", Scope.READ)

UserId = Annotated[
    str,
    Path(
        max_length=LONGEST_IDENTIFIER,
        description="as in `users`, percent-encoded; a slash may stand as it is; of `.` and `..`"
        " the dots must be encoded (%2E), or clients take them for steps of the path",
        examples=["u-20481"],
    ),
]


@router.get(
    "/v1/users/{user_id:text}/risk",
    response_model=Risk,
    responses=documented(Kind.ACCOUNT_UNKNOWN),
)
async def latest_risk(user_id: UserId, store: StoreDep) -> Response:
    """The latest risk of an account, byte for byte as it was published."""
    document = await store.latest_risk(user_id)
    if document is None:
        raise UnknownAccount
    return Response(document, media_type="application/json")
