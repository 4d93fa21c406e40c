"""What a statement may say: judged on the syntax tree that the engine's parser made of it.

Behind it stand walls that do not read SQL: nobody's role in the engine has a source, a host or
a statement of administration (:mod:`warehouse.gateway.config`), a reader's connection is
``readonly``, and the process itself can open no file but its own and connect to nobody
(:mod:`warehouse.gateway.confinement`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from warehouse.gateway import vocabulary
from warehouse.gateway.access import User
from warehouse.gateway.config import ENGINES, FIXED_SETTINGS
from warehouse.gateway.errors import (
    ACCESS_DENIED,
    READONLY,
    SETTING_CONSTRAINT_VIOLATION,
    GatewayError,
    refusal,
)
from warehouse.gateway.statement import Statement
from warehouse.gateway.syntax import Setting

_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)*+")
_TAKERS = frozenset({"Arrays", "Map"})
_NOT_OURS = frozenset({"is_temporary", "is_dictionary", "attach", "has_attach_from_path"})


@dataclass(frozen=True, slots=True)
class Function:
    """An ordinary function of the engine's: its name, what that stands for, its category."""

    name: str
    original: str
    category: str

    @property
    def is_known(self) -> bool:
        """Whether it reaches neither a file nor a host, as far as anybody has looked."""
        known = self.category in vocabulary.FUNCTION_CATEGORIES
        return known or self.original in vocabulary.FUNCTIONS

    @property
    def is_costly(self) -> bool:
        """Whether it may go on, and take memory, whatever the engine's limits say."""
        costly = self.category in vocabulary.COSTLY_CATEGORIES
        return costly or self.original in vocabulary.COSTLY_FUNCTIONS


@dataclass(frozen=True, slots=True)
class Words:
    """Names of the engine, in lower case, that nobody may use.

    Attributes:
        functions: ordinary ones that reach out, or of which it is not known that they do not.
        sources: table functions that reach out.
        costly: ordinary ones that a reader may not use, because limits do not bound them.
        takers: ordinary ones that may take a function by its name: ``arrayMap(file, …)``.
    """

    functions: frozenset[str]
    sources: frozenset[str]
    costly: frozenset[str]
    takers: frozenset[str]

    @classmethod
    def of(cls, functions: Iterable[Function], table_functions: Iterable[str]) -> "Words":
        """From the engine's lists."""
        functions = list(functions)
        return cls(
            frozenset(one.name.lower() for one in functions if not one.is_known),
            frozenset(name.lower() for name in table_functions) - vocabulary.SOURCES,
            frozenset(one.name.lower() for one in functions if one.is_costly),
            frozenset(one.name.lower() for one in functions if one.category in _TAKERS),
        )


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges statements."""

    words: Words

    def check(
        self, statement: Statement, user: User, readonly: bool, params: Mapping[str, str]
    ) -> None:
        """Refuse what this user, or this method, may not run.

        Raises:
            GatewayError: 164 for a read-only request, 497 for one that may write, 452 for a
                setting beyond its limit.
        """
        code = READONLY if readonly else ACCESS_DENIED
        if why := self._objection(statement, readonly):
            raise refusal(code, why)
        if user.may_write:
            _check_writers_settings(statement.contents.settings, code)
        else:
            self._check_costs(statement, params)
            _check_names(statement, params, self.words.functions | self._unbounded)
            for setting in statement.contents.settings:
                check_setting(user, setting)

    @property
    def _unbounded(self) -> frozenset[str]:
        return self.words.costly | vocabulary.PATTERN_FUNCTIONS

    def _check_costs(self, statement: Statement, params: Mapping[str, str]) -> None:
        """Refuse a reader what the engine's limits on time and memory do not bound."""
        inside = statement.contents
        given = {name for taker, name in inside.arguments if taker.lower() in self.words.takers}
        costly = {name for name in inside.functions if self._is_costly(name.lower())}
        costly |= {name for name in given if name.lower() in self._unbounded}
        if costly:
            raise refusal(READONLY, f"{', '.join(costly)}: costs more than limits bound.")
        for name, pattern in inside.patterns:
            if not _is_short(pattern, params):
                most = vocabulary.LONGEST_PATTERN
                text = f"{name}: the pattern has to be written out, {most} characters at most."
                raise refusal(READONLY, text)

    def _is_costly(self, name: str) -> bool:
        return name in self.words.costly or name.startswith(vocabulary.COSTLY_AGGREGATES)

    def _objection(self, statement: Statement, readonly: bool) -> str:
        kinds = vocabulary.READS if readonly else vocabulary.READS | vocabulary.WRITES
        if statement.kind not in kinds:
            reason = "in readonly mode" if readonly else "in this gateway"
            return f"{statement.kind}: Cannot execute query {reason}."
        tree, inside = statement.tree, statement.contents
        if inside.touches_file or "table_function" in tree or _is_not_ours(tree):
            return f"{statement.kind}: reaches outside the warehouse, not allowed."
        if tree["type"] == "ExplainQuery" and tree.get("kind") not in vocabulary.EXPLAINS:
            return f"{tree.get('kind')}: not available in this gateway."
        if tree["type"] == "ShowTablesQuery" and not tree.keys() <= vocabulary.SHOWS:
            return f"{statement.sql}: not available in this gateway."
        for name in (*self.reaching(statement), *(inside.engines - set(ENGINES))):
            return f"{name}: reaches outside the warehouse, not allowed."
        strange = inside.nodes - vocabulary.READ_NODES if readonly else ()
        return f"{', '.join(strange)}: not available in this gateway." if strange else ""

    def reaching(self, statement: Statement) -> set[str]:
        """What a statement calls, or hands to another function, that it may not."""
        inside = statement.contents
        refused = self.words.functions | self.words.sources
        strange = {n for n in inside.table_functions if n.lower() not in vocabulary.SOURCES}
        called = {n for n in inside.functions if n.lower() in refused} - vocabulary.SOURCES
        given = {
            name
            for taker, name in inside.arguments
            if taker.lower() in self.words.takers and name.lower() in self.words.functions
        }
        return strange | called | given


def _is_short(pattern: Mapping[str, Any], params: Mapping[str, str]) -> bool:
    match pattern.get("type"):
        case "Literal":
            text = str(pattern.get("value"))
        case "QueryParameter":
            text = params.get(str(pattern.get("name")), "")
        case _:
            return False
    return len(text) <= vocabulary.LONGEST_PATTERN + len("{'field_type': 'String', 'value': ''}")


def _is_not_ours(tree: Mapping[str, Any]) -> bool:
    return any(tree.get(flag) for flag in _NOT_OURS) or tree.get("kind") == "Detach"


def check_setting(user: User, setting: Setting) -> None:
    """Refuse a setting that a reader may not have, or not that much of.

    Raises:
        GatewayError: 164 for its name, 452 for its value.
    """
    name, most = setting.name, user.limits.settings.get(setting.name)
    if name in FIXED_SETTINGS or not (
        name in vocabulary.READER_SETTINGS or name.startswith(vocabulary.READER_SETTING_PREFIX)
    ):
        raise refusal(READONLY, f"Cannot modify '{name}' setting in readonly mode.")
    if setting.value is None:
        raise refusal(READONLY, f"Cannot reset '{name}' setting in readonly mode.")
    if most is not None and not _is_within(setting.value, most):
        raise beyond(name, most)


def beyond(name: str, most: int) -> GatewayError:
    """The refusal of a value that is no number, unlimited, or too large."""
    text = f"Setting {name} shouldn't be greater than {most}, nor 0."
    return refusal(SETTING_CONSTRAINT_VIOLATION, text)


def _is_within(value: object, most: int) -> bool:
    try:
        return 0 < float(str(value)) <= most
    except ValueError:
        return False


def _check_writers_settings(settings: Iterable[Setting], code: tuple[int, str]) -> None:
    for setting in settings:
        if setting.name in vocabulary.WRITER_RESERVED:
            raise refusal(code, f"{setting.name}: set by this gateway alone.")


def _check_names(
    statement: Statement, params: Mapping[str, str], functions: frozenset[str]
) -> None:
    """A reader sees the warehouse's database and a few system tables."""
    inside = statement.contents
    for database, table in inside.qualified:
        if database == "system" and table not in vocabulary.SYSTEM_TABLES:
            raise refusal(READONLY, "this system table is not open to the read-only user.")
    for key in inside.parameters:
        value = params.get(key, "")
        first = value.lower().split(".")[0]
        if not _PLAIN_NAME.fullmatch(value) or first == "system" or first in functions:
            raise refusal(READONLY, f"the read-only user cannot name {value!r} by a parameter.")
