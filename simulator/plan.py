"""How much is played, in which time."""

from dataclasses import dataclass
from datetime import timedelta

from connectors.errors import SimulationError
from simulator.packs import Pack, pack_named

LABELLED = 0.6
HISTORY_EVENTS = 5_600
"""Events that make a history of about 3,000 accounts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is played, in which time; make one with :func:`live` or :func:`history`.

    Attributes:
        pack: who comes.
        seed: plays of two seeds have no account in common, nor have a live play and a history.
        span: from the first event's time to the last one's.
        events: sign-ups, redemptions and labels together, about.
        labelled: share of the attackers' accounts that analysts find out by the end, 0-1.
        is_live: event times are the moments of insertion; else they lie in the past.
    """

    pack: Pack
    seed: int
    span: timedelta
    events: int
    labelled: float
    is_live: bool

    def __post_init__(self) -> None:
        if self.events < 1 or self.span <= timedelta():
            raise SimulationError("a play has one event and some duration at least")
        if not 0 <= self.labelled <= 1:
            raise SimulationError(f"the labelled share is {self.labelled}: it lies in 0-1")

    @property
    def name(self) -> str:
        """What everything random of it is derived from."""
        return f"{self.pack.name}/{self.seed}/{'live' if self.is_live else 'history'}"


def live(pack: str, seed: int, rate: float, seconds: float, labelled: float = LABELLED) -> Plan:
    """Traffic of ``rate`` events per second from now on.

    Raises:
        SimulationError: no such pack, or figures that make no play.
    """
    span = timedelta(seconds=seconds)
    return Plan(pack_named(pack), seed, span, round(rate * seconds), labelled, is_live=True)


def history(
    pack: str, seed: int, days: float, events: int = HISTORY_EVENTS, labelled: float = LABELLED
) -> Plan:
    """Traffic of the past days, to be written at full speed.

    Raises:
        SimulationError: no such pack, or figures that make no play.
    """
    return Plan(pack_named(pack), seed, timedelta(days=days), events, labelled, is_live=False)
