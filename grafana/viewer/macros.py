"""What a panel's SQL means with a period and choices: SQL with placeholders, and what is bound.

Grafana's ClickHouse plugin puts text into the same SQL; here nothing that a reader chose ever
becomes part of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.errors import DashboardError, UnfitChoice
from grafana.viewer.period import Span

Chosen = Mapping[str, Sequence[str]]
"""The values of each variable; of one that takes a single text, one."""

_MACRO = re.compile(
    r"""
      \$__timeFilter_ms\((?P<column>[A-Za-z_][\w.]*)\)
    | \$__(?P<bound>from|to)Time_ms(?!\w)
    | (?P<within>\bIN\s*)\(\$\{(?P<many>\w+):sqlstring\}\)
    | \$\{(?P<one>\w+):sqlstring\}
    | (?P<unknown>\$)
    """,
    re.VERBOSE,
)
_BOUND = "fromUnixTimestamp64Milli({{{}_ms:Int64}})"


@dataclass(frozen=True, slots=True)
class Question:
    """SQL whose placeholders ``parameters`` fill, all of them and no others."""

    sql: str
    parameters: Mapping[str, object]


def resolve(sql: str, span: Span, chosen: Chosen) -> Question:
    """Replace every macro by a placeholder.

    ``IN (${name:sqlstring})`` takes all values of a variable, elsewhere it is one text.

    Raises:
        DashboardError: a macro that the page does not know, or a variable that is not there.
        UnfitChoice: several values where the question takes one.
    """
    parameters: dict[str, object] = {}

    def placeholder(found: re.Match[str]) -> str:
        match found.lastgroup:
            case "column":
                return (
                    f"{found['column']} >= {bound('from')} AND {found['column']} <= {bound('to')}"
                )
            case "bound":
                return bound(found["bound"])
            case "many":
                parameters[f"any_{found['many']}"] = list(_values(found["many"], chosen))
                return f"{found['within']}{{any_{found['many']}:Array(String)}}"
            case "one":
                parameters[f"one_{found['one']}"] = _text(found["one"], chosen)
                return f"{{one_{found['one']}:String}}"
            case _:
                shown = sql[found.start() : found.start() + 30]
                raise DashboardError(f"the page does not know this macro: {shown}")

    def bound(end: str) -> str:
        parameters[f"{end}_ms"] = span.from_ms if end == "from" else span.to_ms
        return _BOUND.format(end)

    return Question(_MACRO.sub(placeholder, sql), parameters)


def _values(name: str, chosen: Chosen) -> Sequence[str]:
    if name not in chosen:
        raise DashboardError(f"the dashboard has no variable {name}, but a question asks for it")
    return chosen[name]


def _text(name: str, chosen: Chosen) -> str:
    values = _values(name, chosen)
    if len(values) != 1:
        raise UnfitChoice(f"`var-{name}` takes one value")
    return values[0]
