"""Colours that mean the same on every dashboard, and what values are well, odd or ill."""

from collections.abc import Mapping
from types import MappingProxyType

from grafana_foundation_sdk.builders.dashboard import FieldColor as FieldColorBuilder
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    FieldColor,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

GOOD, ODD, ILL, WORST, PLAIN, OTHER = "green", "yellow", "orange", "red", "blue", "purple"

LEVELS: Mapping[str, str] = MappingProxyType(
    {"low": GOOD, "medium": ODD, "high": ILL, "critical": WORST}
)
LEVELS_BEGIN = ((0.3, ODD), (0.6, ILL), (0.85, WORST))
"""Scores at which the levels begin, as in ``ml/policy.py``."""

STATUSES: Mapping[str, str] = MappingProxyType(
    {"none": GOOD, "open": ILL, "escalated": WORST, "cleared": GOOD}
)
UP: Mapping[str, str] = MappingProxyType(
    {"up": GOOD, "down": WORST, "halted": WORST, "unknown": ILL}
)
ACTIONS: Mapping[str, str] = MappingProxyType({"allow": GOOD, "challenge": ODD, "deny": WORST})
FLAGGED: Mapping[str, str] = MappingProxyType({"others": PLAIN, "flagged": WORST})


def fixed(colour: str) -> FieldColor:
    """One colour whatever the value."""
    return FieldColor(mode=FieldColorModeId.FIXED, fixed_color=colour)


def by_thresholds() -> FieldColorBuilder:
    """The colour that the thresholds give the value."""
    return FieldColorBuilder().mode(FieldColorModeId.THRESHOLDS)


def steps(base: str, *further: tuple[float, str]) -> ThresholdsConfig:
    """``base`` from below, another colour from each value on."""
    all_steps = [Threshold(None, base), *(Threshold(value, c) for value, c in further)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(all_steps)


def named(colours: Mapping[str, str]) -> ValueMap:
    """Text in its colour."""
    return ValueMap(
        options={
            text: ValueMappingResult(color=colour, index=n, text=text)
            for n, (text, colour) in enumerate(colours.items())
        }
    )
