"""A session is a signed cookie that names a key and holds none."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from itsdangerous import TimestampSigner

from api.access.key_file import Keys
from api.access.keys import Key, KeyRing, Scope
from api.access.session import LASTS_S, Sessions

NOW = datetime.now(UTC)
SECRET = "a secret of this test"


def with_key(tmp_path: Path, *scopes: Scope) -> tuple[Keys, Key, str]:
    ring, key, text = KeyRing().with_new("desk", scopes, None, None, NOW)
    return Keys(tmp_path / "keys.json", ring), key, text


def test_a_session_is_its_keys_and_holds_nothing_of_the_key(tmp_path: Path) -> None:
    keys, key, text = with_key(tmp_path, Scope.READ)
    sessions = Sessions(keys, SECRET)
    caller = sessions.presented(text.encode())
    assert caller is not None

    cookie = sessions.begin(caller)

    found = sessions.caller(cookie)
    assert found is not None
    assert found.key_id == key.key_id
    assert text not in cookie
    assert text.removeprefix("ps_")[:8] not in cookie


@pytest.mark.parametrize("at", [0, 5, -2])
def test_a_forged_or_changed_cookie_is_nobodys(tmp_path: Path, at: int) -> None:
    # Not the last letter: some of its bits say nothing.
    keys, key, _ = with_key(tmp_path, Scope.READ)
    sessions = Sessions(keys, SECRET)
    cookie = sessions.begin(key.caller)
    letters = list(cookie)
    letters[at] = "A" if letters[at] != "A" else "B"

    assert sessions.caller("".join(letters)) is None
    assert sessions.caller(key.key_id) is None
    assert sessions.caller("") is None
    assert sessions.caller(TimestampSigner(SECRET).sign(key.key_id).decode()) is None
    assert Sessions(keys, "another secret").caller(cookie) is None


def test_it_ends_after_twelve_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, key, _ = with_key(tmp_path, Scope.READ)
    sessions = Sessions(keys, SECRET)
    cookie = sessions.begin(key.caller)
    later = datetime.now(UTC).timestamp() + LASTS_S

    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(later) - 5)
    assert sessions.caller(cookie) is not None
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(later) + 5)
    assert sessions.caller(cookie) is None


def test_a_revoked_or_expired_key_or_one_that_may_not_read_is_out(tmp_path: Path) -> None:
    keys, key, _ = with_key(tmp_path, Scope.READ)
    sessions = Sessions(keys, SECRET)
    cookie = sessions.begin(key.caller)

    keys.ring = keys.ring.without(key.key_id, NOW)[0]
    assert sessions.caller(cookie) is None

    over = NOW - timedelta(seconds=1)
    keys.ring = KeyRing((Key("k", "desk", "0" * 64, (Scope.READ,), None, NOW, expires_at=over),))
    assert sessions.caller(sessions.begin(keys.ring.keys[0].caller)) is None

    other, scoring, _ = with_key(tmp_path, Scope.SCORE)
    assert Sessions(other, SECRET).caller(sessions.begin(scoring.caller)) is None
