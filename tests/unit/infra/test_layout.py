"""The folders of a stack are its owner's alone, and nobody else's are taken for them."""

import os
import stat
from pathlib import Path

import pytest

from connectors.errors import StackError
from infra.native import layout as module
from infra.native.layout import Layout


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A stack whose sockets lie elsewhere, because its own path is too long for them."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(module, "TEMPORARY", temporary)
    return Layout(tmp_path / ("deep-" * 20) / "state", tmp_path / "cache")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_made_for_their_owner_alone(deep: Layout) -> None:
    deep.make()
    for folder in (deep.state, deep.data, deep.logs, deep.run, deep.secrets, deep.sockets):
        assert _mode(folder) == 0o700, folder


def test_what_was_open_is_closed(deep: Layout) -> None:
    deep.make()
    log = deep.log_of("kafka")
    log.write_text("")
    for path, mode in (
        (log, 0o644),
        (deep.logs, 0o755),
        (deep.state, 0o755),
        (deep.sockets, 0o755),
    ):
        path.chmod(mode)
    deep.make()
    assert (_mode(log), _mode(deep.logs), _mode(deep.state), _mode(deep.sockets)) == (
        0o600, 0o700, 0o700, 0o700,
    )  # fmt: skip


def test_a_link_that_somebody_made_in_their_place_is_refused(deep: Layout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    deep.sockets.symlink_to(elsewhere)
    with pytest.raises(StackError, match="is a link: remove it"):
        deep.make()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a folder to somebody else")
def test_another_users_folder_is_refused(deep: Layout) -> None:
    deep.make()
    os.chown(deep.state, 65_534, 65_534)
    with pytest.raises(StackError, match="belongs to another user: go on as that user"):
        deep.make()
