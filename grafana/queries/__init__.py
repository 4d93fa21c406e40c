"""SQL by the question it answers, for dashboards.

Only these stand for something else: ``$__timeFilter_ms(column)``, ``$__fromTime_ms``,
``$__toTime_ms``, and ``${name:sqlstring}`` for a dashboard's variable. Grafana's ClickHouse plugin
resolves them in Grafana, :mod:`grafana.viewer.macros` in the built-in page.

What several questions have in common stands once, in ``parts/``, and is taken in by a line
``-- include: <part>``, with a comma behind it where one has to follow.
"""

import re
from importlib import resources
from textwrap import indent

_INCLUDE = re.compile(r"^( *)-- include: (\w+)(,?)$", re.MULTILINE)
_SAYS_WHAT_IT_IS = re.compile(r"\A(?:--.*\n)+")


def query(name: str) -> str:
    """The text of ``grafana/queries/<name>.sql``, whole."""
    return _whole(_read(f"{name}.sql"))


def _whole(text: str) -> str:
    return _INCLUDE.sub(lambda found: indent(_part(found[2]), found[1]) + found[3], text)


def _part(name: str) -> str:
    return _whole(_SAYS_WHAT_IT_IS.sub("", _read(f"parts/{name}.sql")))


def _read(path: str) -> str:
    return resources.files(__package__).joinpath(path).read_text().rstrip()
