"""An HTTP request of ClickHouse's interface, taken apart."""

import base64
import binascii
import email
import email.policy
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import lz4.frame
from starlette.requests import ClientDisconnect, Request

from warehouse.gateway.errors import (
    ABORTED,
    AUTHENTICATION_FAILED,
    BAD_ARGUMENTS,
    INCORRECT_DATA,
    NOT_IMPLEMENTED,
    TOO_LARGE,
    refusal,
)

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from backports import zstd

MAX_BODY_BYTES = 256 * 1024 * 1024

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


async def body_of(request: Request) -> bytes:
    """The request's whole body as it came.

    Raises:
        GatewayError: it is larger than :data:`MAX_BODY_BYTES`, or ends in the middle.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise refusal(TOO_LARGE, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    except ClientDisconnect:
        raise refusal(ABORTED, "The client went away in the middle of its request.") from None
    return bytes(body)


def parse(request: Request, body: bytes, default_database: str) -> QueryRequest:
    """Take a request apart; ``body`` as it came. CPU-bound for a compressed body.

    Raises:
        GatewayError: a parameter or the body's encoding is not understood.
    """
    values, headers = dict(request.query_params), request.headers
    _refuse_what_is_missing(values)
    data = decoded(body, headers.get("content-encoding", ""))
    if headers.get("content-type", "").startswith("multipart/form-data"):
        values, data = {**values, **_form(headers["content-type"], data)}, b""
    head = values.get("query", "").strip().encode()
    accepts_gzip = "gzip" in headers.get("accept-encoding", "")

    def named(parameter: str, header: str, default: str) -> str:
        return values.get(parameter) or headers.get(header) or default

    return QueryRequest(
        query_id=named("query_id", "x-clickhouse-query-id", str(uuid.uuid4())),
        database=named("database", "x-clickhouse-database", default_database),
        default_format=named("default_format", "x-clickhouse-format", "TabSeparated"),
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


def _form(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form, in which clients send what is too long for an address.

    Raises:
        GatewayError: it is no form, or has a field that is neither the query nor a parameter.
    """
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    form = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    fields: dict[str, str] = {}
    for part in form.iter_parts() if form.is_multipart() else ():
        name = str(part.get_param("name", "", "content-disposition"))
        if part.get_filename() or not (name == "query" or name.startswith("param_")):
            raise refusal(NOT_IMPLEMENTED, "A form may have the query and its parameters alone.")
        fields[name] = _text(part.get_payload(decode=True))
    if "query" not in fields:
        raise refusal(INCORRECT_DATA, "The form has no query.")
    return fields


def _text(payload: object) -> str:
    try:
        return payload.decode() if isinstance(payload, bytes) else ""
    except UnicodeDecodeError:
        raise refusal(INCORRECT_DATA, "A field of the form is not UTF-8.") from None


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


_DECODERS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {
        "gzip": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
        "deflate": lambda: zlib.decompressobj(zlib.MAX_WBITS | 32),
        "lz4": lz4.frame.LZ4FrameDecompressor,
        "zstd": zstd.ZstdDecompressor,
    }
)


def decoded(data: bytes, encoding: str) -> bytes:
    """Undo a Content-Encoding.

    Raises:
        GatewayError: the encoding is unknown, the data damaged or too large.
    """
    if not data or encoding.lower() in ("", "identity"):
        return data
    if encoding.lower() not in _DECODERS:
        raise refusal(NOT_IMPLEMENTED, f"Unknown content encoding: {encoding}.")
    try:
        return _unpacked(data, _DECODERS[encoding.lower()])
    except (zlib.error, zstd.ZstdError, RuntimeError, EOFError) as error:
        raise refusal(INCORRECT_DATA, f"The {encoding} body is damaged: {error}.") from None


def _unpacked(data: bytes, decoder: Callable[[], Any]) -> bytes:
    """All frames of ``data``, one after the other."""
    text = bytearray()
    while data:
        frame = decoder()
        text += frame.decompress(data, MAX_BODY_BYTES + 1 - len(text))
        if len(text) > MAX_BODY_BYTES:
            raise refusal(TOO_LARGE, f"The body is larger than {MAX_BODY_BYTES} bytes.")
        if not frame.eof:
            raise EOFError("it ends too early")
        data = frame.unused_data
    return bytes(text)
