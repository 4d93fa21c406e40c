"""How claims are packed for Redis, and read from it."""

import ormsgpack

from connectors.profile import Profile
from ml.store import Link
from stream_processors.feature_store.claim_wire import (
    Attempt,
    Decision,
    Holder,
    Step,
    attempt,
    decision,
    ending,
    record_key,
)

PROFILE = Profile("anna", 7, device="d", phone="p", canonical_email="e", ip="i", network="n")
ASKED = Attempt(
    "shop", "k:1", "digest", "anna", "SPRING", 2, 900, "ab", PROFILE, False, '{"score":0}'
)


def test_only_strong_identifiers_are_told() -> None:
    packed = ormsgpack.unpackb(attempt(ASKED))
    assert packed["told"] == [7, [["device", "d"], ["phone", "p"], ["email", "e"]]]
    assert packed["strong"] == ["device", "phone", "email"]


def test_an_attempt_carries_its_limits_in_milliseconds_and_its_record() -> None:
    packed = ormsgpack.unpackb(attempt(ASKED))
    assert (packed["ttl_ms"], packed["kept_ms"]) == (900_000, 86_400_000)
    assert (packed["limit"], packed["record"]) == (2, "claim-key:shop:k:1")


def test_two_clients_never_share_a_record() -> None:
    assert record_key("shop", "b:c") != record_key("shop.b", "c")


def test_a_decision_is_read_as_the_script_packs_it() -> None:
    path = [["ben", ["device", "phone"]], ["cleo", ["email"]]]
    holders = [["cleo", path, 5, 1, 6, 0, False], ["anna", [], 7, 0, False, 1, 3]]
    record = ormsgpack.packb(["digest", "ab", False, 2, 1, 2, 2, 3, holders, "{}"])
    ben, cleo = Step("ben", (Link.DEVICE, Link.PHONE)), Step("cleo", (Link.EMAIL,))
    assert decision(record) == Decision(
        digest="digest",
        attempt_id="ab",
        granted=False,
        used=2,
        decided_at_us=1_000,
        expires_at_us=None,
        limit=2,
        accounts=3,
        holders=(
            Holder("cleo", (ben, cleo), 5, 1, 6, 0, None),
            Holder("anna", (), 7, 0, None, 1, 3_000),
        ),
        said="{}",
    )


def test_a_granted_decision_has_an_end() -> None:
    record = ormsgpack.packb(["digest", "ab", True, 0, 1, 901, 1, 1, [], "{}"])
    assert decision(record).expires_at_us == 901_000


def test_an_ending_names_account_and_claim() -> None:
    assert (
        ormsgpack.unpackb(ending("anna", "ab")).items() >= {"user": "anna", "claim": "ab"}.items()
    )
