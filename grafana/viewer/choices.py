"""What a reader chose, held against what a dashboard offers. Pure."""

from collections.abc import Iterable, Sequence

from connectors.errors import UnfitChoice
from grafana.viewer.board import ALL, Board, Variable, VariableKind
from grafana.viewer.macros import Chosen

PREFIX = "var-"
MOST_VALUES = 100
LONGEST_VALUE = 512


def choices(board: Board, given: Iterable[tuple[str, str]]) -> Chosen:
    """The values of all variables of a dashboard.

    Args:
        board: the dashboard.
        given: names and values of an address; those that do not begin with ``var-`` are passed
            over, and a name may come several times.

    Raises:
        UnfitChoice: a variable that the dashboard has not, too many or too long values, or one
            that is not on a variable's list.
    """
    found: dict[str, list[str]] = {}
    for name, value in given:
        if name.startswith(PREFIX):
            found.setdefault(name.removeprefix(PREFIX), []).append(value)
    if found.keys() - {variable.name for variable in board.variables}:
        raise UnfitChoice("the dashboard has no such variable")
    return {
        variable.name: _fitting(variable, found.get(variable.name, ()))
        for variable in board.variables
    }


def _fitting(variable: Variable, given: Sequence[str]) -> Sequence[str]:
    name = f"`{PREFIX}{variable.name}`"
    if len(given) > MOST_VALUES:
        raise UnfitChoice(f"{name} takes {MOST_VALUES} values at most")
    if any(len(value) > LONGEST_VALUE for value in given):
        raise UnfitChoice(f"a value of {name} has {LONGEST_VALUE} characters at most")
    if variable.kind is VariableKind.CUSTOM and not set(given) <= set(variable.options):
        raise UnfitChoice(f"{name} is one of: {', '.join(variable.options)}")
    if not variable.multi and len(given) > 1:
        raise UnfitChoice(f"{name} takes one value")
    if not given or (variable.multi and ALL in given):
        return variable.default
    return tuple(given)
