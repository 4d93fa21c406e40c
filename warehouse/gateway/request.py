"""An HTTP request of ClickHouse's interface, taken apart."""

import base64
import binascii
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from starlette.requests import Request

from warehouse.gateway.errors import (
    AUTHENTICATION_FAILED,
    BAD_ARGUMENTS,
    NOT_IMPLEMENTED,
    refusal,
)
from warehouse.gateway.form import fields_of

_QUERY_ID = re.compile(r"[ -~]{1,200}")
_FORMAT = re.compile(r"\w{1,100}", re.ASCII)

# Parameters that are neither settings of a query nor anything that this gateway has.
_IGNORED = frozenset(
    {"session_id", "session_timeout", "session_check", "close_session", "quota_key", "stacktrace"}
    | {"client_protocol_version", "buffer_size", "wait_end_of_query", "async_insert", "log_comment"}
    | {"wait_for_async_insert", "send_progress_in_http_headers", "decompress", "compress"}
    | {"http_headers_progress_interval_ms", "http_zlib_compression_level", "log_queries"}
    | {"http_write_exception_in_output_format", "http_response_buffer_size", "readonly"}
)
_OWN = frozenset(
    {"query", "database", "user", "password", "default_format", "query_id", "role"}
    | {"enable_http_compression"}
)


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """What a client asks for.

    Attributes:
        text: the statement and, after an INSERT's head, its rows.
        settings: everything in the address that is not a parameter of the interface.
        params: values of ``{name:Type}``, escaped as in TabSeparated, as the engine wants them.
        readonly: a GET or HEAD, which may not change anything.
        gzip: the client asked for a compressed answer.
    """

    query_id: str
    database: str
    default_format: str
    text: bytes
    settings: Mapping[str, str]
    params: Mapping[str, str]
    readonly: bool
    gzip: bool


def credentials(request: Request, values: Mapping[str, str]) -> tuple[str, str]:
    """Name and password, from one of the three places where they may stand.

    Raises:
        GatewayError: 516, if they stand in two places or make no sense.
    """
    headers = request.headers
    found: list[tuple[str, str]] = []
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        user = headers.get("x-clickhouse-user", "default")
        found.append((user, headers.get("x-clickhouse-key", "")))
    if "authorization" in headers:
        found.append(_basic(headers["authorization"]))
    if "user" in values or "password" in values:
        found.append((values.get("user", "default"), values.get("password", "")))
    if len(found) > 1:
        raise refusal(AUTHENTICATION_FAILED, "Invalid authentication: two methods at once.")
    return found[0] if found else ("default", "")


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise refusal(AUTHENTICATION_FAILED, "Invalid authentication: Basic is understood.")
    return name, password


def parse(request: Request, data: bytes, default_database: str) -> QueryRequest:
    """Take a request apart; ``data`` is its body, unpacked.

    Raises:
        GatewayError: a parameter or the form is not understood.
    """
    values, headers = dict(request.query_params), request.headers
    _refuse_what_is_missing(values)
    if headers.get("content-type", "").startswith("multipart/form-data"):
        values, data = {**values, **fields_of(headers["content-type"], data)}, b""
    head = values.get("query", "").strip().encode()
    accepts_gzip = "gzip" in headers.get("accept-encoding", "")

    def named(parameter: str, header: str, default: str) -> str:
        return values.get(parameter) or headers.get(header) or default

    return QueryRequest(
        query_id=query_id_of(request),
        database=named("database", "x-clickhouse-database", default_database),
        default_format=_checked(
            named("default_format", "x-clickhouse-format", "TabSeparated"),
            _FORMAT,
            "default_format",
        ),
        text=b"\n".join(part for part in (head, data) if part),
        settings=_settings(values),
        params=MappingProxyType(
            {k.removeprefix("param_"): v for k, v in values.items() if k.startswith("param_")}
        ),
        readonly=request.method != "POST" or _is_on(values, "readonly"),
        gzip=accepts_gzip and _is_on(values, "enable_http_compression"),
    )


def _is_on(values: Mapping[str, str], name: str) -> bool:
    return values.get(name, "0") not in ("0", "", "false")


def query_id_of(request: Request) -> str:
    """What the client calls its statement; a new name if it says nothing.

    Raises:
        GatewayError: 36, it could not stand in a header.
    """
    stated = request.query_params.get("query_id") or request.headers.get("x-clickhouse-query-id")
    return _checked(stated, _QUERY_ID, "query_id") if stated else str(uuid.uuid4())


def _checked(value: str, shape: re.Pattern[str], name: str) -> str:
    if not shape.fullmatch(value):
        raise refusal(BAD_ARGUMENTS, f"Bad value of {name}: {value[:100]!r}.")
    return value


def _refuse_what_is_missing(values: Mapping[str, str]) -> None:
    if _is_on(values, "compress") or _is_on(values, "decompress"):
        raise refusal(NOT_IMPLEMENTED, "compress/decompress: use HTTP's Content-Encoding.")
    if "role" in values:
        raise refusal(BAD_ARGUMENTS, "role: users of this gateway have one role each.")


def _settings(values: Mapping[str, str]) -> Mapping[str, str]:
    """Settings of the query; unknown ones are the engine's to refuse."""
    return MappingProxyType(
        {
            key: value
            for key, value in values.items()
            if key not in _OWN and key not in _IGNORED and not key.startswith("param_")
        }
    )
