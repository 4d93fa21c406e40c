"""What analysts say of accounts and links; the risk follows within seconds."""

import orjson
from starlette.responses import Response

from api.access.keys import Scope
from api.access.scoped import scoped_router
from api.decide import Standing
from api.decide_identifier import SharedIdentifier
from api.deps import AuthorDep, DecisionsDep, IdentifierDecisionsDep
from api.problems import documented
from api.routes.risks import UserId
from api.schemas.decision import LabelDecision, LabelRequest, LinkDecision, LinkRequest
from api.schemas.identifier import IdentifierDecision, IdentifierRequest
from api.schemas.problem import Kind
from connectors.moments import iso

router = scoped_router("decisions", Scope.LABEL)

_ACCEPTED = 202
_REFUSALS = documented(
    Kind.BAD_REQUEST,
    Kind.ACCOUNT_UNKNOWN,
    Kind.CONFLICT,
    Kind.BODY_TOO_LARGE,
    Kind.INVALID,
)


@router.post(
    "/v1/users/{user_id:text}/label",
    status_code=_ACCEPTED,
    response_model=LabelDecision,
    responses=_REFUSALS,
)
async def label_account(
    user_id: UserId, asked: LabelRequest, decisions: DecisionsDep, author: AuthorDep
) -> Response:
    """Say what an account is. It moves the risk of linked accounts, never its own."""
    label = None if asked.label is None else asked.label == "abuser"
    decision = await decisions.label(user_id, label, asked.note, author)
    return _accepted(
        {
            "user_id": user_id,
            "label": asked.label,
            "decided_by": author.caller.name,
            "note": asked.note,
            "decided_at": iso(decision.origin.version),
        }
    )


@router.post(
    "/v1/links/ignore", status_code=_ACCEPTED, response_model=LinkDecision, responses=_REFUSALS
)
async def ignore_link(asked: LinkRequest, decisions: DecisionsDep, author: AuthorDep) -> Response:
    """Declare two accounts falsely linked, or take it back. Repeating it changes nothing."""
    user_id, other, through = asked.user_id, asked.other_user_id, asked.through
    if asked.ignore:
        found = await decisions.ignore(user_id, other, through, asked.note, author)
    else:
        found = await decisions.take_back(user_id, other, through, author)
    ignored = [false_link(one) for one in found]
    return _accepted({"user_id": user_id, "other_user_id": other, "ignored": ignored})


@router.post(
    "/v1/identifiers/ignore",
    status_code=_ACCEPTED,
    response_model=IdentifierDecision,
    responses=_REFUSALS,
)
async def ignore_identifier(
    asked: IdentifierRequest, decisions: IdentifierDecisionsDep, author: AuthorDep
) -> Response:
    """Say that a value which accounts share identifies nobody, or that it does.

    It stands above what is measured. All accounts that have the value are scored again.
    """
    identifies = None if asked.ignore is None else not asked.ignore
    found = await decisions.decide(asked.user_id, asked.kind, identifies, asked.note, author)
    counted = found.words.is_counted
    stands = shared_identifier(found) if found.words.standing is not None else None
    return _accepted(
        {"user_id": asked.user_id, "kind": found.kind, "counted": counted, "stands": stands}
    )


def shared_identifier(one: SharedIdentifier) -> dict[str, object]:
    """What stands of an identifier, as :class:`api.schemas.identifier.SharedIdentifier`."""
    words, standing = one.words, one.words.standing
    assert standing is not None  # only these are shown
    said = "counted" if words.is_counted else "not counted"
    return {
        "kind": one.kind,
        "shared_by": words.accounts,
        "counted": words.is_counted,
        "description": f"shared by {words.accounts} accounts, {said}",
        "authority": standing.authority,
        "decided_by": standing.decided_by,
        "why": standing.why,
        "decided_at": iso(standing.origin.version),
    }


def false_link(one: Standing) -> dict[str, object]:
    """A link that was declared false, as :class:`api.schemas.decision.FalseLink`."""
    return {
        "user_id": one.user_id,
        "other_user_id": one.link.other_user_id,
        "through": one.link.through,
        "decided_by": one.link.decided_by,
        "note": one.link.note,
        "decided_at": iso(one.link.decided_at_us),
    }


def _accepted(document: object) -> Response:
    return Response(orjson.dumps(document), _ACCEPTED, media_type="application/json")
