"""Packs: which attacks come to the shop, among which share of honest accounts."""

from dataclasses import dataclass

from connectors.errors import SimulationError
from simulator.attacks import ATTACKS

ATTACKERS = 0.067
"""Share of accounts that are attackers': 200 of 3,000."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Attacks on an honest background; the accounts of its attacks are equally many.

    Attributes:
        name: what it is called.
        attacks: names in :data:`simulator.attacks.ATTACKS`.
        attackers: share of all accounts that belong to the attacks, 0-1.
    """

    name: str
    attacks: tuple[str, ...]
    attackers: float = ATTACKERS


PACKS = {
    pack.name: pack
    for pack in (Pack("mixed", tuple(ATTACKS)), *(Pack(name, (name,)) for name in ATTACKS))
}


def pack_named(name: str) -> Pack:
    """The pack of a name.

    Raises:
        SimulationError: there is none; the message lists those that there are.
    """
    if name not in PACKS:
        raise SimulationError(f"there is no pack {name!r}: take one of {', '.join(PACKS)}")
    return PACKS[name]
