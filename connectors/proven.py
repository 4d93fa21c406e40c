"""Hooks by which clients prove who answers, before they say a password: :mod:`connectors.peers`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import redis

from connectors.errors import DependencyDown
from connectors.peers import Owners, check_peer

_CONNECTED = "connection.connect_tcp.complete"
"""What httpcore calls the moment after connecting: https://www.encode.io/httpcore/extensions/."""


def redis_hook(owners: Owners) -> Any:
    """For ``redis_connect_func``: runs between connecting and logging in."""

    def connect(connection: Any) -> None:
        _check_for_redis(connection._sock, owners)
        connection.on_connect()

    return connect


def async_redis_hook(owners: Owners) -> Callable[[Any], Awaitable[None]]:
    """As :func:`redis_hook`, for an event loop."""

    async def connect(connection: Any) -> None:
        _check_for_redis(connection._writer.get_extra_info("socket"), owners)
        await connection.on_connect()

    return connect


def _check_for_redis(connection: Any, owners: Owners) -> None:
    try:
        check_peer(connection, owners)
    except (DependencyDown, OSError) as error:
        raise redis.ConnectionError(str(error)) from error  # which closes the connection


def http_hooks(owners: Owners) -> Mapping[str, list[Callable[..., Any]]]:
    """For ``event_hooks`` of an :class:`httpx.Client`."""

    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event == _CONNECTED:
            stream = info["return_value"]
            try:
                check_peer(stream.get_extra_info("socket"), owners)
            except BaseException:
                stream.close()
                raise

    def prove(request: httpx.Request) -> None:
        request.extensions["trace"] = trace

    return {"request": [prove]}


def async_http_hooks(owners: Owners) -> Mapping[str, list[Callable[..., Any]]]:
    """For ``event_hooks`` of an :class:`httpx.AsyncClient`."""

    async def trace(event: str, info: Mapping[str, Any]) -> None:
        if event == _CONNECTED:
            stream = info["return_value"]
            try:
                check_peer(stream.get_extra_info("socket"), owners)
            except BaseException:
                await stream.aclose()
                raise

    async def prove(request: httpx.Request) -> None:
        request.extensions["trace"] = trace

    return {"request": [prove]}
