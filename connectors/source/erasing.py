"""Erasing accounts as the role that can do nothing else, and looking receipts up."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row

from connectors.refusals import postgres_down
from connectors.settings import Settings, required
from connectors.source.session import PROOF

_ERASE = "SELECT * FROM erase_account(%s, %s, %s)"
_LOOK_UP = "SELECT * FROM erasure_receipt(%s)"
_CONNECT_TIMEOUT_S = 2
_OPTIONS = "-c statement_timeout=5s -c lock_timeout=3s -c idle_in_transaction_session_timeout=10s"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What PostgreSQL remembers of an erasure.

    Attributes:
        receipt_id: by which it is looked up.
        user_id: the account.
        requested_by: the API's client.
        requested_at: when.
        version: position in the write-ahead log before the deletion; its event has a later one.
        registered: whether there was a row in ``users``; a redemption may come without one.
    """

    receipt_id: UUID
    user_id: str
    requested_by: str
    requested_at: datetime
    version: int
    registered: bool


class Eraser:
    """Sessions of the eraser's role, one for each call.

    All methods raise :class:`DependencyDown` while PostgreSQL is away, or keeps the account's
    rows locked for longer than three seconds.
    """

    def __init__(self, settings: Settings) -> None:
        """Connects with each call.

        Raises:
            SettingsError: the role's password is not set.
        """
        self._connection: dict[str, Any] = {
            "host": settings.postgres_host,
            "port": settings.postgres_port,
            "dbname": settings.postgres_database,
            "user": settings.postgres_eraser_user,
            "password": required(settings.postgres_eraser_password, "postgres_eraser_password"),
            "require_auth": PROOF,
            "application_name": "promo-api",
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "options": _OPTIONS,
        }

    async def erase(
        self, user_id: str, requested_by: str, record: Callable[[Receipt], Awaitable[None]]
    ) -> Receipt | None:
        """Delete an account's rows and write a receipt, in one transaction.

        Repeating it is harmless: of an account without rows the newest receipt comes again.

        Args:
            user_id: the account.
            requested_by: who asks.
            record: called with the receipt before the deletion is committed; where it raises,
                nothing is deleted.

        Returns:
            The receipt; None where there is neither a row nor a receipt.
        """
        async with self._session() as session:
            receipt = await _one(session, _ERASE, user_id, requested_by, uuid4())
            if receipt is not None:
                await record(receipt)
            return receipt

    async def receipt(self, receipt_id: UUID) -> Receipt | None:
        """A receipt, None where there is none with that id."""
        async with self._session() as session:
            return await _one(session, _LOOK_UP, receipt_id)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection whose transaction is committed at the end."""
        try:
            async with await psycopg.AsyncConnection.connect(**self._connection) as session:
                yield session
        except psycopg.OperationalError as error:
            raise postgres_down(error) from error


async def _one(
    session: psycopg.AsyncConnection[Any], question: str, *values: object
) -> Receipt | None:
    cursor = session.cursor(row_factory=class_row(Receipt))
    await cursor.execute(question.encode(), values)
    return await cursor.fetchone()
