"""Judging registrations before they are some."""

from typing import assert_never

import orjson
from starlette.responses import Response

from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.deps import AssessorDep, NowUs
from api.problems import Refused, Trouble, documented, field_error
from api.schemas.problem import FieldError, Kind
from api.schemas.registration import BatchRequest, ScoreRequest, Unreadable
from api.schemas.risk import Assessment, Assessments
from connectors.errors import PoisonMessage
from ml.scorer import Risk
from stream_processors.scoring.documents import value_document, verdict_document

router = scoped_router("risk", Scope.SCORE)

_BROKEN = "The registration breaks the contract of `users`; see `errors`."
_SOME_BROKEN = "Some cannot be read; see `errors`. `results` has the others."
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
    (found,) = await assessor.assess([asked])
    if isinstance(found, PoisonMessage):
        errors = [FieldError(pointer="#/registration", detail=found.reason)]
        raise Refused(Trouble(Kind.INVALID, _BROKEN, errors=errors))
    return _json(_assessment(found, now_us))


@router.post("/v1/score/batch", response_model=Assessments, responses=_REFUSALS)
async def score_registrations(
    asked: BatchRequest, assessor: AssessorDep, now_us: NowUs
) -> Response:
    """As `/v1/score` for up to 1,000 registrations at once, answered in order.

    Each is judged as if it alone were added: they do not see one another, so ten registrations
    on one device that nobody had before are ten first ones. All are judged by the same model.
    If some cannot be read, the answer is a 422 whose `errors` point at them, and whose `results`
    have the others. A batch counts as one request of the key's limit.
    """
    risks = iter(await assessor.assess([e for e in asked.entries if isinstance(e, ScoreRequest)]))
    found = [next(risks) if isinstance(e, ScoreRequest) else e for e in asked.entries]
    results = [_assessment(one, now_us) if isinstance(one, Risk) else None for one in found]
    errors = [error for index, one in enumerate(found) for error in _errors(index, one)]
    if errors:
        raise Refused(Trouble(Kind.INVALID, _SOME_BROKEN, errors=errors, results=results))
    return _json({"results": results})


def _errors(index: int, found: Risk | Unreadable | PoisonMessage) -> list[FieldError]:
    match found:
        case Unreadable():
            where = ("body", "requests", index)
            return [field_error({**e, "loc": (*where, *e["loc"])}) for e in found.errors]
        case PoisonMessage():
            return [FieldError(pointer=f"#/requests/{index}/registration", detail=found.reason)]
        case Risk():
            return []
        case _:
            assert_never(found)


def _assessment(risk: Risk, now_us: int) -> dict[str, object]:
    return verdict_document(risk, scored_at_us=now_us) | value_document(risk)


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
