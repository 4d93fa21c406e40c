"""The one place where an error becomes an HTTP answer; no route does it.

Clients read ``type``; people read ``detail``, which never repeats what was sent.
"""

import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.schemas.problem import MEDIA_TYPE, FieldError, Kind, PartHealth, Problem
from connectors.errors import (
    DependencyDown,
    DependencyRefuses,
    PoisonMessage,
    UnfitChoice,
    UnknownAccount,
)

RETRY_AFTER_S = 1
PROBLEM_SCHEMA = "#/components/schemas/Problem"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem before it is written: everything but the request's id."""

    kind: Kind
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[FieldError] | None = None
    parts: Mapping[str, PartHealth] | None = None
    results: Sequence[Mapping[str, object] | None] | None = None


class Refused(Exception):
    """Raised by a route to answer with a problem that is no error of ours."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.kind)
        self.trouble = trouble


_KINDS: Mapping[Kind, tuple[int, str]] = MappingProxyType(
    {
        Kind.BAD_REQUEST: (400, "The request cannot be read"),
        Kind.UNAUTHORIZED: (401, "A valid API key is required"),
        Kind.FORBIDDEN: (403, "The API key does not allow this"),
        Kind.ACCOUNT_UNKNOWN: (404, "Nothing is known of this account"),
        Kind.CODE_UNKNOWN: (404, "No such promo code is known"),
        Kind.RECEIPT_UNKNOWN: (404, "There is no such receipt"),
        Kind.ROUTE_UNKNOWN: (404, "There is no such resource"),
        Kind.METHOD_NOT_ALLOWED: (405, "The resource does not offer this method"),
        Kind.CONFLICT: (409, "What stands does not allow this"),
        Kind.BODY_TOO_LARGE: (413, "The body is too large"),
        Kind.INVALID: (422, "The request does not fit its schema"),
        Kind.CODE_EMPTY: (422, "The promo code is empty"),
        Kind.TOO_MANY_REQUESTS: (429, "Too many requests"),
        Kind.BUSY: (503, "All places are taken"),
        Kind.DEPENDENCY_DOWN: (503, "A dependency does not answer"),
        Kind.DEPENDENCY_REFUSES: (503, "A dependency refuses"),
        Kind.NOT_READY: (503, "Not ready"),
        Kind.DEFECT: (500, "A defect on our side"),
    }
)
_OF_STATUS = {
    401: Kind.UNAUTHORIZED,
    404: Kind.ROUTE_UNKNOWN,
    405: Kind.METHOD_NOT_ALLOWED,
    413: Kind.BODY_TOO_LARGE,
    422: Kind.INVALID,
}
_DETAILS = {
    Kind.BAD_REQUEST: "The request or its body cannot be read.",
    Kind.ROUTE_UNKNOWN: "See /docs for what there is.",
    Kind.METHOD_NOT_ALLOWED: "The header Allow lists what it offers.",
}
_UNKNOWN_ACCOUNT = (
    "This account has no risk: it has not registered, it was erased, or its registration is"
    " still on its way through the stream (usually less than a tenth of a second)."
)


def trouble_of(error: Exception) -> Trouble:
    """What to tell the caller about an error. Pure."""
    match error:
        case Refused():
            return error.trouble
        case UnknownAccount():
            return Trouble(Kind.ACCOUNT_UNKNOWN, _UNKNOWN_ACCOUNT)
        case DependencyDown():
            return _unavailable(error)
        case PoisonMessage():
            return Trouble(Kind.INVALID, f"{error.reason}.")
        case RequestValidationError() | HTTPException() | UnfitChoice():
            return _unfit(error)
        case _:
            return Trouble(Kind.DEFECT, "It is in the log under the request's id.")


def _unavailable(error: DependencyDown) -> Trouble:
    if isinstance(error, DependencyRefuses):
        kind, said = (
            Kind.DEPENDENCY_REFUSES,
            f"{error.cause}; the operator's remedy: {error.remedy}",
        )
    else:
        kind, said = Kind.DEPENDENCY_DOWN, f"{str(error).partition(':')[0]} does not answer"
    detail = f"{said}. Try again; to repeat a request is harmless."
    return Trouble(kind, detail, {"Retry-After": str(RETRY_AFTER_S)})


def problem_response(trouble: Trouble, request_id: str | None) -> Response:
    """The answer, ``application/problem+json``."""
    status, title = _KINDS[trouble.kind]
    problem = Problem(
        type=f"urn:promo-sentinel:problem:{trouble.kind}",
        title=title,
        status=status,
        detail=trouble.detail,
        request_id=request_id,
        errors=None if trouble.errors is None else list(trouble.errors),
        parts=None if trouble.parts is None else dict(trouble.parts),
    )
    document = problem.model_dump(exclude_none=True)
    if trouble.results is not None:
        document["results"] = trouble.results
    return Response(orjson.dumps(document), status, dict(trouble.headers), MEDIA_TYPE)


def documented(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of a route that may answer with these problems."""
    content = {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_SCHEMA}}}
    titles: dict[int | str, list[str]] = {}
    for kind in kinds:
        status, title = _KINDS[kind]
        titles.setdefault(status, []).append(title)
    return {
        status: {"description": "; or: ".join(several), "content": content}
        for status, several in titles.items()
    }


def install(app: FastAPI) -> None:
    """Answer every error of an application with a problem."""
    for error in (Refused, UnknownAccount, DependencyDown, PoisonMessage, UnfitChoice,
                  RequestValidationError, HTTPException):  # fmt: skip
        app.add_exception_handler(error, _answer)


def log_defect(error: Exception, request_id: str) -> None:
    """Log where an unexpected error arose; its text stays out: it may quote what was sent."""
    where = traceback.format_tb(error.__traceback__)
    _log.error(
        "a defect", extra={"request_id": request_id, "kind": type(error).__name__, "where": where}
    )


async def _answer(request: Request, error: Exception) -> Response:
    request_id: str | None = getattr(request.state, "request_id", None)
    trouble = trouble_of(error)
    request.scope["problem"] = trouble.kind
    if isinstance(error, DependencyDown):
        _log.warning("a dependency is down", extra={"request_id": request_id, "why": str(error)})
    return problem_response(trouble, request_id)


def _unfit(error: RequestValidationError | HTTPException | UnfitChoice) -> Trouble:
    if isinstance(error, UnfitChoice):
        return Trouble(Kind.BAD_REQUEST, f"{error}.")
    if isinstance(error, HTTPException):
        kind = _OF_STATUS.get(error.status_code, Kind.BAD_REQUEST)
        return Trouble(kind, _DETAILS.get(kind, str(error.detail)), error.headers or {})
    # Whatever may be left out could also have been null, which nobody can send in an address.
    found = [field_error(wrong) for wrong in error.errors() if wrong["type"] != "none_required"]
    many = "One thing is" if len(found) == 1 else f"{len(found)} things are"
    return Trouble(Kind.INVALID, f"{many} wrong; see `errors`.", errors=found)


def field_error(wrong: Mapping[str, Any]) -> FieldError:
    """What pydantic says of one thing, without the value."""
    if wrong["type"] == "json_invalid":
        _, position = wrong["loc"]
        return FieldError(pointer="#", detail=f"not JSON at character {position}")
    if wrong["type"] == "model_attributes_type":
        # A whole body comes as bytes where its header does not say what it is.
        hint = ", and a header `Content-Type: application/json`" if len(wrong["loc"]) == 1 else ""
        return FieldError(pointer=_pointer(wrong["loc"]), detail=f"a JSON object is needed{hint}")
    return FieldError(pointer=_pointer(wrong["loc"]), detail=wrong["msg"])


def _pointer(location: Sequence[str | int]) -> str:
    """``("body", "a", 0)`` as ``#/a/0`` (RFC 6901); a parameter by its name."""
    where, *steps = location
    if where != "body":
        name, *within = steps
        return "/".join([str(name), *(str(step) for step in within if isinstance(step, int))])
    names = [str(step) for step in steps]
    return "#" + "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
