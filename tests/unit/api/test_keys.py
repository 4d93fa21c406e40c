"""API keys: which are live, who they are, how they are kept."""

import hmac
from datetime import UTC, datetime, timedelta

import pytest

from api.access.keys import LIVE_KEYS, KeyRing, Scope, decode, encode
from connectors.errors import KeyFileError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def ring_with(*names: str, expires_at: datetime | None = None) -> tuple[KeyRing, list[str]]:
    """A ring with a key for each name, and the keys."""
    ring, texts = KeyRing(), []
    for name in names:
        ring, _, text = ring.with_new(name, [Scope.READ], 60, expires_at, NOW)
        texts.append(text)
    return ring, texts


def test_a_key_tells_who_asks_and_what_it_may() -> None:
    ring, key, text = KeyRing().with_new("desk", [Scope.LABEL, Scope.READ], 60, None, NOW)
    caller = ring.caller(text.encode(), NOW)
    assert caller is not None
    assert (caller.name, caller.key_id, caller.per_minute) == ("desk", key.key_id, 60)
    assert caller.scopes == {Scope.READ, Scope.LABEL}
    assert key.scopes == (Scope.READ, Scope.LABEL)


def test_a_wrong_key_opens_nothing() -> None:
    ring, (text,) = ring_with("desk")
    for wrong in (b"", text[:-1].encode(), text.upper().encode(), b"\xff" * 43):
        assert ring.caller(wrong, NOW) is None


def test_every_key_is_compared_in_constant_time_whichever_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ring, texts = ring_with("a", "b", "c")
    compared: list[str] = []

    def counted(one: str, other: str) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", counted)
    for presented in (texts[0].encode(), texts[2].encode(), b"wrong"):
        compared.clear()
        ring.caller(presented, NOW)
        assert compared == [key.digest for key in ring.keys]


def test_an_expired_key_opens_nothing() -> None:
    ring, (text,) = ring_with("desk", expires_at=LATER)
    assert ring.caller(text.encode(), LATER - timedelta(seconds=1)) is not None
    assert ring.caller(text.encode(), LATER) is None


def test_two_keys_of_a_client_are_live_at_once_and_no_third() -> None:
    ring, texts = ring_with("shop", "shop", "other")
    assert all(ring.caller(text.encode(), NOW) is not None for text in texts)
    with pytest.raises(KeyFileError, match=f"has {LIVE_KEYS} live keys already"):
        ring.with_new("shop", [Scope.READ], None, None, NOW)


def test_a_revoked_key_makes_room_and_opens_nothing_more() -> None:
    ring, (old, new) = ring_with("shop", "shop")
    ring, ended = ring.without(ring.keys[0].key_id, LATER)
    assert ended.revoked_at == LATER
    assert ring.caller(old.encode(), LATER) is None
    assert ring.caller(new.encode(), LATER) is not None
    ring, _, third = ring.with_new("shop", [Scope.READ], None, None, LATER)
    assert ring.caller(third.encode(), LATER) is not None
    with pytest.raises(KeyFileError, match="no live key has the id"):
        ring.without(ended.key_id, LATER)


def test_what_is_kept_is_read_back_and_has_no_key_in_it() -> None:
    ring, texts = ring_with("shop", "desk", expires_at=LATER)
    ring, _ = ring.without(ring.keys[0].key_id, NOW)
    kept = encode(ring)
    assert decode(kept) == ring
    assert not any(text.encode() in kept for text in texts)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"keys": [{}]}', b'{"keys": [{"created_at": "soon"}]}']
)
def test_what_is_no_key_file_is_said_so(text: bytes) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        decode(text)


def test_the_operators_key_may_everything_without_limit() -> None:
    caller = KeyRing.of_secret("a long random text", NOW).caller(b"a long random text", NOW)
    assert caller is not None
    assert (caller.name, caller.per_minute) == ("operator", None)
    assert caller.scopes == set(Scope)
