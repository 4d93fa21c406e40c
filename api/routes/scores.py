"""Judging a registration before it is one."""

import orjson
from starlette.responses import Response

from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.assess import assess
from api.deps import NowUs, ServicesDep
from api.problems import documented
from api.schemas.problem import Kind
from api.schemas.registration import ScoreRequest
from api.schemas.risk import Assessment
from stream_processors.scoring.documents import value_document, verdict_document

router = scoped_router("risk", Scope.SCORE)


@router.post(
    "/v1/score",
    response_model=Assessment,
    responses=documented(
        Kind.BAD_REQUEST,
        Kind.BODY_TOO_LARGE,
        Kind.INVALID,
    ),
)
async def score_registration(asked: ScoreRequest, services: ServicesDep, now_us: NowUs) -> Response:
    """The risk that a registration, perhaps with its first redemption, would have now.

    Nothing is stored. It is the score that the stream publishes when the same rows arrive, as
    long as nothing around them changes in between.
    """
    risk = await assess(asked, services.store, services.hashed, services.judge.current())
    verdict = verdict_document(risk, scored_at_us=now_us) | value_document(risk)
    return Response(orjson.dumps(verdict), media_type="application/json")
