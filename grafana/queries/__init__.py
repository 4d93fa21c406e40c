"""SQL by the question it answers, for dashboards.

Only these stand for something else: ``$__timeFilter_ms(column)``, ``$__fromTime_ms``,
``$__toTime_ms``, and ``${name:sqlstring}`` for a dashboard's variable. Grafana's ClickHouse plugin
resolves them in Grafana, :mod:`grafana.viewer.macros` in the built-in page.
"""

from importlib import resources


def query(name: str) -> str:
    """The text of ``grafana/queries/<name>.sql``."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_text().rstrip()
