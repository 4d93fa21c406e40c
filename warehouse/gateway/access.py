"""Who may do what: the two users, and what a statement must not contain.

Three walls stand behind each other. The engine's roles (:mod:`warehouse.gateway.config`)
bound databases, engines and sources. ``readonly=2`` bounds a reader's connection. The
checks here bound what the engine leaves open to anyone: statements that change roles or
write files, functions that reach the host, and most system tables.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from warehouse.gateway.config import READER_ROLE, WRITER_ROLE
from warehouse.gateway.errors import ACCESS_DENIED, AUTHENTICATION_FAILED, READONLY, refusal
from warehouse.gateway.statement import Insert, Statement

_READS = frozenset({"SELECT", "WITH", "SHOW", "DESCRIBE", "EXPLAIN", "EXISTS"})
_WRITES = frozenset(
    {"INSERT", "CREATE", "ALTER", "DROP", "TRUNCATE", "OPTIMIZE", "RENAME", "EXCHANGE"}
    | {"DELETE", "UPDATE", "KILL", "CHECK", "USE", "SET"}
)
_NEVER = re.compile(
    r"^SET (?:DEFAULT )?ROLE\b| INTO OUTFILE\b| FROM INFILE\b|^INSERT INTO FUNCTION\b"
    r"|^CREATE (?:OR REPLACE )?(?:TEMPORARY|FUNCTION|DICTIONARY|USER|ROLE|NAMED)\b",
    re.IGNORECASE,
)
_READERS_SHOW = re.compile(
    r"SHOW (?:FULL )?(?:TABLES|DATABASES|COLUMNS|CREATE|FUNCTIONS|SETTINGS|INDEX)\b", re.IGNORECASE
)
# Functions of the engine that make rows out of nothing but their arguments.
_PURE_SOURCES = frozenset(
    {"numbers", "numbers_mt", "zeros", "zeros_mt", "null", "values", "format", "view", "input"}
    | {"generaterandom", "generateseries", "generate_series", "primes", "sqlstandardvalues"}
)
# Ordinary functions that read files, run programs or ask a service.
_REACHING_FUNCTIONS = frozenset(
    {"file", "executable", "python", "aigenerate", "aiclassify", "aiextract", "aiembed"}
    | {"aifilter", "airedact", "aisimilarity", "aitranslate"}
)
_SYSTEM_TABLES = frozenset(
    {"one", "numbers", "databases", "tables", "columns", "functions", "table_functions", "formats"}
    | {"settings", "data_type_families", "time_zones", "keywords", "completions"}
)
_SYSTEM_NAME = re.compile(r"\bsystem\s*\.\s*(\w+|\{)", re.IGNORECASE)
_CALL = re.compile(r"(\w+)\s*\(")
_IDENTIFIER_PARAM = re.compile(r"\{(\w+):Identifier\}")
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


@dataclass(frozen=True, slots=True)
class User:
    """Someone who may connect."""

    name: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class Users:
    """The two users of the gateway: one writes, one reads."""

    writer: User
    reader: User

    @classmethod
    def of(cls, writer: tuple[str, str], reader: tuple[str, str]) -> "Users":
        """From two pairs of name and password."""
        return cls(User(*writer, WRITER_ROLE), User(*reader, READER_ROLE))

    def authenticate(self, name: str, password: str) -> User:
        """The user of that name, if the password is right (compared in constant time).

        Raises:
            GatewayError: 516, whichever of the two is wrong.
        """
        for user in (self.writer, self.reader):
            known = hmac.compare_digest(name.encode(), user.name.encode())
            if hmac.compare_digest(password.encode(), user.password.encode()) and known:
                return user
        raise refusal(
            AUTHENTICATION_FAILED,
            f"{name}: Authentication failed: password is incorrect,"
            " or there is no user with such name.",
        )


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges statements. ``sources`` are the engine's table functions, in lower case."""

    sources: frozenset[str]

    def check(
        self, read: Statement | Insert, role: str, readonly: bool, params: Mapping[str, str]
    ) -> None:
        """Refuse what this role, or this method, may not run.

        Raises:
            GatewayError: 164 for a read-only request, 497 for one that may write.
        """
        statement = read.statement if isinstance(read, Insert) else read
        denied = READONLY if readonly else ACCESS_DENIED
        kinds = _READS if readonly else _READS | _WRITES
        if statement.kind not in kinds or _NEVER.search(statement.bare):
            raise refusal(
                denied,
                f"{statement.kind}: Cannot execute query in readonly mode."
                if readonly
                else f"{statement.kind}: not available in this gateway.",
            )
        for name in _CALL.findall(statement.bare):
            if name.lower() in self._forbidden:
                raise refusal(denied, f"{name}: reaches outside the warehouse, not allowed.")
        if role == READER_ROLE:
            _check_names(statement, params)

    @property
    def _forbidden(self) -> frozenset[str]:
        return (self.sources | _REACHING_FUNCTIONS) - _PURE_SOURCES

    def expressions_are_pure(self, insert: Insert) -> bool:
        """Whether the rows of an INSERT … VALUES call nothing that is forbidden.

        Strings are looked into as well: rather a row parsed without expressions than one
        that reads a file.
        """
        if insert.fmt != "Values":
            return True
        calls = re.findall(rb"(\w+)[`\"]?(?:\s|/\*.*?\*/|--[^\n]*\n)*\(", insert.data, re.DOTALL)
        return not any(name.decode("latin-1").lower() in self._forbidden for name in calls)


def _check_names(statement: Statement, params: Mapping[str, str]) -> None:
    """A reader sees the warehouse's database and a few system tables."""
    names = [name.lower() for name in _SYSTEM_NAME.findall(statement.bare)]
    if any(name not in _SYSTEM_TABLES for name in names):
        raise refusal(READONLY, "this system table is not open to the read-only user.")
    if statement.kind == "SHOW" and not _READERS_SHOW.match(statement.bare):
        raise refusal(READONLY, "this SHOW is not open to the read-only user.")
    for key in _IDENTIFIER_PARAM.findall(statement.bare):
        value = params.get(key, "")
        if not _PLAIN_NAME.fullmatch(value) or value.lower().split(".")[0] == "system":
            raise refusal(READONLY, f"the read-only user cannot name {value!r} by a parameter.")
