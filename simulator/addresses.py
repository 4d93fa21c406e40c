"""IP addresses: homes have their own, strangers share those of campuses and carriers."""

from dataclasses import dataclass
from random import Random

# First octets that hold public unicast addresses only (IANA IPv4 address space registry).
_PUBLIC = (*range(11, 100), *range(101, 127), *range(128, 169), *range(170, 172), *range(173, 192),
           *range(193, 198), *range(199, 203), *range(204, 224))  # fmt: skip
_IPV6_HOMES = 0.1
_CARRIER, _CAMPUS = 0.22, 0.05
_CARRIER_PER_H, _CAMPUS_PER_H = 0.2, 0.5
_LEAST_ADDRESSES = 3


@dataclass(frozen=True, slots=True)
class Nat:
    """Addresses behind which strangers meet.

    Attributes:
        name: what the addresses are derived from.
        carriers, campuses: how many there are of each.
    """

    name: str
    carriers: int
    campuses: int

    def address(self, random: Random) -> str:
        """From where an honest person who lives alone signs up."""
        chance = random.random()
        if chance < _CARRIER:
            return self._shared("carrier", random.randrange(self.carriers))
        if chance < _CARRIER + _CAMPUS:
            return self._shared("campus", random.randrange(self.campuses))
        return home_address(random)

    def _shared(self, kind: str, number: int) -> str:
        # Derived on demand: a busy shop has a hundred thousand of them.
        return ipv4_address(Random(f"{self.name}/{kind}/{number}"))


def nat(name: str, accounts_per_h: float) -> Nat:
    """Shared addresses for a shop of that size.

    A busier shop meets more of them: each carrier address brings an account every five hours on
    average, each campus address one every two. But there are three of each at least.
    """
    carriers = round(accounts_per_h * _CARRIER / _CARRIER_PER_H)
    campuses = round(accounts_per_h * _CAMPUS / _CAMPUS_PER_H)
    return Nat(name, max(_LEAST_ADDRESSES, carriers), max(_LEAST_ADDRESSES, campuses))


def home_address(random: Random) -> str:
    """A household's own address."""
    if random.random() < _IPV6_HOMES:
        prefix = f"2600:{random.getrandbits(16):x}:{random.getrandbits(16):x}"
        # The last group is never zero, so that the text is the address's canonical one.
        return f"{prefix}:{random.randint(1, 0xFFFF):x}::{random.randint(1, 0xFFFF):x}"
    return ipv4_address(random)


def ipv4_address(random: Random) -> str:
    """A public IPv4 address."""
    middle = f"{random.randrange(256)}.{random.randrange(256)}"
    return f"{random.choice(_PUBLIC)}.{middle}.{random.randint(1, 254)}"


def addresses_in_network(random: Random, count: int) -> list[str]:
    """Different addresses of one public IPv4 /24, at most 254."""
    network = ipv4_address(random).rpartition(".")[0]
    return [f"{network}.{host}" for host in random.sample(range(1, 255), count)]
