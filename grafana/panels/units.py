"""Units, as Grafana names them."""

from enum import StrEnum


class Unit(StrEnum):
    """What a number counts or measures."""

    COUNT = "locale"
    MONEY = "currencyUSD"
    SHARE = "percentunit"
    SECONDS = "s"
    BYTES = "bytes"
    PER_SECOND = "cps"
    SCORE = "none"
    TEXT = "string"


DECIMALS = {Unit.MONEY: 2, Unit.SHARE: 1, Unit.SCORE: 3, Unit.COUNT: 0}
"""Digits behind the point where Grafana's own choice would flicker."""
