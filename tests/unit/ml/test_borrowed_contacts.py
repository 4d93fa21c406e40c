"""Whoever has verified a contact does not answer for those who only wrote it into a form."""

from dataclasses import replace

import pytest

from connectors.events import Change
from connectors.profile import Profile
from ml.memory_store import MemoryStore
from ml.policy import Action
from ml.rules.closeness import MOST_BORROWED, shared_closeness
from ml.scorer import Judge, Risk, score
from ml.store import CONTACT_LINKS, Link, Verified, verified
from tests.unit.ml.builders import (
    account,
    labelled,
    neighbour,
    neighbourhood,
    redeemed,
    registered,
    updated,
)

DAYS = 24
through_a_contact = pytest.mark.parametrize("link", CONTACT_LINKS)


def person(name: str, link: Link, is_verified: bool | None, days: float = 0) -> Profile:
    """Somebody with the contact ``shared``."""
    if link is Link.PHONE:
        return account(name, days * DAYS, phone="shared", is_phone_verified=is_verified)
    return account(name, days * DAYS, canonical_email="shared", is_email_verified=is_verified)


def store_after(*changes: Change) -> MemoryStore:
    store = MemoryStore()
    store.apply(changes)
    return store


def risk(store: MemoryStore, name: str) -> Risk:
    known = store.neighbourhood(name)
    assert known is not None
    (found,) = score([known], Judge())
    return found


def codes(found: Risk) -> set[str]:
    return {reason.code.removeprefix("rule.") for reason in found.reasons}


def played(link: Link, owners: bool | None, thieves: bool | None, count: int = 1) -> MemoryStore:
    """An owner, and those who come 19 days later with the owner's contact: abusers, by a code that
    the owner redeems too."""
    names = [f"thief-{n}" for n in range(count)]
    return store_after(
        registered(person("owner", link, owners)),
        *(registered(person(name, link, thieves, 19)) for name in names),
        *(redeemed(name, "XMAS20", 19.1 * DAYS, n) for n, name in enumerate(names)),
        redeemed("owner", "XMAS20", 20 * DAYS, 99),
        *(labelled(name) for name in names),
    )


@through_a_contact
@pytest.mark.parametrize("thieves", [1, 3, 30])
def test_a_verified_owner_is_let_through_however_many_borrow_the_contact(
    link: Link, thieves: int
) -> None:
    owner = risk(played(link, True, False, thieves), "owner")

    assert owner.action is Action.ALLOW
    assert owner.score < 0.2


def test_the_owner_is_told_what_others_did_with_the_accounts_behind_it() -> None:
    (reason,) = risk(played(Link.PHONE, True, False, 3), "owner").reasons

    assert reason.code == "rule.shared_phone"
    assert reason.description == (
        "3 other accounts on the same phone number; 3 of them did not verify it, as this one did"
    )
    assert [e.user_id for e in reason.evidence] == ["thief-0", "thief-1", "thief-2"]


@through_a_contact
def test_whoever_borrows_is_judged_by_the_others_that_do(link: Link) -> None:
    store = played(link, True, False, 3)

    for name in ("thief-0", "thief-1", "thief-2"):
        assert risk(store, name).action in (Action.CHALLENGE, Action.DENY)


@through_a_contact
@pytest.mark.parametrize(
    ("owners", "thieves"),
    [(True, True), (False, False), (None, None), (None, False), (True, None), (False, True)],
)
def test_where_a_contact_is_not_the_accounts_own_alone_it_counts_in_full(
    link: Link, owners: bool | None, thieves: bool | None
) -> None:
    as_unknown = risk(played(link, None, None, 3), "owner")

    found = risk(played(link, owners, thieves, 3), "owner")

    assert (found.score, codes(found)) == (as_unknown.score, codes(as_unknown))
    assert found.action in (Action.CHALLENGE, Action.DENY)


def test_verifying_a_throw_away_contact_vouches_for_no_other() -> None:
    owner = replace(person("owner", Link.PHONE, True), is_email_verified=True)
    thief = replace(person("thief", Link.PHONE, False, 19), is_email_verified=True)
    store = store_after(registered(owner), registered(thief), labelled("thief"))

    assert "linked_to_abuser" not in codes(risk(store, "owner"))
    assert risk(store, "owner").action is Action.ALLOW


def test_two_who_borrow_different_contacts_do_not_make_a_bridge_of_their_owner() -> None:
    owner = account(
        "owner", phone="p", canonical_email="m", is_phone_verified=True, is_email_verified=True
    )
    by_phone = account("by phone", 19 * DAYS, phone="p", is_phone_verified=False)
    by_mailbox = account("by mailbox", 19 * DAYS, canonical_email="m", is_email_verified=False)
    borrowed = [redeemed("by phone", usage_id=1), redeemed("by mailbox", usage_id=2)]
    store = store_after(*map(registered, (owner, by_phone, by_mailbox)), *borrowed)

    assert "bridges_redemptions" not in codes(risk(store, "owner"))
    unknown = replace(owner, is_phone_verified=None, is_email_verified=None)
    store.apply([updated(unknown)])
    assert "bridges_redemptions" in codes(risk(store, "owner"))


def test_what_else_both_share_counts_as_ever() -> None:
    thieves = (neighbour("thief", label=True),)
    own = account(phone="p", is_phone_verified=True)
    borrowers = tuple(replace(one, verified=Verified(phone=False)) for one in thieves)

    known = neighbourhood(own, device=borrowers, phone=borrowers)

    (found,) = score([known], Judge())
    assert {"linked_to_abuser", "shared_device"} <= codes(found)
    assert found.action is Action.CHALLENGE


def test_all_who_borrow_together_weigh_less_than_one_who_shares() -> None:
    crowd = tuple(replace(neighbour(f"n{n}"), verified=Verified(phone=False)) for n in range(50))
    known = neighbourhood(account(is_phone_verified=True), phone=crowd)

    assert shared_closeness(known, Link.PHONE) == MOST_BORROWED


def test_a_mailbox_at_a_domain_that_imitates_a_provider_proves_nothing_about_the_providers() -> (
    None
):
    real = account(email_domain="gmail.com", is_email_verified=True)
    imitated = account(email_domain="gmial.com", is_email_verified=True)

    assert verified(real) == Verified(mailbox=True)
    assert verified(imitated) == Verified(mailbox=False)
    assert verified(replace(imitated, is_email_verified=None)) == Verified()


@through_a_contact
@pytest.mark.parametrize(("before", "after"), [(False, True), (None, False), (True, None)])
def test_when_a_neighbour_verifies_a_contact_those_who_share_it_are_scored_again(
    link: Link, before: bool | None, after: bool | None
) -> None:
    def ben(is_verified: bool | None) -> Profile:
        return replace(person("ben", link, is_verified), ip="i", device="d")

    store = store_after(
        registered(ben(before)),
        registered(person("anna", link, True)),
        registered(account("behind the same address", ip="i")),
        registered(account("on the same device", device="d")),
    )

    assert store.apply([updated(ben(after))]) == {"anna"}
    assert store.apply([updated(ben(after), version=3)]) == set()
