"""The one embedded engine of this process, and a connection of it for each request.

Every request gets its own connection (0.2 ms): role, database and settings are state of
the connection and end with it. Calls block without holding the GIL; run them in threads.
"""

import fcntl
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

# chdb changes the working directory while it is imported: nothing here imports it lazily.
from chdb.state.sqlitelike import connect as _connect

from connectors.errors import StackError
from warehouse.gateway.config import OWNER_ROLE, write_config
from warehouse.gateway.errors import (
    BAD_ARGUMENTS,
    SYNTAX_ERROR,
    UNKNOWN_FORMAT,
    GatewayError,
    from_engine,
    refusal,
)
from warehouse.gateway.guard import Function
from warehouse.gateway.statement import Parsed
from warehouse.gateway.syntax import Node

_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PRINTED_AND_TREE = "SELECT formatQuerySingleLine({sql:String}) AS text, parseQueryToJSON(text)"
_PRINTED_AND_TOKENS = """
SELECT
    formatQuerySingleLine({sql:String}) AS text,
    arrayFilter(
        token -> token.2 != 'Whitespace',
        arrayMap(
            token -> (substring(text, token.1 + 1, token.2 - token.1), toString(token.3)),
            tokenizeQuery(text)
        )
    )
"""
_PRINTED_TREE = "SELECT formatQueryFromJSON({sql:String})"
_FUNCTIONS = """
SELECT listed.name, if(alias_to = '', listed.name, alias_to), if(alias_to = '', category, theirs)
FROM (
    SELECT name, alias_to, categories AS category FROM system.functions WHERE NOT is_aggregate
) AS listed
LEFT JOIN (
    SELECT name, any(categories) AS theirs FROM system.functions GROUP BY name
) AS named ON named.name = listed.alias_to
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a request's connection is set up with.

    ``tag`` marks its statements (in front of ``log_comment``), so that they can be cancelled;
    ``query_id`` is the client's own word for it, by which the writer may kill it.
    """

    role: str
    database: str
    settings: Mapping[str, str]
    tag: str
    query_id: str = ""
    readonly: bool = False

    def preamble(self) -> str:
        """The statements that put a fresh connection into this scope; ``readonly`` last."""
        pairs = {**self.settings, "log_comment": f"{self.tag} {self.query_id}"}
        assignments = ", ".join(f"{_setting(k)} = {quoted(v)}" for k, v in pairs.items())
        lines = [f"SET ROLE {self.role}", f"USE {identifier(self.database)}", f"SET {assignments}"]
        return "; ".join([*lines, "SET readonly = 2"] if self.readonly else lines)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a statement did; ``elapsed_ns`` is the engine's own time."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    elapsed_ns: int = 0


class Session:
    """One connection in its scope. Not for use by two threads at once."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def query(self, sql: str, fmt: str, params: Mapping[str, str]) -> tuple[bytes, Summary]:
        """Run a statement; returns its whole result in ``fmt`` (a FORMAT in ``sql`` wins)."""
        with _engine_errors():
            result = self._connection.query(sql, fmt, params=dict(params))
        if not hasattr(result, "bytes"):  # chdb gives objects of Python's for formats of its own
            raise refusal(UNKNOWN_FORMAT, f"Unknown format {fmt}.")
        return result.bytes(), _read_summary(result)

    def stream(
        self, sql: str, fmt: str, params: Mapping[str, str], put: Callable[[bytes], None]
    ) -> Summary:
        """Run a SELECT; hands its result to ``put`` block by block while the engine computes it."""
        rows = read_rows = read_bytes = 0
        started_ns = time.perf_counter_ns()
        with _engine_errors():
            result = self._connection.send_query(sql, fmt, params=dict(params))
            try:
                for chunk in result:
                    put(chunk.bytes())
                    rows += chunk.rows_read()
                    read_rows = max(read_rows, chunk.storage_rows_read())
                    read_bytes = max(read_bytes, chunk.storage_bytes_read())
            finally:
                result.close()
        elapsed_ns = time.perf_counter_ns() - started_ns
        return Summary(read_rows, read_bytes, result_rows=rows, elapsed_ns=elapsed_ns)

    def insert(self, head: str, fmt: str, data: bytes) -> Summary:
        """Insert ``data`` in ``fmt``; ``head`` is the statement without its FORMAT.

        Returns when the part is written; a malformed row refuses the whole batch.
        """
        with _engine_errors():
            inserter = self._connection.send_insert(head, fmt)
            inserter.append(data)
            done = inserter.finish()
        return Summary(
            written_rows=done.rows_written,
            written_bytes=done.bytes_written,
            elapsed_ns=int(done.elapsed * 1e9),
        )


class Engine:
    """The engine on a data folder, held for the life of the process.

    Raises:
        StackError: another process holds the folder, or it cannot be opened.
    """

    def __init__(self, folder: Path, database: str) -> None:
        self._folder = folder.resolve()
        self.database = database
        self._lock = _hold(self._folder)
        config = write_config(self._folder / "gateway", database)
        try:
            self._keeper = _connect(f"{self._folder}?config-file={config}")
            self._keeper.query(f"SET ROLE {OWNER_ROLE}")
            self._keeper.query(f"CREATE DATABASE IF NOT EXISTS {identifier(database)}")
        except Exception as error:
            raise StackError(f"cannot open the warehouse in {self._folder}: {error}") from error

    @contextmanager
    def session(self, scope: Scope) -> Iterator[Session]:
        """A connection in ``scope``, closed at the end."""
        with _engine_errors():
            connection = _connect(str(self._folder))
        try:
            with _engine_errors():
                connection.query(scope.preamble())
            yield Session(connection)
        finally:
            connection.close()

    def parse(self, sql: str) -> Parsed:
        """One statement as the engine's own parser reads it.

        Raises:
            GatewayError: 62, with the parser's complaint; two statements are one too many.
        """
        with self._asking() as ask:
            try:
                text, tree = ask(_PRINTED_AND_TREE, sql)
                return Parsed(text, _loaded(tree))
            except GatewayError as error:
                if error.code != BAD_ARGUMENTS[0] or "parseQueryToJSON" not in error.text:
                    raise
            text, tokens = ask(_PRINTED_AND_TOKENS, sql)
            return Parsed(text, None, tuple((token[0], token[1]) for token in tokens))

    def print(self, tree: Node) -> str:
        """The canonical text of a syntax tree."""
        with self._asking() as ask:
            return str(ask(_PRINTED_TREE, orjson.dumps(tree).decode())[0])

    @contextmanager
    def _asking(self) -> Iterator[Callable[[str, str], Any]]:
        """Asks questions of one row about a text, with no role at all."""
        with _engine_errors():
            connection = _connect(str(self._folder))

        def ask(question: str, text: str) -> Any:
            with _engine_errors():
                result = connection.query(
                    question, "JSONCompactEachRow", params={"sql": escaped(text)}
                )
                return _loaded(result.bytes())

        try:
            yield ask
        finally:
            connection.close()

    def functions(self) -> list[Function]:
        """The engine's ordinary functions."""
        rows = self._keeper.query(_FUNCTIONS, "JSONCompactEachRow").bytes()
        return [Function(*orjson.loads(row)) for row in rows.splitlines()]

    def table_functions(self) -> frozenset[str]:
        """Names of the engine's table functions, in lower case."""
        rows = self._keeper.query("SELECT lower(name) FROM system.table_functions", "TSVRaw")
        return frozenset(rows.bytes().decode().split())

    def version(self) -> str:
        """The engine's version."""
        return str(self._keeper.query("SELECT version()", "TSVRaw").bytes().decode().strip())

    def cancel(self, tag: str) -> None:
        """Stop the statements that run under ``tag``; they fail with QUERY_WAS_CANCELLED."""
        sql = f"KILL QUERY WHERE startsWith(Settings['log_comment'], {quoted(tag)}) ASYNC"
        with self.session(Scope(OWNER_ROLE, "system", {}, f"cancel-{uuid.uuid4()}")) as session:
            session.query(sql, "Null", {})

    def close(self) -> None:
        """Let go of the folder."""
        self._keeper.close()
        self._lock.close()


def quoted(text: str) -> str:
    """``text`` as a string literal of ClickHouse."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def escaped(text: str) -> str:
    """``text`` as the value of a query parameter: escaped as in TabSeparated."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\0", "\\0")


def identifier(name: str) -> str:
    """``name`` as a quoted identifier of ClickHouse."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _loaded(text: bytes | str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # Bytes that are no text, or a tree of more than a thousand levels.
        raise refusal(SYNTAX_ERROR, f"Syntax error: not understood ({error}).") from None


def _setting(name: str) -> str:
    if not _SETTING_NAME.fullmatch(name):
        raise refusal(BAD_ARGUMENTS, f"Bad name of a setting: {name!r}.")
    return name


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise from_engine(error) from None


def _read_summary(result: Any) -> Summary:
    return Summary(
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        result_rows=result.rows_read(),
        elapsed_ns=int(result.elapsed() * 1e9),
    )


def _hold(folder: Path) -> IO[str]:
    """Lock the folder for this process; the lock ends with it, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "gateway.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise StackError(
            f"{folder} is in use by the gateway with pid {holder}: stop that one first"
        ) from None
    with suppress(OSError):
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
    return lock
