"""Runs judged statements on the engine, in threads, and cancels them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from warehouse.gateway.access import Guard, User
from warehouse.gateway.config import READER_ROLE
from warehouse.gateway.engine import Engine, Scope, Session, Summary
from warehouse.gateway.errors import READONLY, GatewayError, from_engine, refusal
from warehouse.gateway.outbox import Outbox
from warehouse.gateway.params import bound
from warehouse.gateway.request import QueryRequest
from warehouse.gateway.statement import Insert, Parse, Statement, as_syntax_error, read, remembering

# Formats whose blocks, one after the other, are the whole result.
_STREAMED = frozenset(
    {"Native", "RowBinary", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "JSONEachRow"}
)
_SELECTS = frozenset({"SELECT", "WITH"})
_CANCELLABLE = _SELECTS | {"SHOW", "DESCRIBE", "EXPLAIN", "EXISTS"}
# clickhouse-go decodes blocks by the revision that this statement reports; the engine
# writes Native blocks of revision 0 whatever it reports.
_HANDSHAKE = "SELECT displayName(), version(), revision(), timezone()"
_HANDSHAKE_ANSWER = "SELECT displayName(), version(), toUInt32(0) AS `revision()`, timezone()"
_RETRY_CANCEL_S = 0.2


@dataclass(frozen=True, slots=True)
class Job:
    """A statement under way: where its results come, and its end."""

    outbox: Outbox
    fmt: str
    tag: str
    cancellable: bool
    done: "asyncio.Future[None]"


class Runner:
    """Two pools of threads, so that slow readers never keep an insert waiting."""

    def __init__(self, engine: Engine, readers: int = 8, writers: int = 4) -> None:
        self._engine = engine
        self._guard = Guard(engine.table_functions())
        self._parse: Parse = remembering(engine.parse)
        self._readers = ThreadPoolExecutor(readers, "read")
        self._writers = ThreadPoolExecutor(writers, "write")
        self._cancellers = ThreadPoolExecutor(1, "cancel")
        self._running: set[Job] = set()

    async def start(self, user: User, request: QueryRequest) -> Job:
        """Judge a statement and start it.

        Raises:
            GatewayError: it does not parse, or is not allowed.
        """
        loop = asyncio.get_running_loop()
        readonly = request.readonly or user.role == READER_ROLE
        # An INSERT's head is parsed in the pool that will run it.
        pool = self._readers if readonly else self._writers
        task = await loop.run_in_executor(pool, self._judged, user, request, readonly)
        statement = task.statement if isinstance(task, Insert) else task
        scope = Scope(user.role, request.database, request.settings, request.query_id, readonly)
        outbox = Outbox(loop)
        pool = self._readers if statement.kind in _CANCELLABLE else self._writers
        job = Job(
            outbox,
            statement.fmt or request.default_format,
            request.query_id,
            statement.kind in _CANCELLABLE,
            loop.run_in_executor(pool, self._run, task, request, scope, outbox),
        )
        self._running.add(job)
        job.done.add_done_callback(lambda _: self._running.discard(job))
        return job

    def _judged(self, user: User, request: QueryRequest, readonly: bool) -> Statement | Insert:
        if user.role == READER_ROLE and request.database.lower() == "system":
            raise refusal(READONLY, "system: not open to the read-only user.")
        try:
            task = read(request.text, self._parse)
        except GatewayError as error:
            raise as_syntax_error(error) from None
        self._guard.check(task, user.role, readonly, request.params)
        return task

    def _run(
        self, task: Statement | Insert, request: QueryRequest, scope: Scope, outbox: Outbox
    ) -> None:
        """In a thread: run the statement to its end, whatever that is."""
        try:
            if isinstance(task, Insert):
                outbox.end(self._insert(task, request, scope))
            else:
                with self._engine.session(scope) as session:
                    outbox.end(_query(session, task, request, outbox.put))
        except GatewayError as error:
            outbox.end(error)
        except Exception as error:  # The edge of the thread: the client is told.
            outbox.end(from_engine(error))

    def _insert(self, task: Insert, request: QueryRequest, scope: Scope) -> Summary:
        if not task.data:
            return Summary()  # The engine would wait a second for the rows.
        if not self._guard.expressions_are_pure(task):
            extra = {"input_format_values_interpret_expressions": "0"}
            scope = replace(scope, settings={**scope.settings, **extra})
        data = bound(task.data, request.params) if task.fmt == "Values" else task.data
        with self._engine.session(scope) as session:
            return session.insert(task.head, task.fmt, data)

    async def cancel(self, job: Job) -> None:
        """Stop a job and wait for its end. Statements that write run on to theirs."""
        job.outbox.close()
        loop = asyncio.get_running_loop()
        while job.cancellable and not job.done.done():
            with suppress(GatewayError):
                await loop.run_in_executor(self._cancellers, self._engine.cancel, job.tag)
            await asyncio.wait({job.done}, timeout=_RETRY_CANCEL_S)

    async def close(self) -> None:
        """Stop what reads, wait for what writes."""
        await asyncio.gather(*(self.cancel(job) for job in list(self._running)))
        for pool in (self._readers, self._writers, self._cancellers):
            await asyncio.to_thread(pool.shutdown)


def _query(
    session: Session, task: Statement, request: QueryRequest, put: Callable[[bytes], None]
) -> Summary:
    fmt = task.fmt or request.default_format
    sql = _HANDSHAKE_ANSWER if task.bare == _HANDSHAKE else task.sql
    if task.kind == "KILL":
        sql = sql.replace("query_id", "Settings['log_comment']")
    if task.kind not in _SELECTS or fmt not in _STREAMED:
        result, summary = session.query(sql, fmt, request.params)
        put(result)
        return summary
    return session.stream(sql, fmt, request.params, put)
