"""Runs judged statements on the engine, in threads, and cancels them."""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from warehouse.gateway import vocabulary
from warehouse.gateway.access import User, Users
from warehouse.gateway.engine import Engine, Scope, Session, Summary
from warehouse.gateway.errors import (
    ABORTED,
    READONLY,
    TIMEOUT_EXCEEDED,
    GatewayError,
    from_engine,
    refusal,
)
from warehouse.gateway.guard import Guard, check_setting
from warehouse.gateway.outbox import Outbox
from warehouse.gateway.params import bound
from warehouse.gateway.places import Place, Places
from warehouse.gateway.request import QueryRequest
from warehouse.gateway.statement import (
    MAX_TEXT_BYTES,
    Insert,
    Statement,
    reading,
    take_apart,
    with_query_id_in,
)
from warehouse.gateway.syntax import Setting

# Formats whose blocks, one after the other, are the whole result.
_STREAMED = frozenset(
    {"Native", "RowBinary", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "JSONEachRow"}
)
# clickhouse-go decodes blocks by the revision that this statement reports; the engine
# writes Native blocks of revision 0 whatever it reports.
_HANDSHAKE = "SELECT displayName(), version(), revision(), timezone()"
_HANDSHAKE_ANSWER = "SELECT displayName(), version(), toUInt32(0) AS `revision()`, timezone()"
# A statement's mark is its tag, a space, and what the client calls it.
_OWN_QUERY_ID = "SELECT substring(Settings['log_comment'], 34)"
_NO_EXPRESSIONS = {
    "input_format_values_interpret_expressions": "0",
    "input_format_values_deduce_templates_of_expressions": "0",
}
_RETRY_CANCEL_S = 0.2
_STOP_S = 2.0
"""A read that has not ended so long after it was stopped, within one large block say, is left."""
_GRACE_S = 2.0
"""The engine looks at its clock between blocks; so much later it is not waited for."""


@dataclass(frozen=True, slots=True)
class Job:
    """A statement under way: where its results come, and its end."""

    outbox: Outbox
    fmt: str
    tag: str
    cancellable: bool
    done: "asyncio.Future[None]"


@dataclass(frozen=True, slots=True)
class _Task:
    """A statement that may run, by whom and with what."""

    user: User
    request: QueryRequest
    what: Statement | Insert
    settings: Mapping[str, str]
    tag: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def statement(self) -> Statement:
        return self.what.statement if isinstance(self.what, Insert) else self.what

    @property
    def is_read(self) -> bool:
        return self.statement.kind in vocabulary.READS


class Runner:
    """Places of their own for writes, and for each user's reads: none keeps another waiting."""

    def __init__(self, engine: Engine, users: Users, guard: Guard) -> None:
        self._engine, self._guard = engine, guard
        self._read = reading(engine.parse)
        self._query_id = _first_column(self._read(_OWN_QUERY_ID))
        self._writes = Places("writes", users.writer.limits)
        self._reads = {
            user.name: Places(f"reads of {user.name}", user.limits) for user in users.everyone
        }
        self._cancellers = ThreadPoolExecutor(1, "cancel")
        self._running: set[Job] = set()
        self._stopping: set[asyncio.Task[None]] = set()
        self.is_closing = self.is_stuck = False

    async def start(self, user: User, request: QueryRequest) -> Job:
        """Judge a statement and start it, as soon as there is a place for it.

        Raises:
            GatewayError: it does not parse, is not allowed, or too many others are under way.
        """
        self._refuse_at_the_end()
        readonly = request.readonly or not user.may_write
        # An INSERT's head is parsed in the place that it will have.
        place = await (self._reads[user.name] if readonly else self._writes).take()
        try:
            task = await place.run(partial(self._judged, user, request, readonly))
            if task.is_read and not readonly:
                place.give_back()
                place = await self._reads[user.name].take()
            return self._start(task, place)
        except BaseException:
            place.give_back()
            raise

    def _refuse_at_the_end(self) -> None:
        if self.is_closing:
            raise refusal(ABORTED, "The gateway stops: ask again.")

    def _start(self, task: _Task, place: Place) -> Job:
        self._refuse_at_the_end()
        loop = asyncio.get_running_loop()
        outbox = Outbox(loop)
        fmt = task.statement.fmt or task.request.default_format
        done = place.run(partial(self._run, task, outbox))
        job = Job(outbox, fmt, task.tag, task.is_read, done)
        self._running.add(job)
        alarm = None
        if not task.user.may_write:
            time_s = float(task.settings["max_execution_time"])
            alarm = loop.call_later(time_s + _GRACE_S, self._expire, job)

        def finish(_: object) -> None:
            place.give_back()
            self._running.discard(job)
            if alarm is not None:
                alarm.cancel()

        done.add_done_callback(finish)
        return job

    def _expire(self, job: Job) -> None:
        job.outbox.end(refusal(TIMEOUT_EXCEEDED, "Timeout exceeded: the statement is stopped."))
        stopping = asyncio.ensure_future(self.cancel(job))
        job.done.add_done_callback(lambda _: stopping)  # who is not referred to may vanish

    def _judged(self, user: User, request: QueryRequest, readonly: bool) -> _Task:
        if not user.may_write and request.database.lower() == "system":
            raise refusal(READONLY, "system: not open to the read-only user.")
        what = take_apart(request.text, self._read)
        statement = what.statement if isinstance(what, Insert) else what
        self._guard.check(statement, user, readonly, request.params)
        return _Task(user, request, what, settings_of(user, request.settings))

    def _run(self, task: _Task, outbox: Outbox) -> None:
        """In a thread: run the statement to its end, whatever that is."""
        try:
            if isinstance(task.what, Insert):
                outbox.end(self._insert(task, task.what))
            else:
                with self._engine.session(_scope(task)) as session:
                    outbox.end(self._query(session, task, outbox.put))
        except GatewayError as error:
            outbox.end(error)
        except Exception as error:  # The edge of the thread: the client is told.
            outbox.end(from_engine(error))

    def _insert(self, task: _Task, insert: Insert) -> Summary:
        if not insert.data:
            return Summary()  # The engine would wait a second for the rows.
        scope, data = _scope(task), insert.data
        if insert.fmt == "Values":
            if not self._are_pure(data):
                scope = replace(scope, settings={**scope.settings, **_NO_EXPRESSIONS})
            data = bound(data, task.request.params)
        head = insert.statement.sql.removesuffix(f" FORMAT {insert.fmt}")
        with self._engine.session(scope) as session:
            return session.insert(head, insert.fmt, data)

    def _are_pure(self, rows: bytes) -> bool:
        """Whether the expressions among VALUES are such as a statement may have."""
        if len(rows) > MAX_TEXT_BYTES // 2:
            return False
        try:
            row = self._read(f"SELECT {rows.decode()}")
        except (GatewayError, UnicodeDecodeError):
            return False
        return not self._guard.reaching(row) and "Subquery" not in row.contents.nodes

    def _query(self, session: Session, task: _Task, put: Callable[[bytes], None]) -> Summary:
        statement, request = task.statement, task.request
        fmt = statement.fmt or request.default_format
        sql = _HANDSHAKE_ANSWER if statement.sql == _HANDSHAKE else statement.sql
        if statement.kind == "KillQueryQuery":
            sql = self._engine.print(with_query_id_in(self._query_id, statement.tree))
        if statement.kind != "SelectWithUnionQuery" or fmt not in _STREAMED:
            result, summary = session.query(sql, fmt, request.params)
            put(result)
            return summary
        return session.stream(sql, fmt, request.params, put)

    async def cancel(self, job: Job) -> None:
        """Stop a job and wait for its end. Statements that write run on to theirs."""
        job.outbox.close()
        loop = asyncio.get_running_loop()
        while job.cancellable and not job.done.done():
            with suppress(GatewayError):
                await loop.run_in_executor(self._cancellers, self._engine.cancel, job.tag)
            await asyncio.wait({job.done}, timeout=_RETRY_CANCEL_S)

    def stop_reads(self) -> None:
        """Begin nothing more, and stop what reads: who waits for an answer is told so at once."""
        self.is_closing = True
        for job in self._running:
            if job.cancellable:
                job.outbox.end(refusal(ABORTED, "The gateway stops: ask again."))
                self._stopping.add(asyncio.ensure_future(self.cancel(job)))

    async def close(self) -> None:
        """Stop what reads, wait for what writes; ``is_stuck`` says whether a read runs on."""
        self.stop_reads()
        if writes := {job.done for job in self._running if not job.cancellable}:
            await asyncio.wait(writes)
        if self._stopping:
            _, left = await asyncio.wait(self._stopping, timeout=_STOP_S)
            self.is_stuck = bool(left)
        if self.is_stuck:
            return
        for places in (self._writes, *self._reads.values()):
            await asyncio.to_thread(places.close)
        await asyncio.to_thread(self._cancellers.shutdown)


def settings_of(user: User, asked: Mapping[str, str]) -> dict[str, str]:
    """The settings of a request's connection: the user's limits, or less if asked for.

    Raises:
        GatewayError: 164, a reader asks for one that it may not have.
    """
    settings = {name: str(most) for name, most in user.limits.settings.items()}
    for name, value in asked.items():
        if name in settings:
            settings[name] = _less(value, settings[name])
        elif user.may_write:
            settings[name] = value
        else:
            check_setting(user, Setting(name, value))
            settings[name] = value
    return settings


def _less(asked: str, most: str) -> str:
    try:
        return asked if 0 < float(asked) < float(most) else most
    except ValueError:
        return most


def _scope(task: _Task) -> Scope:
    request = task.request
    return Scope(
        task.user.role,
        request.database,
        task.settings,
        task.tag,
        request.query_id,
        request.readonly or not task.user.may_write,
    )


def _first_column(statement: Statement) -> Mapping[str, object]:
    selects = statement.tree["list_of_selects"]["children"]
    column: Mapping[str, object] = selects[0]["select"]["children"][0]
    return column
