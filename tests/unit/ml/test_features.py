"""What each feature says, and what it must not say yet."""

import math
from dataclasses import replace

import pytest

from ml.features.catalog import CATALOG, COMMON_COLUMNS, NAMES, vector
from ml.features.feature import COMMON_FROM, Available, Common, Fact, Leaning
from ml.rules.closeness import BY_CHANCE, MOST_IN_A_PLACE
from ml.store import STRONG_LINKS, Link, LinkedAccount, Neighbourhood
from tests.unit.ml.builders import (
    MINUTE_US,
    account,
    at,
    neighbour,
    neighbourhood,
    redemption,
)

SHARES = Common(
    {
        Fact.PHONE_SHAPE: {"1:911": 0.99, "0:910": 0.002},
        Fact.EMAIL_DOMAIN: {"example.com": 0.4},
    }
)


def features(known: Neighbourhood, common: Common = SHARES) -> dict[str, float]:
    return dict(zip(NAMES, vector(known, common).tolist(), strict=True))


def excess(share: float) -> float:
    """A share beyond what is alike by chance."""
    return (share - BY_CHANCE) / (1 - BY_CHANCE)


def test_every_feature_has_a_name_and_a_meaning_of_its_own() -> None:
    assert len(set(NAMES)) == len(CATALOG)
    assert len({feature.meaning for feature in CATALOG}) == len(CATALOG)


def test_no_feature_tells_when_in_history_an_account_signed_up() -> None:
    """Absolute time would learn the accidents of a data set, and flag every later customer."""
    early = neighbourhood(account(hours=0), (redemption(hours=1),), device=(neighbour(hours=-1),))
    years = 24 * 366 * 4
    late = neighbourhood(
        account(hours=years),
        (redemption(hours=years + 1),),
        device=(neighbour(hours=years - 1),),
    )

    assert vector(early, SHARES).tolist() == pytest.approx(
        vector(late, SHARES).tolist(), nan_ok=True
    )


@pytest.mark.parametrize("link", STRONG_LINKS)
def test_accounts_on_a_strong_link_count_by_how_close_they_signed_up(link: Link) -> None:
    others = (neighbour("half a month before", -360), neighbour("same", 0))

    assert features(neighbourhood(links={link: others}))[f"{link}_closeness"] == 1.5


def test_who_else_came_to_an_address_is_no_feature_as_long_as_they_do_nothing_alike() -> None:
    alone = neighbourhood(account(agent="a"), ip=(), network=())
    crowd = tuple(neighbour(f"n{n:02}", -0.01 * n) for n in reversed(range(20)))
    crowded = neighbourhood(account(agent="a"), ip=crowd, network=crowd)

    assert vector(alone, SHARES).tolist() == pytest.approx(
        vector(crowded, SHARES).tolist(), nan_ok=True
    )


def test_an_established_place_weighs_little() -> None:
    visitors = tuple(neighbour(f"v{n:02}", -100 * (n + 1)) for n in reversed(range(20)))
    found = features(neighbourhood(device=visitors, phone=visitors))

    assert 0 < found["device_closeness"] <= MOST_IN_A_PLACE < found["phone_closeness"]


def test_a_weight_is_unknown_without_the_identifier_and_zero_with_an_unshared_one() -> None:
    found = features(neighbourhood(device=(), network=()))

    assert found["device_closeness"] == found["same_browser_network"] == 0
    assert math.isnan(found["phone_closeness"])


def test_accounts_that_signed_up_after_the_newest_own_event_do_not_count() -> None:
    others = tuple(neighbour(name, 1) for name in ("one", "other")) + (neighbour("later", 3),)

    found = features(neighbourhood(account(hours=1), (redemption(hours=2),), device=others))

    assert found["device_closeness"] == 2


def test_what_an_analyst_said_of_a_neighbour_is_not_the_models_business() -> None:
    def visitors(label: bool | None) -> Neighbourhood:
        some = tuple(neighbour(f"v{n:02}", -100 * (n + 1)) for n in reversed(range(19)))
        return neighbourhood(device=(*some, neighbour("eve", -0.5, label=label)))

    assert vector(visitors(True), SHARES).tolist() == pytest.approx(
        vector(visitors(None), SHARES).tolist(), nan_ok=True
    )


def test_redemptions_after_the_newest_own_event_do_not_count() -> None:
    mine = redemption("SPRING", hours=2)
    early, late = (
        neighbour(name, redemptions=(redemption("SUMMER", 1, 2), redemption("SPRING", hours, 3)))
        for name, hours in (("early", 1), ("late", 3))
    )

    def same_code(*others: LinkedAccount) -> float:
        return features(neighbourhood(account(), (mine,), device=others))["same_code_device"]

    assert (same_code(early), same_code(late)) == (1, 0)
    assert same_code(early, late) == pytest.approx(excess(0.5))


def test_one_build_of_a_browser_in_a_network_counts_and_with_the_code_more_so() -> None:
    own = account(agent="build")
    others = tuple(
        replace(
            neighbour(f"n{n}", redemptions=(redemption("SPRING", 1, n + 2),) * code), agent=agent
        )
        for n, (agent, code) in enumerate((("build", 1), ("build", 0), ("other", 1), (None, 0)))
    )

    found = features(neighbourhood(own, (redemption("SPRING", 2),), network=others))

    assert found["same_browser_network"] == pytest.approx(2 * excess(2 / 4))
    assert found["same_code_network"] == pytest.approx(2 * excess(2 / 4))
    assert found["same_browser_code_network"] == pytest.approx(1 * excess(1 / 4))


def test_who_has_the_address_in_common_is_no_further_evidence_through_the_network() -> None:
    same = tuple(replace(neighbour(f"n{n}"), agent="build") for n in range(4))
    found = features(neighbourhood(account(agent="build"), ip=same, network=same))

    assert found["same_browser_network"] == 0


def test_codes_within_an_hour_are_counted_once_each() -> None:
    several = tuple(
        redemption(code, hours, n)
        for n, (code, hours) in enumerate((("A", 1), ("B", 1.5), ("A", 1.9), ("C", 5)))
    )

    assert features(neighbourhood(redemptions=several))["most_codes_an_hour"] == 2


def test_the_same_code_is_unknown_without_the_identifier() -> None:
    assert math.isnan(features(neighbourhood(redemptions=(redemption(),)))["same_code_ip"])


def test_rare_values_keep_their_share_and_common_ones_saturate() -> None:
    rare = features(neighbourhood(account(phone_shape="0:910")))
    usual = features(neighbourhood(account(phone_shape="1:911")))
    new = features(neighbourhood(account(phone_shape="9:93")))

    assert rare["phone_shape_share"] == 0.002
    assert usual["phone_shape_share"] == COMMON_FROM
    assert new["phone_shape_share"] == 0


def test_shares_are_unknown_without_the_fact_or_before_a_bundle() -> None:
    known = neighbourhood(account(phone_shape="1:911"))

    assert math.isnan(features(known)["email_domain_share"])
    assert math.isnan(features(known)["first_name_case_share"])
    assert math.isnan(features(known, Common())["phone_shape_share"])


def test_nothing_but_the_shares_depends_on_what_is_common() -> None:
    known = neighbourhood(account(phone_shape="0:910", email_domain="x.org"), device=(neighbour(),))
    differing = [
        column
        for column, (one, other) in enumerate(
            zip(vector(known, SHARES), vector(known, Common()), strict=True)
        )
        if one != other and not (math.isnan(one) and math.isnan(other))
    ]

    assert set(differing) <= set(COMMON_COLUMNS.values())
    assert set(COMMON_COLUMNS) == set(Fact)


def test_an_account_says_its_age_hour_alias_and_kind_of_address() -> None:
    found = features(
        neighbourhood(
            account(
                birth_year=1990, hour=23, timezone="UTC", email_is_alias=True, ip_is_private=False
            )
        )
    )

    assert found["age_years"] == 33
    assert found["signup_hour"] == 23
    assert found["email_is_alias"] == 1
    assert found["ip_is_private"] == 0


def test_what_an_account_does_not_say_is_unknown() -> None:
    found = features(neighbourhood())

    assert all(math.isnan(found[name]) for name in ("age_years", "email_is_alias", "ip_is_private"))


@pytest.mark.parametrize("timezone", [None, "Else/Where", ""])
def test_the_hour_on_an_unknown_clock_is_unknown(timezone: str | None) -> None:
    assert math.isnan(features(neighbourhood(account(hour=3, timezone=timezone)))["signup_hour"])


def test_verification_counts_from_the_first_redemption_on() -> None:
    profile = account(is_email_verified=False, is_phone_verified=True)
    fresh = features(neighbourhood(profile))
    redeemed = features(neighbourhood(profile, (redemption(),)))

    assert math.isnan(fresh["email_verified"])
    assert math.isnan(fresh["phone_verified"])
    assert redeemed["email_verified"] == 0
    assert redeemed["phone_verified"] == 1
    unknown = features(neighbourhood(account(), (redemption(),)))
    assert math.isnan(unknown["email_verified"])
    assert math.isnan(unknown["phone_verified"])


def test_the_wait_for_the_first_redemption_saturates_at_half_an_hour() -> None:
    def waited(hours: float) -> float:
        known = neighbourhood(redemptions=(redemption(hours=hours), redemption(hours=9000)))
        return features(known)["seconds_to_first_redemption"]

    assert waited(0.25) == 15 * MINUTE_US / 1_000_000
    assert waited(0.5) == waited(8000) == 1800
    assert waited(-1) == -3600


def test_redemptions_are_counted_from_the_start() -> None:
    assert features(neighbourhood())["redemptions"] == 0
    assert features(neighbourhood(redemptions=(redemption(), redemption())))["redemptions"] == 2


def test_features_of_redemptions_are_unknown_before_the_first() -> None:
    known = neighbourhood(account(is_email_verified=True), device=(neighbour(),), ip=())
    found = features(known)

    assert all(
        math.isnan(found[feature.name])
        for feature in CATALOG
        if feature.available is Available.REDEMPTION
    )


def test_sharing_more_never_speaks_for_an_account() -> None:
    leanings = {feature.name: feature.leaning for feature in CATALOG}

    sharing = [name for name in NAMES if name.endswith("_closeness") or "same_" in name]
    assert {leanings[name] for name in sharing} == {Leaning.INCRIMINATES}


def test_the_as_of_moment_is_the_newest_own_event() -> None:
    assert neighbourhood(account(hours=5)).as_of_us == at(5)
    assert neighbourhood(account(hours=5), (redemption(hours=7),)).as_of_us == at(7)
    assert neighbourhood(account(hours=5), (redemption(hours=2),)).as_of_us == at(5)
