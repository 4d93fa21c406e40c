"""What each rule finds, how much that weighs, and what no rule may do."""

import pytest

from ml.policy import STANDARD, Action, Level, action_of, combine
from ml.reasons import Reason
from ml.rules.book import RULES, Findings, findings
from ml.rules.rule import plural, saturating
from ml.store import Link, LinkedAccount, Neighbourhood
from tests.unit.ml.builders import (
    account,
    at,
    neighbour,
    neighbourhood,
    neighbours,
    redemption,
)


def found(known: Neighbourhood) -> dict[str, Reason]:
    return {reason.code.removeprefix("rule."): reason for reason in findings(known).reasons}


def level(known: Neighbourhood) -> Level:
    return STANDARD.boundaries.level(combine(0.0, findings(known).reasons))


def test_an_account_of_its_own_has_no_findings() -> None:
    assert findings(neighbourhood(device=(), ip=(), email=(), phone=(), network=())) == Findings(
        (), ()
    )


@pytest.mark.parametrize(
    ("link", "rule"),
    [("device", "shared_device"), ("phone", "shared_phone"), ("email", "shared_mailbox")],
)
def test_a_shared_strong_identifier_names_the_other_accounts(link: str, rule: str) -> None:
    reason = found(neighbourhood(account(hours=2), links={Link(link): (neighbour("ben", 1),)}))[
        rule
    ]

    assert [(e.user_id, e.through, e.since_us) for e in reason.evidence] == [
        ("ben", Link(link), at(2))
    ]
    assert reason.description.startswith("1 other account on the same ")


def test_an_address_or_network_shared_over_years_is_no_finding() -> None:
    assert found(neighbourhood(ip=neighbours(20, -5000), network=neighbours(50, -5000))) == {}


def test_three_sign_ups_from_one_address_within_an_hour_are_a_burst() -> None:
    assert "ip_burst" not in found(neighbourhood(ip=neighbours(1)))
    assert found(neighbourhood(ip=neighbours(2)))["ip_burst"].description == (
        "2 other accounts signed up on the same IP address within an hour of this one"
    )
    assert "ip_burst" not in found(neighbourhood(ip=neighbours(2, hours=1.1)))


def test_six_sign_ups_from_one_network_within_an_hour_are_a_burst() -> None:
    assert "network_burst" not in found(neighbourhood(network=neighbours(4)))
    assert "network_burst" in found(neighbourhood(network=neighbours(5, hours=-0.5)))


def test_a_code_redeemed_again_on_one_device_is_abuse_and_fades_over_months() -> None:
    def known(hours: float) -> Neighbourhood:
        other = neighbour("ben", hours, redemptions=(redemption("SPRING", 2, 2),))
        return neighbourhood(account(), (redemption("SPRING"),), device=(other,))

    assert found(known(-1))["same_code_same_device"].contribution == pytest.approx(0.6, abs=0.01)
    assert level(known(-1)) is Level.HIGH
    assert level(known(-180 * 24)) is Level.LOW


def test_different_codes_on_one_device_are_not_the_same_code() -> None:
    other = neighbour(redemptions=(redemption("SUMMER"),))

    assert "same_code_same_device" not in found(
        neighbourhood(redemptions=(redemption("SPRING"),), device=(other,))
    )


def test_a_code_redeemed_again_behind_one_address_counts_within_a_day() -> None:
    def reasons(hours: float) -> dict[str, Reason]:
        other = neighbour("ben", hours, redemptions=(redemption("SPRING", 1, 2),))
        return found(neighbourhood(redemptions=(redemption("SPRING"),), ip=(other,)))

    assert "same_code_same_ip" in reasons(-24)
    assert "same_code_same_ip" not in reasons(-24.1)


def test_a_known_abuser_reaches_who_shares_a_strong_identifier() -> None:
    abuser, honest = neighbour("eve", label=True), neighbour("ben", label=False)

    assert level(neighbourhood(phone=(abuser,))) is Level.HIGH
    assert found(neighbourhood(phone=(abuser, honest)))["linked_to_abuser"].description == (
        "shares a device or phone with 1 known abuser"
    )
    assert "linked_to_abuser" not in found(neighbourhood(phone=(honest, neighbour("unknown"))))
    assert "linked_to_abuser" not in found(neighbourhood(ip=(abuser,), network=(abuser,)))


def test_a_known_abuser_behind_the_same_mailbox_or_address_does_not_challenge_alone() -> None:
    eve = neighbour("eve", -1, label=True)

    for known in (neighbourhood(email=(eve,)), neighbourhood(ip=(eve,))):
        assert level(known) is not Level.LOW or "near_abuser" in found(known)
        assert action_of(level(known)) is Action.ALLOW


def test_an_abuser_linked_twice_counts_once_with_both_links_as_evidence() -> None:
    abuser = neighbour("eve", label=True)
    reason = found(neighbourhood(device=(abuser,), phone=(abuser,)))["linked_to_abuser"]

    assert reason.contribution == pytest.approx(0.7)
    assert {evidence.through for evidence in reason.evidence} == {Link.DEVICE, Link.PHONE}


@pytest.mark.parametrize("others", [1, 2, 3, 10, 50])
def test_a_shared_mailbox_alone_never_challenges(others: int) -> None:
    known = neighbourhood(account(email_is_alias=False), email=neighbours(others, -1000))

    assert action_of(level(known)) is Action.ALLOW


def test_aliases_of_one_mailbox_challenge_from_the_third_account() -> None:
    alias = account(email_is_alias=True)

    assert "aliased_mailbox" not in found(neighbourhood(alias, email=()))
    assert level(neighbourhood(alias, email=neighbours(1, -1))) is Level.MEDIUM
    assert level(neighbourhood(alias, email=neighbours(2, -1))) is Level.HIGH


def _redeemer(
    user_id: str, code: str = "SPRING", device: str | None = None, hours: float = -5_000
) -> LinkedAccount:
    return LinkedAccount(user_id, at(hours), None, (redemption(code),), device)


def test_an_account_that_joins_two_redeemers_of_a_code_is_challenged_whenever_they_came() -> None:
    anna, cleo = _redeemer("anna", device="d1"), _redeemer("cleo", device="d2", hours=-9_000)
    known = neighbourhood(account("ben"), device=(anna,), phone=(cleo,))

    reason = found(known)["bridges_redemptions"]
    assert [(one.user_id, one.through) for one in reason.evidence] == [
        ("anna", Link.DEVICE), ("cleo", Link.PHONE),
    ]  # fmt: skip
    assert reason.description.startswith("joins 2 accounts that redeemed the same code")
    assert level(known) is Level.HIGH
    as_new = neighbourhood(
        account("ben"), device=(_redeemer("anna", hours=0),), phone=(_redeemer("cleo", hours=0),)
    )
    assert action_of(level(as_new)) is Action.CHALLENGE


@pytest.mark.parametrize(
    "linked",
    [
        {"device": (_redeemer("anna"),), "phone": (_redeemer("cleo", "SUMMER"),)},
        {"device": (_redeemer("anna"), _redeemer("cleo"))},
        {"device": (_redeemer("anna"), _redeemer("cleo")), "phone": (_redeemer("cleo"),)},
        {"email": (_redeemer("anna", device="d9"),), "phone": (_redeemer("cleo", device="d9"),)},
        {"device": (_redeemer("anna"),), "ip": (_redeemer("cleo"),)},
        {"device": (_redeemer("anna"),), "phone": (neighbour("cleo"),)},
        {"device": (_redeemer("anna"),), "phone": (_redeemer("anna"),)},
    ],
)
def test_nobody_bridges_those_who_share_something_or_no_code(
    linked: dict[str, tuple[LinkedAccount, ...]],
) -> None:
    links = {Link(kind): accounts for kind, accounts in linked.items()}

    assert "bridges_redemptions" not in found(neighbourhood(account("ben"), links=links))


def test_a_place_is_no_bridge() -> None:
    library = tuple(_redeemer(f"n{n:02}", f"CODE{n}", f"d{n}", -1_000 - 99 * n) for n in range(12))
    phone = (_redeemer("cleo", "CODE3", "d-own"),)

    assert "bridges_redemptions" not in found(neighbourhood(device=library, phone=phone))
    assert "bridges_redemptions" in found(neighbourhood(device=library[:7], phone=phone))


@pytest.mark.parametrize("minutes", [0.5, 1, 15])
def test_speed_alone_never_leaves_the_lowest_level(minutes: float) -> None:
    known = neighbourhood(redemptions=(redemption(hours=minutes / 60),))

    assert "fast_redemption" in found(known)
    assert level(known) is Level.LOW


def test_what_no_person_can_type_is_looked_at_and_not_challenged_alone() -> None:
    known = neighbourhood(redemptions=(redemption(hours=1 / 3600),))

    assert {"fast_redemption", "instant_redemption"} == found(known).keys()
    assert level(known) is Level.MEDIUM


def test_a_fast_redemption_says_how_fast() -> None:
    assert found(neighbourhood(redemptions=(redemption(hours=0),)))[
        "fast_redemption"
    ].description.endswith("0 s after signing up")
    assert found(neighbourhood(redemptions=(redemption(hours=0.2),)))[
        "fast_redemption"
    ].description.endswith("12 min after signing up")


@pytest.mark.parametrize("hours", [-0.01, 0.26, 100])
def test_a_redemption_before_the_sign_up_or_later_on_is_not_fast(hours: float) -> None:
    assert "fast_redemption" not in found(neighbourhood(redemptions=(redemption(hours=hours),)))


@pytest.mark.parametrize(
    ("seconds", "email", "phone", "challenged"),
    [
        (10, False, False, True),
        (10, False, None, True),
        (10, None, None, False),
        (10, True, False, False),
        (10, False, True, False),
        (16, False, False, False),
        (1, False, False, True),
    ],
)
def test_a_script_is_faster_than_people_and_has_verified_nothing(
    seconds: int, email: bool | None, phone: bool | None, challenged: bool
) -> None:
    profile = account(is_email_verified=email, is_phone_verified=phone)
    known = neighbourhood(profile, (redemption(hours=seconds / 3600),))

    assert ("scripted_redemption" in found(known)) == challenged
    assert (level(known) is Level.HIGH) == challenged  # and never denied


def test_no_rule_speaks_of_what_is_merely_odd() -> None:
    odd = account(
        phone_shape="0:93-193", first_name_case="lower", email_domain="odd.com", birth_year=1900
    )

    assert findings(neighbourhood(odd, (redemption(hours=900),))) == Findings((), ())


def test_findings_come_heaviest_first_with_ties_by_name() -> None:
    reasons = findings(
        neighbourhood(device=(neighbour(),), phone=(neighbour(),), email=(BEN,))
    ).reasons

    assert [reason.code for reason in reasons] == [
        "rule.shared_device",
        "rule.shared_phone",
        "rule.shared_mailbox",
    ]


BEN = LinkedAccount("ben", at(0), None, ())


def test_every_rule_has_a_name_and_a_reason_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len({rule.why for rule in RULES}) == len(RULES)


def test_each_further_account_halves_what_is_missing() -> None:
    assert [saturating(0.5, others) for others in range(4)] == [0, 0.5, 0.75, 0.875]
    assert [saturating(0.2, others, 0.5) for others in range(3)] == [0, 0.2, 0.35]


def test_counts_are_worded_in_singular_and_plural() -> None:
    assert [plural(1, "account"), plural(2, "account")] == ["1 account", "2 accounts"]


def test_only_rules_about_the_account_itself_can_apply_to_one_that_shares_nothing() -> None:
    known = neighbourhood(
        account(agent="a", email_is_alias=True, is_email_verified=False),
        tuple(redemption(f"C{n}", n / 1_000, n) for n in range(6)),
        links=dict.fromkeys(Link, ()),
    )

    applying = {rule.name for rule in RULES if rule.condition(known) is not None}
    assert applying == {rule.name for rule in RULES if rule.alone}
