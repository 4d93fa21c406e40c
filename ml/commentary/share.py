"""A share, and how sure it is. Pure."""

from dataclasses import dataclass

from ml.training.reliability import wilson


@dataclass(frozen=True, slots=True)
class Share:
    """A share of ``trials``, with its 95 % interval (Wilson, 1927)."""

    successes: int
    trials: int

    @property
    def value(self) -> float:
        """As seen; 0 of nobody."""
        return self.successes / self.trials if self.trials else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Low and high; everything is possible where nobody was seen."""
        return wilson(self.successes, self.trials) if self.trials else (0.0, 1.0)
