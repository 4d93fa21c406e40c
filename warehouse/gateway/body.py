"""A request's body: received and unpacked within bounds, whatever its sender says of it."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType
from typing import Any

import lz4.frame
from starlette.requests import ClientDisconnect, Request

from warehouse.gateway.errors import (
    ABORTED,
    INCORRECT_DATA,
    NOT_IMPLEMENTED,
    TOO_LARGE,
    TOO_MANY,
    GatewayError,
    refusal,
)
from warehouse.gateway.limits import Limits

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from backports import zstd

LARGE_BYTES = 65_536
"""From here on a body needs room that few others may have at the same time."""
MAX_FRAMES = 1_000
_PIECE_BYTES = 16_384

_DECODERS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {
        "gzip": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
        "deflate": lambda: zlib.decompressobj(zlib.MAX_WBITS | 32),
        "lz4": lz4.frame.LZ4FrameDecompressor,
        "zstd": zstd.ZstdDecompressor,
    }
)


@asynccontextmanager
async def received(
    request: Request, limits: Limits, room: asyncio.Semaphore
) -> AsyncIterator[bytes]:
    """The request's body, unpacked; ``room`` is held as long as a large one is needed.

    Raises:
        GatewayError: it is too large, damaged, of an unknown encoding, or ends in the middle.
    """
    encoding = request.headers.get("content-encoding", "").lower()
    if encoding not in ("", "identity", *_DECODERS):
        raise refusal(NOT_IMPLEMENTED, f"Unknown content encoding: {encoding[:100]}.")
    if _stated_bytes(request) > limits.body_bytes:
        raise _too_large(limits.body_bytes)
    is_packed = encoding not in ("", "identity")
    async with AsyncExitStack() as held:
        body, is_large = bytearray(), False
        async for chunk in _stream(request):
            if not is_large and (is_packed or len(body) + len(chunk) > LARGE_BYTES):
                await _enter(held, room, limits)
                is_large = True
            body += chunk
            if len(body) > limits.body_bytes:
                raise _too_large(limits.body_bytes)
        data = bytes(body)
        del body
        if is_packed and data:
            data = await asyncio.to_thread(unpacked, data, encoding, limits.body_bytes)
        yield data


def _stated_bytes(request: Request) -> int:
    stated = request.headers.get("content-length", "0")
    return int(stated) if stated.isdecimal() and len(stated) < 20 else 0


def _too_large(most: int) -> GatewayError:
    return refusal(TOO_LARGE, f"The body is larger than {most} bytes.")


async def _stream(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        raise refusal(ABORTED, "The client went away in the middle of its request.") from None


async def _enter(held: AsyncExitStack, room: asyncio.Semaphore, limits: Limits) -> None:
    try:
        async with asyncio.timeout(limits.wait_s):
            await held.enter_async_context(room)
    except TimeoutError:
        raise refusal(TOO_MANY, "Too many large bodies at once: ask again later.") from None


def unpacked(data: bytes, encoding: str, most: int) -> bytes:
    """Undo a Content-Encoding; CPU-bound.

    Raises:
        GatewayError: the data is damaged, or larger than ``most`` bytes.
    """
    try:
        return _frames(data, _DECODERS[encoding], most)
    except (zlib.error, zstd.ZstdError, RuntimeError, EOFError) as error:
        raise refusal(INCORRECT_DATA, f"The {encoding} body is damaged: {error}.") from None


def _frames(data: bytes, decoder: Callable[[], Any], most: int) -> bytes:
    """All frames of ``data``, one after the other, in pieces."""
    text, frame, frames = bytearray(), None, 0
    for start in range(0, len(data), _PIECE_BYTES):
        piece = data[start : start + _PIECE_BYTES]
        while piece:
            if frame is None:
                frame, frames = decoder(), frames + 1
            text += frame.decompress(piece, most + 1 - len(text))
            if len(text) > most:
                raise _too_large(most)
            if frames > MAX_FRAMES:
                raise EOFError(f"it has more than {MAX_FRAMES} frames")
            piece, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
    if frame is not None:
        raise EOFError("it ends too early")
    return bytes(text)
