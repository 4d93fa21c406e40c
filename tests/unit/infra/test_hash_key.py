"""The hash key cannot be changed by accident."""

from pathlib import Path

import pytest

from connectors.errors import StackError
from infra.native.apart import stack_settings
from infra.native.credentials import ensure_secrets
from infra.native.layout import Layout, layout_of


def started(state: Path, **settings: object) -> Layout:
    """A stack whose secrets were made, and whose Redis has data since."""
    asked = stack_settings(state, **settings)
    layout = layout_of(asked)
    layout.make()
    ensure_secrets(asked, layout)
    (layout.data / "redis" / "appendonlydir").mkdir(parents=True, exist_ok=True)
    return layout


def test_a_lost_key_is_not_replaced_while_redis_holds_what_it_hashed(tmp_path: Path) -> None:
    layout = started(tmp_path)
    (layout.secrets / "promo_hash_key").unlink()
    with pytest.raises(StackError, match="the hash key is not the one"):
        started(tmp_path)
    assert not (layout.secrets / "promo_hash_key").exists()


def test_a_key_of_the_environment_has_to_be_the_same_too(tmp_path: Path) -> None:
    started(tmp_path, hash_key="the first of all keys")
    with pytest.raises(StackError, match="the hash key is not the one"):
        started(tmp_path, hash_key="the second of all keys")
    started(tmp_path, hash_key="the first of all keys")


def test_the_same_key_may_come_back_by_another_way(tmp_path: Path) -> None:
    layout = started(tmp_path)
    key = (layout.secrets / "promo_hash_key").read_text()
    (layout.secrets / "promo_hash_key").unlink()
    started(tmp_path, hash_key=key)


def test_an_empty_redis_takes_any_key(tmp_path: Path) -> None:
    layout = started(tmp_path)
    first = (layout.secrets / "promo_hash_key").read_text()
    (layout.secrets / "promo_hash_key").unlink()
    (layout.data / "redis" / "appendonlydir").rmdir()
    started(tmp_path)
    assert (layout.secrets / "promo_hash_key").read_text() != first


def test_the_check_tells_nothing_of_the_key(tmp_path: Path) -> None:
    layout = started(tmp_path)
    check = layout.state / "hash-key-check"
    assert check.stat().st_mode & 0o077 == 0
    assert (layout.secrets / "promo_hash_key").read_text() not in check.read_text()
