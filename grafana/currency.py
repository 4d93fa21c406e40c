"""Money in the shop's own currency: generated dashboards say dollars. Pure."""

from collections.abc import Mapping
from typing import Any

from grafana.panels.units import Unit

WITH_A_UNIT = frozenset({
    "BGN", "BRL", "CHF", "CZK", "DKK", "EUR", "GBP", "IDR", "ILS", "INR", "ISK", "JPY", "KRW",
    "MYR", "NOK", "PHP", "PLN", "PYG", "RUB", "SEK", "TRY", "UAH", "USD", "UYU", "VND", "XPF",
    "ZAR",
})  # fmt: skip
"""Codes of which Grafana 11.6 and later know how the amount is written."""


def unit_of(code: str) -> str:
    """Grafana's unit for amounts in a currency, by its ISO 4217 code."""
    upper = code.strip().upper()
    return f"currency{upper}" if upper in WITH_A_UNIT else f"prefix:{upper} "


def in_currency(document: Mapping[str, Any], code: str) -> dict[str, Any]:
    """A dashboard (or any part of one) whose money has this currency; nothing is converted."""
    unit = unit_of(code)
    return {key: _replaced(value, unit) for key, value in document.items()}


def _replaced(value: Any, unit: str) -> Any:
    match value:
        case dict():
            return {key: _replaced(inner, unit) for key, inner in value.items()}
        case list():
            return [_replaced(inner, unit) for inner in value]
        case Unit.MONEY.value:
            return unit
        case _:
            return value
