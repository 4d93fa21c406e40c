"""Judging registrations before they are some."""

import orjson
from starlette.responses import Response

from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.deps import AssessorDep, NowUs
from api.problems import documented
from api.schemas.problem import Kind
from api.schemas.registration import BatchRequest, ScoreRequest
from api.schemas.risk import Assessment, Assessments
from ml.scorer import Risk
from stream_processors.scoring.documents import value_document, verdict_document

router = scoped_router("risk", Scope.SCORE)

_REFUSALS = documented(
    Kind.BAD_REQUEST,
    Kind.BODY_TOO_LARGE,
    Kind.INVALID,
)


@router.post("/v1/score", response_model=Assessment, responses=_REFUSALS)
async def score_registration(asked: ScoreRequest, assessor: AssessorDep, now_us: NowUs) -> Response:
    """The risk that a registration, perhaps with its first redemption, would have now.

    Nothing is stored. It is the score that the stream publishes when the same rows arrive, as
    long as nothing around them changes in between.
    """
    (risk,) = await assessor.assess([asked])
    return _json(_assessment(risk, now_us))


@router.post("/v1/score/batch", response_model=Assessments, responses=_REFUSALS)
async def score_registrations(
    asked: BatchRequest, assessor: AssessorDep, now_us: NowUs
) -> Response:
    """As `/v1/score` for up to 1,000 registrations at once, answered in order.

    Each is judged as if it alone were added: they do not see one another, so ten registrations
    on one device that nobody had before are ten first ones. All are judged by the same model.
    If one cannot be read, none is judged, and `errors` points at each such one. A batch counts
    as one request of the key's limit.
    """
    pointers = [f"#/requests/{index}" for index in range(len(asked.requests))]
    risks = await assessor.assess(asked.requests, pointers)
    return _json({"results": [_assessment(risk, now_us) for risk in risks]})


def _assessment(risk: Risk, now_us: int) -> dict[str, object]:
    return verdict_document(risk, scored_at_us=now_us) | value_document(risk)


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
