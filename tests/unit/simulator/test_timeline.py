"""A play: the same for the same seed, in order, at its rate, with its share of attackers."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from connectors.errors import SimulationError
from simulator.attacks import ATTACKS
from simulator.events import Labelled, Redeemed, SignedUp
from simulator.packs import PACKS, Pack
from simulator.plan import Plan, history, live
from simulator.timeline import Cue, timeline
from tests.unit.simulator.plays import START, cues_of

HISTORY = history("mixed", 7, 30)


@pytest.fixture(scope="module")
def cues() -> Sequence[Cue]:
    return cues_of(HISTORY)


def accounts(cues: Sequence[Cue]) -> dict[str, str]:
    """Role by account."""
    return {cue.event.user_id: cue.role for cue in cues if isinstance(cue.event, SignedUp)}


def test_the_same_plan_and_start_give_the_same_events(cues: Sequence[Cue]) -> None:
    assert tuple(timeline(HISTORY, START)) == cues


def test_another_start_brings_the_same_people(cues: Sequence[Cue]) -> None:
    tomorrow = list(timeline(HISTORY, START + timedelta(days=1)))

    assert accounts(tomorrow) == accounts(cues)


def test_a_longer_play_brings_the_same_people_and_more() -> None:
    short, long = (accounts(cues_of(live("mixed", 7, 50, s))) for s in (20, 60))

    assert len(long) > len(short)
    common = short.keys() & long.keys()
    assert len(common) > 0.9 * len(short)
    assert {user: short[user] for user in common} == {user: long[user] for user in common}


@pytest.mark.parametrize(
    "other",
    [history("mixed", 8, 30), live("mixed", 7, 50, 60), history("ip_ring", 7, 30)],
    ids=["another seed", "a live play", "another pack"],
)
def test_different_plays_have_no_account_mailbox_or_device_in_common(
    cues: Sequence[Cue], other: Plan
) -> None:
    def identities(found: Sequence[Cue]) -> set[str]:
        people = [cue.event.person for cue in found if isinstance(cue.event, SignedUp)]
        return {
            text for p in people for text in (p.user_id, p.email or "", p.device_id, p.phone or "")
        }

    assert not identities(cues) & identities(cues_of(other))


def test_events_come_in_order_within_the_plays_time(cues: Sequence[Cue]) -> None:
    moments = [cue.at for cue in cues]

    assert moments == sorted(moments)
    assert moments[0] == START
    assert moments[-1] < START + HISTORY.span


@pytest.mark.parametrize("plan", [HISTORY, live("mixed", 7, 20, 60), live("ip_ring", 7, 5, 20)])
def test_a_play_has_the_events_that_it_was_asked_for(plan: Plan) -> None:
    assert plan.events <= len(cues_of(plan)) <= plan.events + 40


def test_a_live_play_holds_its_rate() -> None:
    seconds = Counter(
        int((cue.at - START).total_seconds()) for cue in cues_of(live("mixed", 7, 50, 60))
    )

    thirds = [sum(seconds[s] for s in range(first, first + 20)) for first in (0, 20, 40)]
    assert all(750 < count < 1_250 for count in thirds)


@pytest.mark.parametrize("pack", PACKS.values(), ids=lambda pack: pack.name)
def test_every_attack_of_a_pack_gets_its_share(pack: Pack) -> None:
    events = 400 * len(pack.attacks) + 1_600
    roles = Counter(accounts(cues_of(history(pack.name, 7, 60, events))).values())
    attackers = roles.total() - roles["honest"]

    assert roles.keys() == {"honest", *pack.attacks}
    # A ring that takes days does not begin in the last ones.
    assert 0.05 < attackers / roles.total() < 0.08
    assert max(roles[a] for a in pack.attacks) - min(roles[a] for a in pack.attacks) < 15


def test_a_history_has_enough_to_learn_from(cues: Sequence[Cue]) -> None:
    roles = Counter(accounts(cues).values())

    assert 2_900 < roles.total() < 3_300
    assert sum(roles[attack] for attack in ATTACKS) > 180


def test_attackers_come_until_the_end(cues: Sequence[Cue]) -> None:
    last_days = [cue for cue in cues if cue.at > START + HISTORY.span - timedelta(days=4)]
    roles = Counter(accounts(last_days).values())

    assert 0.03 < 1 - roles["honest"] / roles.total() < 0.12


def test_no_ring_is_divided_by_the_end() -> None:
    for seed in range(20):
        plan = live("device_farm", seed, 20, 15)
        devices = Counter(
            cue.event.person.device_id
            for cue in cues_of(plan)
            if cue.role != "honest" and isinstance(cue.event, SignedUp)
        )
        assert all(count >= 6 for count in devices.values())


def test_an_account_redeems_a_code_once_and_after_its_registration(cues: Sequence[Cue]) -> None:
    used = [(c.event.user_id, c.event.promo_code) for c in cues if isinstance(c.event, Redeemed)]
    assert len(set(used)) == len(used)

    signed_up: set[str] = set()
    for cue in cues:
        if isinstance(cue.event, SignedUp):
            signed_up.add(cue.event.user_id)
        else:
            assert cue.event.user_id in signed_up


def test_analysts_find_out_a_share_of_the_attackers_after_their_last_event(
    cues: Sequence[Cue],
) -> None:
    roles = accounts(cues)
    labelled = [cue.event.user_id for cue in cues if isinstance(cue.event, Labelled)]
    attackers = sum(role != "honest" for role in roles.values())

    assert len(set(labelled)) == len(labelled)
    assert all(roles[user] != "honest" for user in labelled)
    assert 0.5 < len(labelled) / attackers < 0.7
    last = {cue.event.user_id: cue.event for cue in cues}
    assert all(isinstance(last[user], Labelled) for user in labelled)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.0), (1.0, 1.0)])
def test_the_share_of_labelled_attackers_is_a_setting(share: float, expected: float) -> None:
    cues = cues_of(history("mixed", 7, 30, 1_000, share))
    attackers = {user for user, role in accounts(cues).items() if role != "honest"}
    labelled = {cue.event.user_id for cue in cues if isinstance(cue.event, Labelled)}

    assert len(labelled) == expected * len(attackers)


def test_sign_ups_of_a_ring_are_interleaved_with_honest_ones(cues: Sequence[Cue]) -> None:
    roles = [cue.role for cue in cues if isinstance(cue.event, SignedUp)]
    changes = sum(one != next_ for one, next_ in pairwise(roles))

    assert changes > 100


def test_a_pack_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SimulationError, match=r"no pack 'x'.*mixed, device_farm"):
        live("x", 1, 50, 60)


@pytest.mark.parametrize(("rate", "seconds", "share"), [(0, 60, 0.6), (50, 0, 0.6), (50, 60, 1.1)])
def test_figures_that_make_no_play_are_refused(rate: float, seconds: float, share: float) -> None:
    with pytest.raises(SimulationError):
        live("mixed", 1, rate, seconds, share)
