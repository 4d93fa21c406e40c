"""Digests of a table by ranges of hashed keys. Pure.

Every row falls into one of :data:`RANGES` by a hash of its owner, and adds its own digest to that
range's sum: the order in which rows come does not matter, and two places that hold the same rows
have the same sums. Where a sum differs, and nowhere else, rows are looked at one by one.
"""

import hashlib
from array import array

RANGES = 65_536
"""Sixteen bits of the hash; 16 bytes of memory each, for every table of every store."""

_MASK = 2**64 - 1


def range_of(owner: str) -> int:
    """The range of a key, evenly spread whatever keys look like."""
    hashed = hashlib.blake2b(owner.encode("utf-8", "surrogatepass"), digest_size=2).digest()
    return int.from_bytes(hashed)


class Ranges:
    """The sums and the counts of one table in one place."""

    def __init__(self) -> None:
        self._sums = array("Q", bytes(8 * RANGES))
        self._counts = array("Q", bytes(8 * RANGES))

    def add(self, owner: str, digest: int) -> None:
        """Take a row in; in any order."""
        at = range_of(owner)
        self._sums[at] = (self._sums[at] + digest) & _MASK
        self._counts[at] += 1

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self._counts)

    def differing(self, other: "Ranges") -> frozenset[int]:
        """The ranges in which two places do not hold the same.

        That two of them differ and are taken for the same has a probability of 2**-64 for each.
        """
        if self._sums == other._sums and self._counts == other._counts:
            return frozenset()
        return frozenset(
            at
            for at in range(RANGES)
            if self._sums[at] != other._sums[at] or self._counts[at] != other._counts[at]
        )
