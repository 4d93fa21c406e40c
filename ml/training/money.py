"""What an action costs, and from which probability on it is the cheapest. Pure.

For an account that is an abuser with probability p (Elkan, The Foundations of Cost-Sensitive
Learning, 2001: choose the action of least expected cost), with V = value, C = challenge,
D = deny and s = stops:

    allow      p V
    challenge  p (1 - s) V + (1 - p) C
    deny       (1 - p) D

Challenging beats allowing where ``p s V > (1 - p) C``, that is from ``C / (C + s V)``.
Denying beats challenging where ``(1 - p)(D - C) < p (1 - s) V``, from
``(D - C) / (D - C + (1 - s) V)``; denying beats allowing from ``D / (D + V)``.
"""

from dataclasses import dataclass, replace

import numpy as np

from connectors.settings import Settings
from ml.policy import Thresholds
from ml.training.examples import Numbers

PER_ACCOUNTS = 1_000
"""Costs are shown for so many accounts."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a shop says about money, in its currency.

    Attributes:
        value: what one abusive account takes if nothing stops it, above 0.
        challenge: what challenging a good customer costs, above 0.
        deny: what denying a good customer costs, above 0.
        stops: share of abusers whom a challenge stops, above 0, at most 1.
    """

    value: float
    challenge: float
    deny: float
    stops: float

    @property
    def challenge_from(self) -> float:
        """The probability from which a challenge is no dearer than looking on."""
        if self._challenge_never_pays:
            return self._deny_before_allowing
        return self.challenge / (self.challenge + self.stops * self.value)

    @property
    def deny_from(self) -> float:
        """The probability from which to deny is the cheapest; 1 where it never is."""
        if self._challenge_never_pays:
            return self._deny_before_allowing
        return _where_equal(self.deny - self.challenge, (1 - self.stops) * self.value)

    def expected(self, labels: Numbers, probabilities: Numbers, thresholds: Thresholds) -> float:
        """What the accounts would have cost, for each :data:`PER_ACCOUNTS` of them.

        Args:
            labels: 1.0 or 0.0.
            probabilities: of the same accounts, by which they are challenged from ``high``
                and denied from ``critical`` on.
            thresholds: where that begins.
        """
        denied = probabilities >= thresholds.critical
        challenged = (probabilities >= thresholds.high) & ~denied
        lost = np.where(denied, 0.0, np.where(challenged, 1 - self.stops, 1.0)) * self.value
        annoyed = np.where(denied, self.deny, np.where(challenged, self.challenge, 0.0))
        return float(np.mean(np.where(labels == 1.0, lost, annoyed))) * PER_ACCOUNTS

    @property
    def _deny_before_allowing(self) -> float:
        return self.deny / (self.deny + self.value)

    @property
    def _challenge_never_pays(self) -> bool:
        """Whether denying is cheaper already where challenging would begin to pay."""
        challenge_from = self.challenge / (self.challenge + self.stops * self.value)
        return challenge_from >= self._deny_before_allowing


def costs_of(settings: Settings) -> Costs:
    """The costs as they are set."""
    return Costs(
        value=settings.abuse_value,
        challenge=settings.challenge_cost,
        deny=settings.deny_cost,
        stops=settings.challenge_stops,
    )


def _where_equal(lost_on_the_honest: float, saved_on_abusers: float) -> float:
    """The p where ``(1 - p) * lost = p * saved``; 1 where nothing is saved."""
    if saved_on_abusers <= 0:
        return 1.0
    return max(0.0, lost_on_the_honest) / (max(0.0, lost_on_the_honest) + saved_on_abusers)


@dataclass(frozen=True, slots=True)
class CostCurve:
    """What :data:`PER_ACCOUNTS` accounts would cost; arrays of one shape.

    Attributes:
        at: probabilities.
        challenging: if accounts were challenged from there, and denied from ``critical`` on.
        denying: if accounts were denied from there, and challenged from ``high`` on before it.
    """

    at: Numbers
    challenging: Numbers
    denying: Numbers


def cost_curve(
    costs: Costs, labels: Numbers, probabilities: Numbers, chosen: Thresholds
) -> CostCurve:
    """Move each threshold over all probabilities while the other stays as chosen."""
    log_odds = np.linspace(-7, 7, 281)
    at = 1 / (1 + np.exp(-log_odds))
    return CostCurve(
        at=at,
        challenging=np.array(
            [costs.expected(labels, probabilities, replace(chosen, high=p)) for p in at.tolist()]
        ),
        denying=np.array(
            [
                costs.expected(labels, probabilities, replace(chosen, critical=p))
                for p in at.tolist()
            ]
        ),
    )
