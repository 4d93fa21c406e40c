"""Colours that mean the same on every dashboard, and what values are well, odd or ill."""

from collections.abc import Mapping
from types import MappingProxyType

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    FieldColor,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

GOOD, ODD, ILL, WORST, PLAIN = "green", "yellow", "orange", "red", "blue"

LEVELS: Mapping[str, str] = MappingProxyType(
    {"low": GOOD, "medium": ODD, "high": ILL, "critical": WORST}
)
STATES: Mapping[str, str] = MappingProxyType(
    {"open": ILL, "escalated": WORST, "cleared": GOOD, "up": GOOD, "down": WORST}
    | {"acting": PLAIN, "shadow": "purple", "abuser": WORST, "honest": GOOD}
)
ACTIONS: Mapping[str, str] = MappingProxyType({"allow": GOOD, "challenge": ODD, "deny": WORST})
FLAGGED: Mapping[str, str] = MappingProxyType({"others": PLAIN, "flagged": WORST})


def fixed(colour: str) -> FieldColor:
    """One colour whatever the value."""
    return FieldColor(mode=FieldColorModeId.FIXED, fixed_color=colour)


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
