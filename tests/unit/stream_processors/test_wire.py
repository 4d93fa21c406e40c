"""How changes and answers look between Python and the scripts."""

from decimal import Decimal
from typing import Any

import orjson
import ormsgpack
import pytest

from connectors.events import Change, Forgotten, Origin, Said
from ml.store import CAP, Link, Redemption, Verified
from stream_processors.feature_store.wire import (
    Ending,
    LatestRisk,
    Sourced,
    answer,
    pack_profile,
    question,
)
from tests.unit.connectors.envelopes import profiled
from tests.unit.ml.builders import (
    NOON_US,
    account,
    at,
    code_defined,
    code_withdrawn,
    erased,
    labelled,
    links_decided,
    redeemed,
    registered,
    withdrawn,
)

NONE = [False, False, False]
NO_RISK = [False] * 5


def packed(*changes: Change) -> list[list[Any]]:
    asked = question([Sourced(change, "t-0") for change in changes], [], "token")
    return list(ormsgpack.unpackb(asked)["changes"])


def reply(
    subjects: list[Any],
    accounts: object = (),
    affected: object = (),
    left: object = (),
    endings: object = (),
    sweeps: object = (),
) -> bytes:
    return ormsgpack.packb([affected, left, endings, subjects, accounts, sweeps])


def member(usage_id: int, code: str = "SPRING") -> str:
    """A redemption as the scripts keep it."""
    return f"{usage_id + 2**63:020d}:{code}"


def test_a_question_carries_the_rules_of_the_neighbourhood() -> None:
    asked = ormsgpack.unpackb(question([], ["anna"], "token"))
    assert (asked["cap"], asked["window"]) == (CAP, CAP // 2)
    assert (asked["subjects"], asked["token"], asked["sources"]) == (["anna"], "token", [])


def test_a_registration_is_packed_with_its_label_and_identifiers() -> None:
    profile = account(device="d", phone="p", is_phone_verified=True)
    for label, word in ((None, False), (False, "0"), (True, "1")):
        change = packed(registered(profile, label))[0]
        kind, _, source, user, version, _, at_us, flag, links, facts, contacts = change
        assert (kind, source, user, version, at_us) == ("account", "t-0", "anna", 1, NOON_US)
        assert flag == word
        assert sorted(links) == [["device", "d"], ["phone", "p"]]
        assert orjson.loads(facts) == ["d", None]
        assert orjson.loads(contacts) == [None, True]


def test_an_erasure_is_an_account_without_anything_and_the_end_of_decisions() -> None:
    assert packed(erased()) == [
        ["account", 0, "t-0", "anna", 9, *NONE, [], False, False],
        ["ending", 0, "t-0", "anna", 9],
    ]


def test_a_redemption_that_moved_is_taken_from_one_and_given_to_the_other() -> None:
    taken, given = packed(redeemed("ben", previous="anna", version=4))
    assert taken[2:4] == ["anna", 4]
    assert taken[-1] is False
    assert given[2:4] == ["ben", 4]
    assert given[-2:] == ["SPRING", at(1)]


def test_an_attempt_and_a_withdrawal_count_nothing() -> None:
    assert packed(redeemed(used=False))[0][-1] is False
    assert packed(withdrawn())[0][-1] is False


def test_a_codes_terms_are_exact_text() -> None:
    text = packed(code_defined(value="0.10", minimum=None))[0][-1]
    assert orjson.loads(text) == ["fixed_amount", "0.10", None]
    assert packed(code_withdrawn())[0][-1] is False


def test_a_label_and_false_links_are_packed() -> None:
    assert packed(labelled(label=True), labelled(label=None)) == [
        ["label", 0, "t-0", "anna", 5, "1", 0],
        ["label", 1, "t-0", "anna", 5, False, 0],
    ]
    links = [["ben", "", "", "", 0, 0], ["cleo", "device", "", "", 0, 0]]
    assert packed(links_decided("anna", ("ben", None), ("cleo", "device"))) == [
        ["links", 0, "t-0", "anna", 5, links, 0]
    ]


def test_what_is_forgotten_is_packed_as_nothing_about_nothing() -> None:
    gone = [Forgotten("anna", said, Origin(6, 6)) for said in Said]
    assert packed(*gone) == [
        ["label", 0, "t-0", "anna", 6, False, False],
        ["links", 1, "t-0", "anna", 6, [], False],
    ]


def test_usage_ids_sort_as_text_like_numbers() -> None:
    ids = (-(2**63), -1, 0, 1, 9, 10, 2**63 - 1)
    words = [packed(redeemed(usage_id=number))[0][4] for number in ids]
    assert words == sorted(words)
    assert {len(word) for word in words} == {20}


def test_an_unknown_account_has_no_neighbourhood() -> None:
    known = answer(reply([[False, [], False, [], [], NO_RISK, []]])).subjects[0]
    assert known.neighbourhood is None
    assert known.latest is None


def test_an_answer_is_read_back_whole() -> None:
    profile = profiled()
    subject = [
        pack_profile(profile),
        [member(3), str(at(1))],
        f"{at(2)}",
        [["device", [x for u in ("ben", "carl", "cleo", "dora") for x in (u, str(NOON_US))]]],
        [["SPRING", '["fixed_amount","10.5",null]'], ["GONE", False]],
        ["17", "", "digest", "open:high:x", "1"],
        ["eve\0device\0dora", "anna\0\0carl"],
    ]
    accounts = {
        "ben": [False, [], '["d","a"]', "[false,null]", False],
        "cleo": ["1", [member(-4, "A:B"), str(at(3))], '["d","a"]', False, True],
        "dora": [False, [], False, False, False],
        "carl": [False, [], False, False, False],
    }

    known = answer(reply([subject], accounts)).subjects[0]

    around = known.neighbourhood
    assert around is not None
    assert around.profile == profile
    assert around.redemptions == (Redemption(at(1), 3, "SPRING"),)
    assert around.last_redeemed_at_us == at(2)
    ben, cleo = around.linked[Link.DEVICE]
    assert (ben.label, ben.redemptions, ben.device, ben.agent) == (None, (), "d", "a")
    assert (ben.verified, cleo.verified) == (Verified(mailbox=False), Verified())
    assert (cleo.label, cleo.redemptions) == (True, (Redemption(at(3), -4, "A:B"),))
    assert (cleo.device, cleo.agent) == (None, "a"), "a device of nobody is no fact about it"
    assert around.codes.keys() == {"SPRING"}
    assert around.codes["SPRING"].discount_value == Decimal("10.5")
    assert known.latest is not None
    assert known.latest == LatestRisk(17, None, "digest", "open:high:x", undelivered=True)


@pytest.mark.parametrize("affected", [[], [["ben", 0, "redemption"]]])
def test_the_affected_and_the_left_over_are_named(affected: list[list[Any]]) -> None:
    found = answer(reply([], [], affected, [["t-0", "cleo", "token"]]))
    assert [(one.user_id, one.cause) for one in found.affected] == [
        (user, cause) for user, _, cause in affected
    ]
    assert (found.left_over[0].source, found.left_over[0].user_id) == ("t-0", "cleo")


def test_the_endings_are_named_whatever_is_in_an_accounts_id() -> None:
    found = answer(reply([], endings=[["t-0", "links:a:b", "token"]]))
    assert found.endings == (Ending("t-0", Said.LINKS, "a:b", "token"),)
