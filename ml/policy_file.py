"""A policy as a TOML file, for operators.

::

    [levels]
    high = 0.55                  # scores at which the levels begin

    [rules.same_code_same_ip]
    mode = "shadow"              # acting, shadow or off
    first = 0.4                  # weight of one clear case
    limit = 0.8                  # weight that no number of cases exceeds

What the file does not mention stays as it is in the standard policy.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.errors import PolicyError
from ml.policy import STANDARD, Boundaries, Policy
from ml.rules.book import RuleChange, changed
from ml.rules.rule import Mode


def load_policy(path: Path | None) -> Policy:
    """Read a policy file; the standard policy for None.

    Raises:
        PolicyError: it is missing, not TOML, or says what a policy cannot; the message names it.
    """
    if path is None:
        return STANDARD
    try:
        written = tomllib.loads(path.read_text())
        _only(written, "the file", "levels", "rules")
        return Policy(
            boundaries=_boundaries(_table(written, "levels")),
            rules=changed({n: _change(n, c) for n, c in _table(written, "rules").items()}),
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, PolicyError) as error:
        raise PolicyError(f"policy file {path}: {error}") from error


def _boundaries(levels: Mapping[str, Any]) -> Boundaries:
    _only(levels, "[levels]", "medium", "high", "critical")
    found = Boundaries(**{name: _number(levels, name) for name in levels})
    if not 0 < found.medium < found.high < found.critical <= 1:
        raise PolicyError("levels must be 0 < medium < high < critical <= 1")
    return found


def _change(name: str, change: object) -> RuleChange:
    if not isinstance(change, Mapping):
        raise PolicyError(f"rules.{name} is not a table")
    _only(change, f"[rules.{name}]", "mode", "first", "limit")
    mode = change.get("mode")
    if mode is not None and mode not in list(Mode):
        raise PolicyError(f"rules.{name}: mode must be one of {', '.join(Mode)}")
    return RuleChange(
        mode=None if mode is None else Mode(mode),
        first=_number(change, "first") if "first" in change else None,
        limit=_number(change, "limit") if "limit" in change else None,
    )


def _table(written: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = written.get(name, {})
    if not isinstance(table, Mapping):
        raise PolicyError(f"{name} is not a table")
    return table


def _number(table: Mapping[str, Any], name: str) -> float:
    value = table[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PolicyError(f"{name} is not a number")
    return float(value)


def _only(table: Mapping[str, Any], where: str, *names: str) -> None:
    unknown = sorted(table.keys() - set(names))
    if unknown:
        raise PolicyError(f"{where} has an unknown {unknown[0]!r}; known: {', '.join(names)}")
