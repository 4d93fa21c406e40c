"""Answers as a ClickHouse server gives them: headers, compression, errors in mid-stream."""

import secrets
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

import orjson
from starlette.responses import Response, StreamingResponse

from warehouse.gateway.engine import Summary
from warehouse.gateway.errors import GatewayError
from warehouse.gateway.outbox import Outbox

_CONTENT_TYPES = {
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "Native": "application/octet-stream",
    "RowBinary": "application/octet-stream",
}
_GZIP_WINDOW = zlib.MAX_WBITS | 16


def base_headers(query_id: str, fmt: str | None = None) -> dict[str, str]:
    """The headers of every answer to a statement."""
    headers = {
        "X-ClickHouse-Query-Id": query_id,
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Server-Display-Name": "promo",
    }
    return headers | ({"X-ClickHouse-Format": fmt} if fmt else {})


def complete(body: bytes, summary: Summary, query_id: str, fmt: str, gzip: bool) -> Response:
    """The answer to a statement whose result is at hand."""
    headers = base_headers(query_id, fmt)
    headers["X-ClickHouse-Summary"] = _summary_json(summary)
    if gzip and body:
        headers["Content-Encoding"] = "gzip"
        packer = _packer()
        body = packer.compress(body) + packer.flush()
    return Response(body, headers=headers, media_type=_content_type(fmt))


def streamed(
    head: list[bytes],
    outbox: Outbox,
    query_id: str,
    fmt: str,
    gzip: bool,
    gone: Callable[[], Awaitable[None]],
) -> Response:
    """The answer to a statement that is still being computed.

    ``head`` are the chunks already taken; ``gone`` is called if the client goes away.
    """
    headers, tag = base_headers(query_id, fmt), secrets.token_hex(8)
    headers["X-ClickHouse-Exception-Tag"] = tag
    if gzip:
        headers["Content-Encoding"] = "gzip"
    chunks = _chunks(head, outbox, tag, gone)
    return StreamingResponse(
        _gzipped(chunks) if gzip else chunks, headers=headers, media_type=_content_type(fmt)
    )


def failed(error: GatewayError, query_id: str, version: str) -> Response:
    """The answer to a statement that failed before its first byte."""
    headers = {**base_headers(query_id), "X-ClickHouse-Exception-Code": str(error.code)}
    body = f"{error} (version {version})\n"
    return Response(body, error.status, headers=headers, media_type="text/plain; charset=UTF-8")


async def _chunks(
    head: list[bytes], outbox: Outbox, tag: str, gone: Callable[[], Awaitable[None]]
) -> AsyncIterator[bytes]:
    finished = False
    try:
        for chunk in head:
            yield chunk
        while isinstance(message := await outbox.get(), bytes):
            yield message
        finished = True
        if isinstance(message, GatewayError):
            yield _exception_block(message, tag)
    finally:
        if not finished:
            await gone()


def _exception_block(error: GatewayError, tag: str) -> bytes:
    """An error after the first byte, as clients since version 25.11 look for it."""
    text = f"{error}\n"
    return f"\r\n__exception__\r\n{tag}\r\n{text}{len(text)} {tag}\r\n__exception__\r\n".encode()


async def _gzipped(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = _packer()
    async for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def _packer() -> "zlib._Compress":
    # The cheapest level: both ends are on one machine.
    return zlib.compressobj(level=1, wbits=_GZIP_WINDOW)


def _content_type(fmt: str) -> str:
    return _CONTENT_TYPES.get(fmt, "text/plain; charset=UTF-8")


def _summary_json(summary: Summary) -> str:
    """The header's JSON; a server writes its numbers as strings."""
    fields = {name: str(getattr(summary, name)) for name in Summary.__dataclass_fields__}
    return orjson.dumps({**fields, "total_rows_to_read": fields["read_rows"]}).decode()
