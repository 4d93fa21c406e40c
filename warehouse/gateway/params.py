"""Query parameters inside the rows of an INSERT … VALUES, which the engine does not bind there."""

import re
from collections.abc import Mapping

from warehouse.gateway.engine import quoted
from warehouse.gateway.errors import GatewayError

_STRING_OR_PARAM = re.compile(
    r"'(?:[^'\\]|\\.|'')*+(?:'|\Z)|\{(\w++)\s*+:\s*+([^{}]++)\}", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "N": "\\N"}


def bound(rows: bytes, params: Mapping[str, str]) -> bytes:
    """Put the parameters' values into ``rows`` as CASTs of string literals.

    Raises:
        GatewayError: 456, a parameter is not given.
    """
    if not params or b"{" not in rows:
        return rows

    def literal(match: re.Match[str]) -> str:
        name, kind = match[1], match[2]
        if name is None:
            return match[0]
        if name not in params:
            raise GatewayError(456, f"Substitution `{name}` is not set.", "UNKNOWN_QUERY_PARAMETER")
        if params[name] == "\\N":
            return "NULL"
        return f"CAST({quoted(_unescaped(params[name]))}, {quoted(kind.strip())})"

    return _STRING_OR_PARAM.sub(literal, rows.decode()).encode()


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), value)
