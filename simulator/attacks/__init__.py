"""Attacks, one a file: its docstring tells its story and names the signal that remains."""

from collections.abc import Mapping
from types import MappingProxyType

from simulator.attacks import (
    account_resale,
    catch_all_domain,
    code_stacking,
    datacentre_burst,
    device_farm,
    email_aliases,
    emulator,
    fast_redemption_bot,
    insiders,
    ip_ring,
    mixed_ring,
    one_verified,
    recycled_phones,
    residential_ring,
    slow_drip,
    unverified_contacts,
)
from simulator.stage import Story

ATTACKS: Mapping[str, Story] = MappingProxyType(
    {
        "device_farm": device_farm.story,
        "ip_ring": ip_ring.story,
        "residential_ring": residential_ring.story,
        "datacentre_burst": datacentre_burst.story,
        "email_aliases": email_aliases.story,
        "recycled_phones": recycled_phones.story,
        "emulator": emulator.story,
        "slow_drip": slow_drip.story,
        "mixed_ring": mixed_ring.story,
        "unverified_contacts": unverified_contacts.story,
        "one_verified": one_verified.story,
        "catch_all_domain": catch_all_domain.story,
        "code_stacking": code_stacking.story,
        "fast_redemption_bot": fast_redemption_bot.story,
        "account_resale": account_resale.story,
        "insiders": insiders.story,
    }
)
