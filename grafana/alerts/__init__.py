"""Alert rules: one source for provisioned files and for the push."""

from collections.abc import Sequence

from grafana.alerts import abuse, pipeline
from grafana.alerts.rule import Rule


def all_rules() -> Sequence[Rule]:
    """Every rule, in the order in which Grafana lists them."""
    return (*pipeline.RULES, *abuse.RULES)
