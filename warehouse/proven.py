"""ClickHouse's clients, made to prove who answers before they say a password.

The driver has no hook for that: its blocking client takes a pool of ours, its other one is given
connections that look first.
"""

import socket
from collections.abc import Mapping
from typing import Any

import aiohttp
from clickhouse_connect.driver import AsyncClient
from clickhouse_connect.driver.asyncclient import AsyncClient as HttpAsyncClient
from clickhouse_connect.driver.httputil import get_pool_manager
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection

from connectors.peers import Owners, check_peer


def proven_pools(owners: Owners) -> PoolManager | None:
    """For ``pool_mgr`` of a blocking client; None, the driver's own, where nothing is to prove."""
    if not owners:
        return None

    class Connection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            made = super()._new_conn()
            try:
                check_peer(made, owners)
            except BaseException:
                made.close()
                raise
            return made

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    pools: PoolManager = get_pool_manager()
    pools.pool_classes_by_scheme = {**pools.pool_classes_by_scheme, "http": Pool}
    return pools


async def proven_async_client(owners: Owners, options: Mapping[str, Any]) -> AsyncClient:
    """As ``clickhouse_connect.get_async_client``.

    Raises:
        DependencyDown: somebody else holds the port.
    """
    client = HttpAsyncClient(interface="http", **options)
    backend = client._backend
    make = backend._new_session

    def new_session() -> aiohttp.ClientSession:
        session = make()
        _look_first(session.connector, owners)
        return session

    backend._new_session = new_session  # type: ignore[method-assign]
    await client._initialize()
    return client


def _look_first(connector: Any, owners: Owners) -> None:
    connect = connector._create_connection

    async def create(*request: Any) -> Any:
        made = await connect(*request)
        try:
            check_peer(made.transport.get_extra_info("socket"), owners)
        except BaseException:
            made.close()
            raise
        return made

    connector._create_connection = create
