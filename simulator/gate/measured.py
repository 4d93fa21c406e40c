"""Values that a tale's accounts share, measured once all is played, as the monitor does.

Each tale is a shop of its own: what is usual there is what its other accounts do. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors import events as row
from connectors.columns import microseconds
from connectors.profile import Hasher, Profile, profile
from connectors.promo_codes import canonical_code
from ml.shared_values.figures import figures
from ml.shared_values.judgement import Judgement, judge
from ml.shared_values.sharers import pace_of, sharer
from ml.store import LARGE, STRONG_LINKS, Link, identifiers
from simulator.events import Event, Redeemed, SignedUp
from simulator.gate.cast import Tale
from simulator.gate.rows import registration


@dataclass(slots=True)
class PlayedAccount:
    """An account of a tale: profile, label and ``(code, used_at_us)`` of what it redeemed."""

    profile: Profile
    label: bool | None
    redemptions: list[tuple[str, int]] = field(default_factory=list)


def accounts(events: Iterable[Event], hashed: Hasher) -> list[PlayedAccount]:
    """The accounts that some events tell of, sign-ups first."""
    found: dict[str, PlayedAccount] = {}
    for event in events:
        if isinstance(event, SignedUp):
            known = profile(registration(event), hashed)
            found[event.user_id] = PlayedAccount(known, event.is_abuser)
        elif isinstance(event, Redeemed) and event.used:
            redeemed = canonical_code(event.promo_code), microseconds(event.happened_at)
            found[event.user_id].redemptions.append(redeemed)
    return list(found.values())


def judgements(played: Sequence[PlayedAccount]) -> Iterator[tuple[Link, str, int, Judgement]]:
    """Kind, hash, accounts and judgement of each value that :data:`ml.store.LARGE` share."""
    for (kind, hashed), mine in _large(played).items():
        having = {one.profile.user_id for one in mine}
        others = [one for one in played if one.profile.user_id not in having]
        found = figures(
            kind,
            pace_of(one.profile.created_at_us for one in mine),
            [sharer(kind, one.profile, one.label, one.redemptions) for one in mine],
            [sharer(kind, one.profile, one.label, one.redemptions) for one in others],
        )
        yield kind, hashed, len(mine), judge(found, is_nobodys=False)


def decisions(
    tales: Iterable[Tale], hashed: Hasher, now_us: int
) -> Iterator[row.IdentifierDecided]:
    """What is said of the tales' values: which of them identify nobody."""
    for tale in tales:
        for kind, value, count, judgement in judgements(accounts(tale.events, hashed)):
            if not judgement.identifies:
                yield row.IdentifierDecided(
                    kind.value,
                    value,
                    row.Authority.MEASUREMENT,
                    False,
                    row.Origin(now_us, now_us),
                    row.Authority.MEASUREMENT.value,
                    judgement.why,
                    count,
                )


def _large(played: Sequence[PlayedAccount]) -> Mapping[tuple[Link, str], list[PlayedAccount]]:
    having: defaultdict[tuple[Link, str], list[PlayedAccount]] = defaultdict(list)
    for one in played:
        for link, value in identifiers(one.profile).items():
            if link in STRONG_LINKS:
                having[link, value].append(one)
    return {place: mine for place, mine in having.items() if len(mine) >= LARGE}
