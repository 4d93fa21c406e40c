"""Nobody is suspected for what is unknown of them, unless the history tells what that means."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.profile import Profile
from ml.bundle import Bundle, Model
from ml.features.catalog import NAMES, vector
from ml.neutral import Neutral, unknown
from ml.policy import ALERTED, Level, Thresholds
from ml.scorer import Judge, Risk, score
from ml.store import Neighbourhood, identifiers
from ml.training.examples import examples_of
from ml.training.fit import learn
from ml.training.replay import replay
from ml.training.unknown import LEAST_ACCOUNTS
from tests.unit.ml.builders import neighbourhood, redemption
from tests.unit.ml.bundles import bundle
from tests.unit.ml.telling_shop import FACTS, Without, lacking, ordinary, telling_shop

MOST_ODDS = 2.0
"""What an unknown fact may at most do to the odds of an ordinary account."""

SILENT = (*((fact,) for fact in FACTS), tuple(FACTS))
OF_FACTS = {
    "phone": ("phone_closeness", "same_code_phone", "phone_shape_share", "phone_verified"),
    "e-mail": (
        "email_closeness",
        "same_code_email",
        "email_domain_share",
        "email_is_alias",
        "email_verified",
    ),
    "first name": ("first_name_case_share",),
    "last name": ("last_name_case_share",),
    "date of birth": ("age_years",),
    "device": ("device_closeness", "same_code_device"),
    "IP address": (
        "same_code_ip",
        "same_code_network",
        "same_browser_network",
        "same_browser_code_network",
        "ip_is_private",
    ),
    "user agent": ("user_agent_family_share",),
    "time zone": ("signup_hour",),
}
"""The features that are unknown without a fact."""


NOBODY = Without()


@cache
def model(without: Without = NOBODY) -> Model:
    """A model taught by a shop."""
    examples = examples_of(replay(telling_shop(without)))
    learned = learn(examples, examples.everyone, threads=1)
    made: Bundle = replace(
        bundle(),
        common=learned.common,
        thresholds=Thresholds(0.3, 0.5, 0.9),
        model=learned.booster.model_to_string(),
        neutral=learned.neutral,
    )
    return Model(made)


def known(profile: Profile, has_redeemed: bool = True) -> Neighbourhood:
    """An account that shares nothing, and redeemed half an hour after its sign-up."""
    made = neighbourhood(profile, (redemption("C1", 0.5),) if has_redeemed else ())
    return replace(made, linked=dict.fromkeys(identifiers(profile), ()))


def judged(profile: Profile, by: Model, has_redeemed: bool = True) -> Risk:
    (risk,) = score([known(profile, has_redeemed)], Judge(by))
    return risk


def odds(profile: Profile, by: Model, has_redeemed: bool = True) -> float:
    row = vector(known(profile, has_redeemed), by.bundle.common)
    (probability,) = by.probabilities(row.reshape(1, -1))
    return float(probability / (1 - probability))


def named(risk: Risk) -> set[str]:
    """The features that reasons name."""
    return {reason.code.removeprefix("model.") for reason in risk.reasons}


def test_the_shop_teaches_what_is_odd() -> None:
    odd = judged(ordinary(phone_shape="0:93-193"), model())

    assert odd.level in ALERTED
    assert named(odd) == {"phone_shape_share"}
    assert judged(ordinary(), model()).level is Level.LOW


@pytest.mark.parametrize("has_redeemed", [False, True])
@pytest.mark.parametrize("silent", SILENT, ids=" ".join)
def test_what_nobody_ever_lacked_is_neutral_where_it_is_unknown(
    silent: tuple[str, ...], has_redeemed: bool
) -> None:
    anna = ordinary(**lacking(*silent))
    risk = judged(anna, model(), has_redeemed)

    assert odds(anna, model(), has_redeemed) <= MOST_ODDS * odds(ordinary(), model(), has_redeemed)
    assert (risk.level, risk.reasons) == (Level.LOW, ())


def test_without_neutral_values_the_unknown_would_be_the_oddest_there_is() -> None:
    made = model().bundle
    anna = ordinary(**lacking("phone", "e-mail", "first name", "last name"))

    assert judged(anna, Model(replace(made, neutral=Neutral({})))).level in ALERTED


@pytest.mark.parametrize("fact", FACTS)
def test_an_unknown_fact_is_unknown_in_the_vector_and_so_published(fact: str) -> None:
    before = judged(ordinary(), model()).features
    after = judged(ordinary(**lacking(fact)), model()).features

    assert None not in before.values()
    assert {name for name in NAMES if after[name] is None} == set(OF_FACTS[fact]) - (
        # Nobody is known to have the same browser, whichever it is.
        {"same_browser_network", "same_browser_code_network"} if fact == "user agent" else set()
    )


@given(
    left_out=st.sets(st.sampled_from(list(FACTS))),
    odd=st.fixed_dictionaries(
        {},
        optional={
            "phone_shape": st.just("0:93-193"),
            "email_domain": st.just("throwaway.example"),
            "first_name_case": st.just("lower"),
            "birth_year": st.just(1920),
            "user_agent_family": st.just("curl"),
        },
    ),
)
def test_no_reason_names_what_was_left_out_and_leaving_out_never_accuses(
    left_out: set[str], odd: dict[str, object]
) -> None:
    told = ordinary(**odd)
    silent = ordinary(**{**odd, **lacking(*left_out)})
    risk = judged(silent, model())

    assert not named(risk) & {feature for fact in left_out for feature in OF_FACTS[fact]}
    assert odds(silent, model()) <= MOST_ODDS * odds(told, model())


def test_too_few_accounts_without_a_fact_teach_nothing() -> None:
    few = Without(("phone",), abusers=LEAST_ACCOUNTS - 1)
    risk = judged(ordinary(**lacking("phone")), model(few))

    assert (risk.level, risk.reasons) == (Level.LOW, ())
    assert "phone_shape_share" in with_values(few)


def with_values(without: Without) -> set[str]:
    """The features with a neutral value."""
    neutral = model(without).bundle.neutral
    assert neutral is not None
    return set(neutral.values)


def test_where_enough_abusers_leave_it_out_the_model_learns_so_and_says_it_is_unknown() -> None:
    many = Without(("phone",), abusers=LEAST_ACCOUNTS)
    risk = judged(ordinary(**lacking("phone")), model(many))

    assert risk.level in ALERTED
    assert any(reason.description.endswith(": unknown") for reason in risk.reasons)
    assert "phone_shape_share" not in with_values(many)
    # Not having redeemed yet is something else than a phone of which nobody says anything.
    assert "seconds_to_first_redemption" in with_values(many)


def test_where_honest_accounts_leave_it_out_too_it_accuses_nobody() -> None:
    both = Without(("phone", "e-mail"), honest=120)
    anna = ordinary(**lacking("phone", "e-mail"))

    assert odds(anna, model(both)) <= MOST_ODDS * odds(ordinary(), model(both))
    assert judged(ordinary(phone_shape="0:93-193"), model(both)).level in ALERTED


def test_what_no_account_ever_told_has_no_neutral_value_and_no_part() -> None:
    never = Without(("time zone",), abusers=10_000, honest=10_000)

    assert "signup_hour" not in with_values(never)


def test_the_training_sees_unknown_facts_as_scoring_does() -> None:
    without = Without(("phone", "date of birth"), abusers=9, honest=9)
    examples = examples_of(replay(telling_shop(without)))
    learned = learn(examples, examples.everyone, threads=1)
    vectors = examples.vectors(learned.common)

    assert unknown(vectors).any()
    np.testing.assert_allclose(
        learned.probabilities(examples, examples.everyone),
        model(without).probabilities(vectors),
        rtol=1e-12,
    )


def test_waiting_for_the_first_redemption_is_not_unknown() -> None:
    fresh = vector(known(ordinary(), has_redeemed=False), model().bundle.common).reshape(1, -1)

    assert np.isnan(fresh).any()
    assert not unknown(fresh).any()
    np.testing.assert_array_equal(Neutral(dict.fromkeys(NAMES, 1.0)).filled(fresh), fresh)
