"""Does the source stay as the pipeline needs it? It is looked at, and what is safe is mended."""

import logging
import time
from collections.abc import Callable, Sequence

import psycopg

from connectors.debezium.slot import SLOT
from connectors.errors import DependencyDown
from connectors.pipeline_health import Problem
from connectors.settings import Settings
from connectors.source.contract import HEARTBEATS, TABLES
from connectors.source.gaps import (
    EDITION_MARK,
    PUBLICATION_MARK,
    compare_slot,
    gaps,
    keep_mark,
    marks,
    open_gap,
    problem_of,
    replaced_tables,
)
from connectors.source.judge import Finding, findings
from connectors.source.session import Connection, SourceRole, open_session
from connectors.source.state import SourceState, read_state

PERIOD_S = 10.0
_ATTEMPTS = 10
_PAUSE_S = 0.3
_log = logging.getLogger(__name__)

_NOT_COMPARED = Problem(
    "source not compared",
    "what has changed at the source since the last look is not known",
    "`make up` (elsewhere `python -m connectors.source.apply`) brings what is missing;"
    " `make logs PART=monitor` says why",
)


class SourceWatch:
    """Compares PostgreSQL's catalogs with the contract; connects when first asked.

    Mended by itself is one thing: log that nobody can read since the publication was made again is
    passed over, for Debezium would stand before it for ever. What that leaves out is remembered as
    a gap. Everything else is the shop's own setup, and is named with the command that mends it.
    """

    def __init__(self, settings: Settings, sleep: Callable[[float], object] = time.sleep) -> None:
        self._settings = settings
        self._sleep = sleep
        self._connection: Connection | None = None
        self._passing: set[str] = set()
        self._said: set[str] = set()

    def look(self) -> Sequence[Problem]:
        """What is wrong now, and what is still to be compared; blocks for a moment.

        Raises:
            DependencyDown: PostgreSQL does not answer: its own probe tells that.
        """
        try:
            problems = self._look(self._session())
        except psycopg.Error as error:
            self._close()
            raise DependencyDown(f"the source cannot be looked at: {error}") from error
        self._tell(problems)
        return problems

    def _look(self, connection: Connection) -> list[Problem]:
        state = read_state(connection, self._settings.postgres_cdc_user)
        found = self._standing(findings(state, self._settings.postgres_cdc_user))
        if HEARTBEATS not in state.tables:
            return [finding.problem for finding in found]  # nor is there where to remember
        for finding in found:
            if finding.loses_rows:
                open_gap(connection, finding.problem.name)
        problems = [finding.problem for finding in found]
        try:
            self._compare(connection, state)
        except psycopg.Error as error:
            _log.warning("the source was not compared with what was seen of it", exc_info=error)
            problems.append(_NOT_COMPARED)
        lasting = {problem.name for problem in problems}
        past = [gap for gap in gaps(connection) if gap[0] not in lasting]
        return [*problems, *(problem_of(*gap) for gap in past)]

    def _standing(self, found: list[Finding]) -> list[Finding]:
        """Leave out what may be over in a moment, the first time."""
        before = self._passing
        self._passing = {one.problem.what for one in found if one.is_passing}
        return [one for one in found if not one.is_passing or one.problem.what in before]

    def _compare(self, connection: Connection, state: SourceState) -> None:
        known = marks(connection)
        for name in replaced_tables(state, known):
            open_gap(connection, f"table {name} was truncated, rewritten or made again")
        for name, table in state.tables.items():
            if name in TABLES and known.get(f"file of {name}") != table.file:
                keep_mark(connection, f"file of {name}", table.file)
        if state.slot is not None and state.timeline is not None:
            compare_slot(connection, state.slot, state, known)
        if state.publication is not None:
            made, edition = state.publication.made, state.publication.edition
            if known.get(EDITION_MARK, edition) != edition:
                open_gap(connection, "the publication was changed")
            if known.get(EDITION_MARK) != edition:
                keep_mark(connection, EDITION_MARK, edition)
            is_the_same = known.get(PUBLICATION_MARK, made) == made
            # Without a slot there is no log to pass over: what reads next begins anew.
            if is_the_same or state.slot is None or self._is_read_again(connection):
                keep_mark(connection, PUBLICATION_MARK, made)

    def _is_read_again(self, connection: Connection) -> bool:
        """Whether the log can be read, after what cannot be read was passed over."""
        for _ in range(_ATTEMPTS):
            try:
                connection.execute("SELECT read_unread_log()")
                return True
            except psycopg.errors.UndefinedObject:
                if self._skip(connection):
                    return True
            except psycopg.errors.ObjectInUse:
                pass  # Debezium tries just now
            self._sleep(_PAUSE_S)
        return False

    def _skip(self, connection: Connection) -> bool:
        try:
            row = connection.execute("SELECT skip_unread_log()").fetchone()
        except psycopg.errors.ObjectInUse:
            return False
        _log.warning(
            "publication made again: slot %s goes on behind what nobody can read",
            SLOT,
            extra={"changes_passed_over": row[0] if row else None},
        )
        return True

    def _tell(self, problems: Sequence[Problem]) -> None:
        said = {str(problem) for problem in problems}
        for text in sorted(said - self._said):
            _log.warning("the source is not as it must be: %s", text)
        for text in sorted(self._said - said):
            _log.warning("the source is well again: %s", text)
        self._said = said

    def _session(self) -> Connection:
        if self._connection is None:
            self._connection = open_session(
                self._settings, "promo-monitor-source", SourceRole.MONITOR
            )
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
