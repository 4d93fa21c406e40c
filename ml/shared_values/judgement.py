"""Whether a shared value identifies anybody, by what was measured. Pure.

It identifies nobody where the accounts came steadily over a long time and are unlike in everything
else that the shop knows of them. Whoever wants to look so needs a mailbox at an ordinary provider,
a number, an address, a browser and a pace of its own for each account, and has a hundred of them
denied before anything is said. He who has all that could as well have a device for each, so he
gains nothing; what he saves is what the bounds look for, and what else links the accounts (a phone
that was used three times) still does.

There are two sets of bounds: :data:`DECIDE` has to hold before anything is said; :data:`KEEP`,
which is wider, for as long as it stands, so that some look-alikes on top of many strangers do not
have all of these denied.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ml.shared_values.figures import Concentration, Figures, Habit
from ml.store import LARGE, Link

_WORDS = {
    Link.DEVICE: "device",
    Link.PHONE: "phone",
    Link.EMAIL: "mailbox",
    Link.IP: "address",
    Link.NETWORK: "network",
}

_PERSONAL = (Link.DEVICE, Link.PHONE, Link.EMAIL, Link.IP)
"""A network is no further identifier beside the address that lies in it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What has to hold; all are policy choices, held by the packs of the gate.

    Attributes:
        accounts: so many came steadily.
        days: on so many days.
        kinds: of so many other kinds of identifier most accounts have one.
        distinct: different values for each account that has one; of addresses and networks
            fewer, because carriers and campuses are many people's.
        distinct_addresses, distinct_networks: the same of these.
        counted: where so few have one, it says nothing.
        concentrated: so large a share may always have a habit in common.
        when_unknown: the same where nobody knows what is usual, by habit.
        beyond: of the room above what is usual this much may be taken, too.
        slack: or this much.
        abusers: so many may be known abusers.
    """

    accounts: int
    days: int
    kinds: int = 2
    distinct: float = 0.8
    distinct_addresses: float = 0.5
    distinct_networks: float = 0.3
    counted: int = 20
    concentrated: float = 0.5
    when_unknown: Mapping[Habit, float] = field(
        default_factory=lambda: {
            Habit.CODE: 0.8,
            Habit.BROWSER: 0.5,
            Habit.DOMAIN: 0.8,
            Habit.SPEED: 0.5,
            Habit.PROOF: 1.0,
        }
    )
    beyond: float = 0.3
    slack: float = 0.05
    abusers: float = 0.1


DECIDE = Bounds(accounts=LARGE, days=14)
KEEP = Bounds(
    accounts=LARGE // 2,
    days=14,
    distinct=0.5,
    distinct_addresses=0.3,
    distinct_networks=0.2,
    concentrated=0.7,
    when_unknown={
        Habit.CODE: 0.9,
        Habit.BROWSER: 0.7,
        Habit.DOMAIN: 0.9,
        Habit.SPEED: 0.7,
        Habit.PROOF: 1.0,
    },
    beyond=0.6,
    slack=0.1,
    abusers=0.25,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the value identifies somebody, and why, in words for people."""

    identifies: bool
    why: str


def judge(figures: Figures, is_nobodys: bool) -> Judgement:
    """What follows from the figures.

    Args:
        figures: as measured.
        is_nobodys: whether the measurement says so far that it identifies nobody.
    """
    against = list(_objections(figures, KEEP if is_nobodys else DECIDE))
    if against:
        return Judgement(True, "; ".join(against))
    pace = figures.pace
    unlike = ", ".join(
        f"{_WORDS[link]} {found.distinct:.0%}" for link, found in figures.varieties.items()
    )
    alike = ", ".join(f"{habit} {found.share:.0%}" for habit, found in _shown(figures))
    return Judgement(
        False,
        f"{pace.accounts} accounts on {pace.days} days; different values: {unlike};"
        f" most in common: {alike}; known abusers {figures.abusers:.0%}",
    )


def _shown(figures: Figures) -> Iterator[tuple[Habit, Concentration]]:
    return ((habit, found) for habit, found in figures.concentrations.items() if found.share)


def _objections(figures: Figures, bounds: Bounds) -> Iterator[str]:
    """Why it is not nobody's."""
    pace = figures.pace
    if pace.steady < bounds.accounts:
        yield f"{pace.steady} accounts came steadily, {bounds.accounts} wanted"
    if pace.days < bounds.days:
        yield f"they came on {pace.days} days, {bounds.days} wanted"
    yield from _alike_in_identifiers(figures, bounds)
    for habit, found in _shown(figures):
        most = _most(habit, found, bounds)
        if found.share > most:
            yield f"{found.share:.0%} have one {habit} in common, at most {most:.0%} wanted"
    if figures.abusers > bounds.abusers:
        yield f"{figures.abusers:.0%} are known abusers, at most {bounds.abusers:.0%} wanted"


def _alike_in_identifiers(figures: Figures, bounds: Bounds) -> Iterator[str]:
    usual = [link for link in _PERSONAL if _have_most(figures, link)]
    if len(usual) < bounds.kinds:
        yield (
            f"most have {len(usual)} other kinds of identifier, {bounds.kinds} are needed to tell"
        )
    floors = {Link.IP: bounds.distinct_addresses, Link.NETWORK: bounds.distinct_networks}
    for link, found in figures.varieties.items():
        least = floors.get(link, bounds.distinct)
        if found.counted >= bounds.counted and found.distinct < least:
            yield f"{found.distinct:.0%} different values of {_WORDS[link]}, {least:.0%} wanted"


def _have_most(figures: Figures, link: Link) -> bool:
    return link in figures.varieties and figures.varieties[link].having >= 0.5


def _most(habit: Habit, found: Concentration, bounds: Bounds) -> float:
    """The largest share that is no sign: not more than is usual, or than strangers may have."""
    if found.usual is None:
        return bounds.when_unknown[habit]
    room = max(bounds.slack, bounds.beyond * (1 - found.usual))
    return max(bounds.concentrated, found.usual + room)
