"""Bursts on an e-mail domain of somebody's own."""

from dataclasses import replace

import pytest

from connectors.profile import Profile
from ml.bundle import Model
from ml.features.feature import Common, Fact
from ml.memory_store import MemoryStore
from ml.policy import Action
from ml.rules.book import findings
from ml.scorer import Judge, Risk, score
from ml.store import Link, LinkedAccount, Neighbourhood, identifiers
from tests.unit.ml.builders import (
    account,
    neighbour,
    neighbourhood,
    redeemed,
    redemption,
    registered,
)
from tests.unit.ml.bundles import bundle

NAME = "same_code_same_domain"
RULE = f"rule.{NAME}"
OWN = account(email_domain="firm.example")


def burst(count: int, code: str = "SPRING", hours: float = 0) -> tuple[LinkedAccount, ...]:
    """Accounts that signed up at one moment and redeemed a code."""
    return tuple(
        neighbour(f"{code}-{hours}-{n:02}", hours, redemptions=(redemption(code),))
        for n in range(count)
    )


def judged(known: Neighbourhood, judge: Judge | None = None) -> Risk:
    (found,) = score([known], judge or Judge())
    return found


def weight(*there: LinkedAccount, network: tuple[LinkedAccount, ...] = ()) -> float:
    """What the rule weighs for an account that redeemed SPRING too."""
    ordered = tuple(sorted(there, key=lambda one: (one.created_at_us, one.user_id)))
    known = neighbourhood(OWN, (redemption(),), domain=ordered, network=network)
    reasons = {reason.code: reason.contribution for reason in findings(known).reasons}
    return reasons.get(RULE, 0.0)


def played(domains: list[str], minutes: float = 11, code: str = "CATCH20") -> MemoryStore:
    """One account after the other, each with a domain, everything else fresh, and one code."""
    store = MemoryStore()
    for n, domain in enumerate(domains):
        at = n * minutes / 60
        facts = {fact: f"{fact} {n}" for fact in ("device", "ip", "network", "canonical_email")}
        profile = account(f"u{n:02}", at, email_domain=domain, is_email_verified=True, **facts)
        store.apply([registered(profile), redeemed(f"u{n:02}", code, at + 0.4, usage_id=n)])
    return store


def actions(store: MemoryStore) -> set[Action]:
    known = [store.neighbourhood(user) for user in store.accounts()]
    return {risk.action for risk in score([one for one in known if one], Judge())}


@pytest.mark.parametrize(
    "domains",
    [["my-own-shopper.example"] * 12, [f"{n}.my-own-shopper.example" for n in range(12)]],
)
def test_a_dozen_at_a_domain_that_nobody_else_has_are_challenged(domains: list[str]) -> None:
    store = played(domains)

    assert actions(store) == {Action.CHALLENGE}
    reason = judged(_known(store, "u05")).reasons[0]
    assert (reason.code, len(reason.evidence)) == (RULE, 11)
    assert {evidence.through for evidence in reason.evidence} == {Link.DOMAIN}
    assert reason.description == (
        "11 other accounts of that day at the same e-mail domain redeemed the same code, of 11"
        " that the shop has had from there"
    )


@pytest.mark.parametrize("domain", ["gmail.com", "t-online.de", "example.com"])
def test_a_dozen_at_a_providers_domain_have_nothing_in_common(domain: str) -> None:
    assert Link.DOMAIN not in identifiers(replace(OWN, email_domain=domain))
    assert actions(played([domain] * 12)) == {Action.ALLOW}


def test_however_many_they_are_the_domain_alone_never_denies() -> None:
    assert 0.6 < weight(*burst(50)) <= 0.65


def test_what_speaks_against_it_is_each_enough() -> None:
    ring = burst(12)
    others = burst(12, "SUMMER")

    assert weight(*ring) > 0.6
    assert weight(*ring, *others) == 0
    assert weight(*ring, *burst(12, "SUMMER", hours=-5000)) == 0
    assert weight(*burst(12, hours=-25)) == 0
    assert weight(*burst(12, hours=25)) == 0
    assert weight(*ring, network=ring) == 0
    assert weight(*ring[:2]) < 0.5


def test_later_strangers_change_nothing_and_earlier_customers_do() -> None:
    ring = burst(12)

    assert weight(*ring, *burst(20, "SUMMER", hours=30)) == weight(*ring)
    assert 0 < weight(*ring, *burst(4, "SUMMER", hours=-900)) < weight(*ring)


def test_who_has_redeemed_nothing_is_not_accused_by_those_who_have() -> None:
    known = neighbourhood(OWN, domain=burst(12))

    assert RULE not in {reason.code for reason in findings(known).reasons}


def test_a_domain_that_is_common_in_the_shop_is_a_provider() -> None:
    def judge(share: float) -> Judge:
        common = Common({Fact.EMAIL_DOMAIN: {"firm.example": share}})
        return Judge(Model(replace(bundle(), common=common)))

    def codes(count: int, share: float) -> set[str]:
        known = neighbourhood(OWN, (redemption(),), domain=burst(count))
        return {reason.code for reason in judged(known, judge(share)).reasons}

    assert RULE in codes(40, 0.009)
    assert RULE not in codes(40, 0.01)
    # In a small shop a ring is a large share of all accounts.
    assert RULE in codes(12, 0.2)


def test_the_link_is_weak() -> None:
    store = MemoryStore()
    first = Profile("first", 0, email_domain="firm.example")
    store.apply([registered(first)])

    assert store.apply([registered(account(email_domain="a.firm.example"))]) == set()
    assert store.apply([registered(account("ben", 23, email_domain="firm.example"))]) == {"anna"}


def _known(store: MemoryStore, name: str) -> Neighbourhood:
    known = store.neighbourhood(name)
    assert known is not None
    return known
