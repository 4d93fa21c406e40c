"""Attacks, one a file: its docstring tells its story and names the signal that remains."""

from collections.abc import Mapping
from types import MappingProxyType

from simulator.attacks import device_farm, email_aliases, fast_redemption_bot, ip_ring
from simulator.stage import Story

ATTACKS: Mapping[str, Story] = MappingProxyType(
    {
        "device_farm": device_farm.story,
        "email_aliases": email_aliases.story,
        "fast_redemption_bot": fast_redemption_bot.story,
        "ip_ring": ip_ring.story,
    }
)
