"""What must not get worse: the floors of the packs, and of all honest people together. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from simulator.attacks import growing_ring
from simulator.gate.cast import Kind
from simulator.gate.figures import Figures, Share, together
from simulator.honest import placeholders

RINGS = (
    "device_farm",
    "ip_ring",
    "residential_ring",
    "datacentre_burst",
    "email_aliases",
    "recycled_phones",
    "emulator",
    "slow_drip",
    "mixed_ring",
    "unverified_contacts",
    "borrowed_contacts: thieves",
    "catch_all_domain",
    "device_and_ip_only: rings",
)
"""Packs whose accounts share something."""

MEASURED = {
    "fast_redemption_bot": 0.2,
    "account_resale": 0.0,
    "insiders": 0.0,
    "device_and_ip_only: alone": 0.0,
}
"""Share flagged of packs where no signal remains, or hardly one: what was measured, no promise."""

CEILINGS = {
    "firms": (0.05, 0.0),
    "new_firms": (0.15, 0.03),
    "universities": (0.01, 0.0),
    "small_providers": (0.01, 0.0),
    "borrowed_contacts: owners": (0.0, 0.0),
}
"""Share flagged at any time, and denied in the end, of honest packs that look most like an attack.
Of a firm of new customers alone, who redeem one code, it is what was measured; those denied share
the office's address, and are so with or without a domain."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A bound on a share.

    Attributes:
        pack: of which pack.
        what: the figure in words.
        figure: the share.
        bound: in [0, 1].
        is_ceiling: the share may not be above the bound, else not below it.
    """

    pack: str
    what: str
    figure: Callable[[Figures], Share]
    bound: float
    is_ceiling: bool = False


MOST_CHALLENGED, MOST_DENIED = 0.01, 0.002
"""Of all honest accounts together."""

FLOORS: tuple[Floor, ...] = (
    *(Floor(name, "flagged when drained", lambda f: f.flagged, 0.95) for name in RINGS),
    *(
        Floor(
            f"growing_ring: {story.__name__}",
            "flagged when all of it is measured",
            lambda f: f.flagged,
            0.95,
        )
        for story in growing_ring.STORIES
    ),
    Floor(
        "device_farm",
        "third accounts within 24 h flagged at registration",
        lambda f: f.third_within_a_day,
        1.0,
    ),
    Floor(
        "slow_drip",
        "accounts from the sixth on flagged at registration",
        lambda f: f.from_nth(6),
        1.0,
    ),
    Floor(
        "one_verified", "flagged when drained, all but the verified one", lambda f: f.flagged, 0.85
    ),
    *(
        Floor(
            f"placeholders: {story.__name__}",
            "challenged or denied",
            lambda f: f.flagged,
            MOST_CHALLENGED,
            is_ceiling=True,
        )
        for story in placeholders.STORIES
    ),
    Floor("code_stacking", "flagged when drained", lambda f: f.flagged, 0.95),
    *(
        Floor(name, "flagged when drained (as measured)", lambda f: f.flagged, share)
        for name, share in MEASURED.items()
    ),
    *(
        Floor(name, "ever challenged or denied", lambda f: f.ever_flagged, flagged, True)
        for name, (flagged, _) in CEILINGS.items()
    ),
    *(
        Floor(name, "denied", lambda f: f.denied, denied, True)
        for name, (_, denied) in CEILINGS.items()
    ),
)
"""Of single packs."""


@dataclass(frozen=True, slots=True)
class Check:
    """A floor that was looked at."""

    pack: str
    what: str
    measured: Share
    bound: float
    is_ceiling: bool

    @property
    def holds(self) -> bool:
        """Whether it does; of nothing everything holds."""
        value = self.measured.value
        if value is None:
            return True
        return value <= self.bound if self.is_ceiling else value >= self.bound

    def __str__(self) -> str:
        share, bound = self.measured, f"{self.bound:.1%}"
        limit = f"at most {bound}" if self.is_ceiling else f"at least {bound}"
        return f"{self.pack}: {self.what} {share.count} of {share.of}, {limit} wanted"


def checks(found: Sequence[Figures]) -> list[Check]:
    """All floors that apply to a play's packs."""
    by_name = {one.pack.name: one for one in found}
    single = [
        Check(f.pack, f.what, f.figure(by_name[f.pack]), f.bound, f.is_ceiling)
        for f in FLOORS
        if f.pack in by_name
    ]
    return [*single, *_of_honest_people(found)]


def _of_honest_people(found: Sequence[Figures]) -> Iterator[Check]:
    for kind, name in (
        (Kind.HONEST, "all honest packs"),
        (Kind.TWIN_HONEST, "device_and_ip_only: honest"),
    ):
        mine = [one for one in found if one.pack.kind is kind]
        if len(mine) > 1 or (mine and kind is Kind.TWIN_HONEST):  # a single pack is not all
            # Who is denied is challenged all the more.
            challenged = together(found, kind, lambda f: f.flagged)
            yield Check(name, "challenged or denied", challenged, MOST_CHALLENGED, True)
            denied = together(found, kind, lambda f: f.denied)
            yield Check(name, "denied", denied, MOST_DENIED, True)
