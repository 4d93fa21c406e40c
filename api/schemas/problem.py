"""Errors as RFC 9457 wants them, and what ``/readyz`` says."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"


class Kind(StrEnum):
    """Every kind of problem; the last part of its ``type``."""

    BAD_REQUEST = "bad-request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    ACCOUNT_UNKNOWN = "account-unknown"
    CODE_UNKNOWN = "code-unknown"
    RECEIPT_UNKNOWN = "receipt-unknown"
    ROUTE_UNKNOWN = "route-unknown"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    CONFLICT = "conflict"
    BODY_TOO_LARGE = "body-too-large"
    INVALID = "invalid"
    CODE_EMPTY = "code-empty"
    TOO_MANY_REQUESTS = "too-many-requests"
    BUSY = "busy"
    DEPENDENCY_DOWN = "dependency-down"
    DEPENDENCY_REFUSES = "dependency-refuses"
    NOT_READY = "not-ready"
    DEFECT = "defect"


class FieldError(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(extra="forbid")

    pointer: str = Field(description="JSON Pointer into the body, or the parameter's name")
    detail: str


class PartHealth(BaseModel):
    """One dependency as the API sees it."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["up", "down"]
    detail: str = Field("", description="what is wrong, or which model is running")


class Readiness(BaseModel):
    """All dependencies answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "ready": True,
                    "parts": {
                        "redis": {"state": "up", "detail": ""},
                        "kafka": {"state": "up", "detail": ""},
                        "clickhouse": {"state": "up", "detail": ""},
                        "model": {"state": "up", "detail": "20261123T081500-1f3a9c"},
                        "rows": {"state": "up", "detail": ""},
                    },
                }
            ]
        },
    )

    ready: Literal[True] = True
    parts: dict[str, PartHealth]


class Problem(BaseModel):
    """What went wrong and what to do about it (RFC 9457)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:promo-sentinel:problem:dependency-down",
                    "title": "A dependency does not answer",
                    "status": 503,
                    "detail": "Redis does not answer. Try again; to repeat a request is harmless.",
                    "request_id": "5f0c6c2e9a1d4f7f8f57a5d0c1b2e3f4",
                }
            ]
        },
    )

    type: str = Field(description="urn:promo-sentinel:problem:<kind>")
    title: str
    status: int
    detail: str
    request_id: str | None = Field(None, description="also in the header X-Request-ID and the logs")
    errors: list[FieldError] | None = None
    parts: dict[str, PartHealth] | None = None
    results: list[dict[str, Any] | None] | None = Field(
        None, description="of a batch: as of one without errors, null for those that have some"
    )
