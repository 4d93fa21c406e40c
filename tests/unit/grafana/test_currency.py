"""Money is shown in the shop's own currency."""

import json

import pytest

from grafana.currency import WITH_A_UNIT, in_currency, unit_of
from tests.unit.grafana.documents import dashboards


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ("USD", "currencyUSD"),
        ("EUR", "currencyEUR"),
        ("eur", "currencyEUR"),
        ("CAD", "prefix:CAD "),
        ("XTS", "prefix:XTS "),
    ],
)
def test_a_currency_has_grafanas_unit_or_its_code_before_the_amount(code: str, unit: str) -> None:
    assert unit_of(code) == unit


def test_all_money_of_a_dashboard_changes_its_currency_and_nothing_else_does() -> None:
    for document in dashboards().values():
        before = json.dumps(document, sort_keys=True)

        euros = in_currency(document, "EUR")

        assert json.dumps(euros, sort_keys=True) == before.replace("currencyUSD", "currencyEUR")
        assert json.dumps(document, sort_keys=True) == before


def test_dollars_stay_dollars() -> None:
    assert "USD" in WITH_A_UNIT
    for document in dashboards().values():
        assert in_currency(document, "USD") == document
