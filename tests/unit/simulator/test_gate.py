"""The gate's arithmetic: waves, what was caught and when, money, floors, the written report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from connectors.errors import SimulationError
from ml.policy import Level
from ml.scorer import Judge
from simulator.events import Event, Moved, Redeemed, SignedUp
from simulator.gate.__main__ import RULES_ALONE, main
from simulator.gate.cast import CAST, GatePack, Kind, Tale, packs_named, tales
from simulator.gate.core import Core
from simulator.gate.document import document, story_of
from simulator.gate.figures import Figures, Share, figures
from simulator.gate.floors import FLOORS, Check, checks
from simulator.gate.ledger import Ledger, Verdict
from simulator.gate.money import values
from simulator.gate.play import play
from simulator.gate.report import Report, markdown, print_report, span, write_report
from simulator.gate.waves import steps, waves
from tests.unit.simulator.plays import START, shared, sign_ups, told

MINUTE = timedelta(minutes=1)
ATTACK = packs_named("device_farm")[0]
HONEST = packs_named("customers")[0]
FIXED, PERCENTAGE = "WELCOME20", "WELCOME10"


def tale(accounts: int, pack: GatePack = ATTACK, code: str = FIXED) -> Tale:
    """Accounts a minute apart, each redeeming half a minute after its sign-up."""
    people = [event.person for n in range(accounts) for event in sign_ups(told(HONEST.story, n))]
    events: list[Event] = []
    for nth, person in enumerate(people):
        at = START + nth * MINUTE
        events += [SignedUp(at, person, at), Redeemed(at + MINUTE / 2, person.user_id, code)]
    return Tale(pack, START, tuple(events))


def judged(told_: Tale, said: Sequence[Sequence[tuple[int, Level]]]) -> Figures:
    """Figures of a tale of which, after its k-th event, so much was said of its accounts."""
    ledger = Ledger([told_], values())
    users = [event.user_id for event in told_.events if isinstance(event, SignedUp)]
    for number, wave in enumerate(waves([told_])):
        ledger.wrote(wave)
        ((_, (event,)),) = wave
        ledger.said(
            [
                Verdict(users[n], isinstance(event, SignedUp) and event.user_id == users[n], level)
                for n, level in said[number]
            ]
        )
    (found,) = figures(ledger)
    return found


QUIET: list[list[tuple[int, Level]]] = [[(0, Level.LOW)], [], [(1, Level.LOW)], [], [], []]


def test_a_wave_holds_the_next_event_of_every_tale() -> None:
    short, long = tale(1), tale(3)

    played = list(waves([short, long]))

    assert [len(wave) for wave in played] == [2, 2, 1, 1, 1, 1]
    assert [step for wave in played for number, step in wave if number == 1] == [
        (event,) for event in long.events
    ]


def test_a_past_is_written_at_once_with_sign_ups_first() -> None:
    story = tales(packs_named("campuses"), [1])[0]

    first, second, *later = steps(story)

    assert {type(event) for event in first} == {SignedUp}
    assert {type(event) for event in second} == {Redeemed}
    assert all(event.happened_at < story.start for event in chain(first, second))
    assert all(len(step) == 1 and step[0].happened_at >= story.start for step in later)


@pytest.mark.parametrize("pack", CAST, ids=lambda pack: pack.name)
def test_every_tale_is_told_in_order_and_its_steps_lose_nothing(pack: GatePack) -> None:
    for story in tales([replace(pack, stories=3)], [1]):
        moments = [event.happened_at for event in story.events]

        assert moments == sorted(moments)
        assert sorted(map(repr, chain.from_iterable(steps(story)))) == sorted(
            map(repr, story.events)
        )
        assert len(list(steps(story))) <= 70


def test_tales_have_nothing_in_common() -> None:
    first, second = (
        [event for story in tales(packs_named("mixed"), [seed]) for event in sign_ups(story.events)]
        for seed in (1, 2)
    )

    for column in ("user_id", "email", "device_id", "phone"):
        mine = {getattr(event.person, column) for event in first} - {None}
        assert not mine & {getattr(event.person, column) for event in second}


def test_the_same_seed_is_the_same_play() -> None:
    assert tales(CAST[:14], [3]) == tales(CAST[:14], [3])


def test_half_a_story_a_seed_is_one_every_second_seed() -> None:
    pack = replace(HONEST, stories=0.5)

    assert [len(tales([pack], [seed])) for seed in range(1, 7)] == [1, 0, 1, 0, 1, 0]


def test_a_pack_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SimulationError, match=r"no pack 'x'.*device_farm.*device_and_ip_only"):
        packs_named("x")


def test_caught_is_who_is_flagged_in_the_end() -> None:
    found = judged(
        tale(3),
        [
            [(0, Level.LOW)], [(0, Level.HIGH)],
            [(1, Level.CRITICAL)], [(0, Level.MEDIUM)],
            [(2, Level.HIGH)], [],
        ],
    )  # fmt: skip

    assert found.flagged == Share(2, 3)
    assert found.challenged == found.denied == Share(1, 3)
    assert found.ever_flagged == Share(3, 3)


def test_at_registration_counts_what_was_said_before_anything_later_happened() -> None:
    found = judged(
        tale(3),
        [
            [(0, Level.LOW)], [],
            [(1, Level.LOW), (0, Level.HIGH)], [(1, Level.HIGH)],
            [(2, Level.HIGH)], [],
        ],
    )  # fmt: skip

    assert found.at_registration == Share(1, 3)
    assert found.first_caught == [3]
    assert found.third_within_a_day == found.from_nth(3) == Share(1, 1)
    assert found.from_nth(2) == Share(1, 2)


def test_time_to_catch_is_event_time_up_to_the_event_that_gave_one_of_them_away() -> None:
    found = judged(tale(3), [[], [], [], [(0, Level.HIGH)], [], []])

    assert found.median_caught_after_s == 90


def test_a_story_that_is_never_caught_is_later_than_all_others() -> None:
    found = judged(tale(3), QUIET)

    assert found.first_caught == [None]
    assert found.median_caught_after_s is None


def test_money_is_saved_where_the_account_was_flagged_before_it_redeemed() -> None:
    found = judged(
        tale(3),
        [
            [(0, Level.LOW)], [(0, Level.HIGH)],
            [(1, Level.HIGH)], [],
            [(2, Level.LOW)], [(2, Level.HIGH)],
        ],
    )  # fmt: skip

    assert (found.saved, found.lost) == (Decimal(20), Decimal(40))


def test_a_redemption_is_worth_what_the_codes_terms_say() -> None:
    assert values()[FIXED] == 20
    assert values()[PERCENTAGE] == 3


def test_an_account_of_which_nothing_is_said_is_named() -> None:
    story = tale(2)
    ledger = Ledger([story], values())
    for wave in waves([story]):
        ledger.wrote(wave)

    assert ledger.unscored() == [e.user_id for e in story.events if isinstance(e, SignedUp)]


def test_who_only_sets_the_scene_is_played_and_not_counted() -> None:
    story = tale(3)
    scene, *others = story.events
    assert isinstance(scene, SignedUp)
    story = replace(story, events=(replace(scene, is_counted=False), *others))

    found = judged(story, QUIET)

    assert found.accounts == 2
    assert found.flagged == Share(0, 2)


def test_the_owners_of_borrowed_contacts_have_verified_them_and_the_others_have_not() -> None:
    (pack,) = packs_named("borrowed_contacts: owners")
    for story in tales([pack], range(1, 4)):
        accounts = sign_ups(story.events)
        (owner,) = [account.person for account in accounts if account.is_counted]
        others = [account.person for account in accounts if not account.is_counted]

        assert owner.is_email_verified
        assert owner.is_phone_verified
        assert {(p.is_email_verified, p.is_phone_verified) for p in others} in (
            {(True, False)},
            {(False, True)},
        )


def test_a_floor_breaks_below_and_a_ceiling_above_its_bound() -> None:
    def check(count: int, is_ceiling: bool) -> Check:
        return Check("p", "flagged", Share(count, 100), 0.95, is_ceiling)

    assert [check(n, False).holds for n in (94, 95)] == [False, True]
    assert [check(n, True).holds for n in (95, 96)] == [True, False]
    assert str(check(94, False)) == "p: flagged 94 of 100, at least 95.0% wanted"


def test_a_missed_farm_breaks_its_floors_and_an_accused_customer_the_ceilings() -> None:
    farm = judged(tale(3), QUIET)
    loud = [[(0, Level.CRITICAL)], [], [], [], [], []]
    customers = judged(tale(3, HONEST), loud)
    regulars = judged(tale(3, packs_named("regulars")[0]), QUIET)

    broken = [check for check in checks([farm, customers, regulars]) if not check.holds]

    assert [(check.pack, check.measured) for check in broken] == [
        ("device_farm", Share(0, 3)),
        ("device_farm", Share(0, 1)),
        ("all honest packs", Share(1, 6)),
        ("all honest packs", Share(1, 6)),
    ]


def test_every_attack_has_a_floor() -> None:
    attacks = {pack.name for pack in CAST if pack.kind.is_attack}

    assert {floor.pack for floor in FLOORS if not floor.is_ceiling} == attacks
    assert {pack.kind for pack in CAST} == set(Kind)


def test_a_report_names_packs_figures_and_broken_floors_in_all_its_forms(tmp_path: Path) -> None:
    found = [judged(tale(3), QUIET), judged(tale(2, HONEST), [[], [], [], []])]
    report = Report(1, RULES_ALONE, 10, found, checks(found))
    console = Console(record=True, width=150)

    print_report(report, console)
    text, data = write_report(report, tmp_path)

    said = console.export_text()
    assert "device_farm: flagged when drained 0 of 3, at least 95.0% wanted" in said
    assert "| device_farm | 3 | 0.0 % | 0.0 % | never, never | never | 0 | 60 | broken |" in (
        text.read_text()
    )
    assert markdown(report) == text.read_text()
    packs = orjson.loads(data.read_bytes())["packs"]
    assert [pack["pack"] for pack in packs] == ["device_farm", "customers"]
    assert packs[0]["lost"] == 60


def test_the_pure_core_plays_a_pack_and_catches_a_farm() -> None:
    ledger = play(Core(Judge()), tales([ATTACK], [1])).ledger

    (found,) = figures(ledger)
    assert found.stories == 3
    assert found.flagged.count == found.accounts > 15
    assert found.saved > found.lost > 0


def test_the_pure_core_follows_an_account_that_moves() -> None:
    (story,) = tales([replace(packs_named("travellers")[0], stories=1)], [1])

    ledger = play(Core(Judge()), [story]).ledger

    assert any(isinstance(event, Moved) for event in story.events)
    assert not ledger.unscored()


def test_the_command_succeeds_when_every_floor_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--core", "--pack", "device_farm", "--seeds", "1"]) == 0

    assert "all 2 floors hold" in capsys.readouterr().out


def test_the_command_fails_and_says_which_floor_a_policy_breaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lax = tmp_path / "lax.toml"
    lax.write_text("[levels]\nhigh = 0.999998\ncritical = 0.999999\n")

    code = main(["--core", "--pack", "device_farm", "--seeds", "1", "--policy", str(lax)])

    said = capsys.readouterr().out
    assert code == 1
    assert "judged by rules alone, by the policy in lax.toml" in said
    assert "broken: device_farm: third accounts within 24 h flagged at registration 0 of 3" in said


def test_the_command_refuses_a_pack_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--core", "--pack", "x"]) == 1

    assert "gate: there is no pack 'x'" in capsys.readouterr().err


def test_times_are_said_in_words() -> None:
    assert [span(s) for s in (None, 5, 90, 7_200, 172_800)] == [
        "never", "5 s", "1.5 min", "2.0 h", "2.0 d",
    ]  # fmt: skip


def test_the_twin_has_the_structure_that_it_says() -> None:
    honest = tales(packs_named("device_and_ip_only: honest"), [1])
    accounts = [len(sign_ups(story.events)) for story in honest]
    pairs = [story for story in honest if len(sign_ups(story.events)) == 2]

    assert 2_650 < sum(accounts) < 2_800
    assert 0.055 < 2 * len(pairs) / sum(accounts) < 0.085
    assert all(shared(sign_ups(story.events)) == {"device"} for story in pairs)


def test_rings_of_the_twin_share_device_and_address_and_redeem_after_a_second() -> None:
    for story in tales(packs_named("device_and_ip_only: rings"), [1]):
        accounts = sign_ups(story.events)

        assert 5 <= len(accounts) <= 20
        assert shared(accounts) == {"device", "ip", "network"}
        assert accounts[-1].at - accounts[0].at < timedelta(days=10)
        used = {e.user_id: e.at for e in story.events if isinstance(e, Redeemed)}
        assert {used[a.user_id] - a.at for a in accounts} == {timedelta(seconds=1)}


def test_the_twin_knows_devices_addresses_and_little_else() -> None:
    for story in tales(packs_named("device_and_ip_only"), [1]):
        person = sign_ups(story.events)[0].person

        known = {name for name in person.__slots__ if getattr(person, name) is not None}
        assert known == {"user_id", "ip_address", "device_id", "user_agent", "gender", "dob"}


@pytest.mark.parametrize("pack", CAST, ids=lambda pack: pack.name)
def test_the_page_tells_every_story_as_its_module_does(pack: GatePack) -> None:
    assert story_of(pack) in Path("docs/attacks.md").read_text()


def test_the_page_explains_the_tables_that_it_shows() -> None:
    found = [judged(tale(3), QUIET)]

    page = document(Report(1, RULES_ALONE, 6, found, checks(found)))

    assert "*Caught*: high or critical" in page
    assert "| device_farm | 3 |" in page
    assert "### device_farm" in page
