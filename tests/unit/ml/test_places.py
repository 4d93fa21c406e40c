"""When sharing an identifier is a ring, and when it is a place."""

from dataclasses import replace

import pytest

from ml.policy import STANDARD, Level, combine
from ml.rules.book import findings
from ml.rules.closeness import concentrated, fading, is_established
from ml.store import DAY_US, Link, LinkedAccount, Neighbourhood
from tests.unit.ml.builders import account, neighbour, neighbourhood, redemption

DAY = 24.0


def level(known: Neighbourhood) -> Level:
    return STANDARD.boundaries.level(combine(0.0, findings(known).reasons))


def came(
    *hours: float, code: str | None = None, agent: str | None = None
) -> tuple[LinkedAccount, ...]:
    """Accounts that signed up at these hours, and redeemed a code if one is named."""
    return tuple(
        LinkedAccount(
            f"n{number:02}",
            neighbour(hours=hour).created_at_us,
            None,
            (redemption(code, 1, number + 2),) if code else (),
            agent=agent,
        )
        for number, hour in enumerate(hours)
    )


def every(days: float, count: int) -> tuple[float, ...]:
    """Sign-ups at a steady pace until the account's own."""
    return tuple(-DAY * days * number for number in range(count, 0, -1))


LIBRARY = came(*every(4, 25))


def test_evidence_fades_to_a_half_and_never_to_nothing() -> None:
    assert fading(0, DAY_US) == 1
    assert fading(DAY_US, DAY_US) == fading(-DAY_US, DAY_US) == 0.5
    assert 0 < fading(1000 * DAY_US, DAY_US) < 0.01


def test_the_third_account_on_a_device_within_a_day_is_challenged_at_its_registration() -> None:
    assert level(neighbourhood(device=came(-20))) is Level.MEDIUM
    assert level(neighbourhood(device=came(-23, -10))) is Level.HIGH


@pytest.mark.parametrize("days", [3, 7, 10])
def test_a_slow_drip_is_challenged_from_its_sixth_account(days: float) -> None:
    assert level(neighbourhood(device=came(*every(days, 5)))) in (Level.HIGH, Level.CRITICAL)


def test_a_second_hand_telephone_is_nobodys_ring() -> None:
    assert level(neighbourhood(device=came(-DAY * 200), phone=came(-DAY * 400))) is Level.LOW


def test_a_librarys_computer_challenges_nobody() -> None:
    assert is_established(neighbourhood(device=LIBRARY), Link.DEVICE)
    assert level(neighbourhood(device=LIBRARY)) in (Level.LOW, Level.MEDIUM)
    reasons = findings(neighbourhood(device=LIBRARY)).reasons
    assert reasons[0].description.endswith("it is shared by strangers")


def test_a_place_is_none_where_an_abuser_was_found() -> None:
    spoilt = (*LIBRARY[:-1], neighbour("eve", -DAY, label=True))

    assert not is_established(neighbourhood(device=spoilt), Link.DEVICE)


def test_a_place_is_none_where_all_redeem_the_same_code() -> None:
    drip = came(*every(4, 25), code="SPRING")
    known = neighbourhood(account(), (redemption("SPRING"),), device=drip)

    assert not is_established(known, Link.DEVICE)
    assert level(known) is Level.CRITICAL


def test_a_place_that_is_suddenly_busy_is_no_excuse() -> None:
    burst = (*LIBRARY[:15], *came(-5, -4, -3, -2, -1))

    assert not is_established(neighbourhood(device=burst), Link.DEVICE)


def test_the_first_visitors_of_a_library_are_excused_once_it_is_one() -> None:
    later = came(*(10 * DAY * number for number in range(1, 20)))

    assert is_established(neighbourhood(device=later), Link.DEVICE)
    assert level(neighbourhood(device=later)) in (Level.LOW, Level.MEDIUM)


def test_of_an_address_what_comes_later_changes_nothing() -> None:
    later = came(*(10 * DAY * number for number in range(1, 20)))
    spoilt = (*LIBRARY, neighbour("eve", 30 * DAY, label=True))

    assert not is_established(neighbourhood(ip=later), Link.IP)
    assert is_established(neighbourhood(ip=spoilt), Link.IP)
    assert not is_established(neighbourhood(device=spoilt), Link.DEVICE)


@pytest.mark.parametrize("link", [Link.PHONE, Link.EMAIL])
def test_a_phone_or_a_mailbox_is_never_a_place(link: Link) -> None:
    assert not is_established(neighbourhood(links={link: LIBRARY}), link)


def test_a_lecture_hall_alone_challenges_nobody() -> None:
    hall = came(*(-0.9 + 0.05 * number for number in range(36)))

    assert level(neighbourhood(ip=hall, network=hall)) in (Level.LOW, Level.MEDIUM)


def test_a_carriers_address_where_some_use_the_popular_code_challenges_nobody() -> None:
    some = came(*(-5 + 2 * number for number in range(5)), code="WELCOME")
    rest = came(*(-5 + 0.25 * number for number in range(40)))
    known = neighbourhood(account(), (redemption("WELCOME"),), ip=(*some, *rest))

    assert level(known) in (Level.LOW, Level.MEDIUM)


def test_friends_in_one_room_with_one_code_are_challenged() -> None:
    friends = came(-0.6, -0.4, -0.2, 0.1, code="WELCOME")
    known = neighbourhood(account(), (redemption("WELCOME"),), ip=friends)

    assert level(known) in (Level.HIGH, Level.CRITICAL)


def test_a_couple_at_home_may_use_one_code_each() -> None:
    known = neighbourhood(account(), (redemption("WELCOME"),), ip=came(-0.2, code="WELCOME"))

    assert level(known) in (Level.LOW, Level.MEDIUM)


def test_one_build_of_a_browser_all_over_a_network_adds_to_the_evidence() -> None:
    own = account(agent="emulator")
    same, other = came(-3, -2, -1, agent="emulator"), came(-3, -2, -1, agent="else")

    codes = [
        {r.code for r in findings(neighbourhood(own, network=n)).reasons} for n in (same, other)
    ]
    assert codes == [{"rule.same_browser_same_network"}, set()]
    assert findings(neighbourhood(account(), network=same)).reasons == ()


def test_what_is_concentrated_weighs_by_its_share_beyond_chance() -> None:
    all_alike = came(*(0,) * 10)

    assert concentrated(neighbourhood(), all_alike, all_alike, DAY_US) == 10
    assert concentrated(neighbourhood(), all_alike[:6], all_alike, DAY_US) == pytest.approx(3)
    assert concentrated(neighbourhood(), all_alike[:2], all_alike, DAY_US) == 0
    assert concentrated(neighbourhood(), (), all_alike, DAY_US) == 0


@pytest.mark.parametrize("minutes", [10, 30, 60, 300])
@pytest.mark.parametrize("code", [None, "WELCOME"])
def test_a_carriers_address_is_a_place_however_busy_and_if_the_shop_has_one_code(
    minutes: float, code: str | None
) -> None:
    strangers = came(*(n * minutes / 60 for n in (*range(-25, 0), *range(1, 26))), code=code)
    known = neighbourhood(account(), (redemption("WELCOME"),), ip=strangers, network=strangers)

    assert level(known) in (Level.LOW, Level.MEDIUM)


def test_a_burst_of_one_code_at_a_new_address_is_no_place() -> None:
    ring = came(*(n / 20 for n in (*range(-25, 0), *range(1, 26))), code="WELCOME")
    known = neighbourhood(account(), (redemption("WELCOME"),), ip=ring)

    assert not is_established(known, Link.IP)
    assert level(known) is Level.CRITICAL


def test_one_abuser_among_many_does_not_spoil_a_carriers_address() -> None:
    strangers = came(*(float(n) for n in range(-25, 0)))
    eve = neighbour("eve", -0.5, label=True)

    assert is_established(neighbourhood(ip=(*strangers, eve)), Link.IP)
    spoilt = tuple(replace(one, label=n % 3 == 0) for n, one in enumerate(strangers))
    assert not is_established(neighbourhood(ip=spoilt), Link.IP)


def test_draining_the_list_of_codes_is_stacking_and_an_evenings_shopping_is_not() -> None:
    def redeemed(*hours: float) -> Neighbourhood:
        return neighbourhood(
            redemptions=tuple(redemption(f"C{n}", hour, n) for n, hour in enumerate(hours))
        )

    assert level(redeemed(2, 2.1, 2.2)) is Level.LOW
    assert level(redeemed(2, 5, 8, 11, 14)) is Level.LOW
    assert level(redeemed(2, 2.1, 2.2, 2.3, 2.4)) is Level.HIGH
