"""Whether probabilities are to be taken at their word: believed against seen. Pure."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ml.training.examples import Numbers

_EDGES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0 + 1e-9)
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Bin:
    """Accounts of similar probability.

    Attributes:
        begins, ends: the probabilities, the end not among them.
        accounts, abusers: labelled accounts in it.
        believed: their mean probability.
        low, high: the 95 % interval of the share of abusers (Wilson, 1927).
    """

    begins: float
    ends: float
    accounts: int
    abusers: int
    believed: float
    low: float
    high: float

    @property
    def share(self) -> float:
        """Of abusers, as seen."""
        return self.abusers / self.accounts


def reliability(labels: Numbers, probabilities: Numbers) -> tuple[Bin, ...]:
    """The bins that are not empty, in order; narrow where most accounts are."""
    bins = []
    for begins, ends in pairwise(_EDGES):
        held = (probabilities >= begins) & (probabilities < ends)
        accounts, abusers = int(held.sum()), int(labels[held].sum())
        if accounts:
            low, high = wilson(abusers, accounts)
            believed = float(np.mean(probabilities[held]))
            bins.append(Bin(begins, min(ends, 1.0), accounts, abusers, believed, low, high))
    return tuple(bins)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927); ``trials`` is at least 1."""
    share, z2 = successes / trials, _Z**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    reach = _Z * spread / (1 + z2 / trials)
    return min(share, max(0.0, middle - reach)), max(share, min(1.0, middle + reach))
