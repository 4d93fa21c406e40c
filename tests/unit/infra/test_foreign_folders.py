"""What root does in folders of parts, while a part that was taken over tries to lead it astray."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import StackError
from connectors.settings import Settings
from infra.native.accounts import Account, ensure_accounts, own, share
from infra.native.jars import Jars
from infra.native.jvm import Jvm
from infra.native.layout import Layout, layout_of
from infra.native.postgres import SYSTEM_USER, PostgresServer
from infra.native.tools import find_tools

PART = Account("somebody", os.geteuid(), os.getegid(), (os.getegid(),))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir(mode=0o755)
    (folder / "file").write_text("of somebody else")
    (folder / "file").chmod(0o644)
    return folder


@pytest.mark.parametrize("giving", [own, share], ids=lambda function: function.__name__)
def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(
    tmp_path: Path,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    giving: Callable[[Path, Account], None],
) -> None:
    folder, real = tmp_path / "mine/folder", os.chown
    folder.mkdir(parents=True)
    for name in ("file", "other"):
        (folder / name).write_text("")
        (elsewhere / name).touch(mode=0o666)
        (elsewhere / name).chmod(0o666)
    folder.parent.chmod(0o777)

    def exchanged(*arguments: Any, **options: Any) -> None:
        real(*arguments, **options)
        if not folder.is_symlink():
            folder.rename(tmp_path / "aside")
            folder.symlink_to(elsewhere)

    monkeypatch.setattr(os, "chown", exchanged)
    giving(folder.parent, PART)
    modes = {stat.S_IMODE((elsewhere / name).stat().st_mode) for name in ("file", "other")}
    assert modes == {0o666}


def test_no_link_is_between_looking_and_changing(
    tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exchange of above at the worst moment: when the mode has been looked at."""
    mine = tmp_path / "mine/file"
    mine.parent.mkdir()
    mine.write_text("")
    mine.chmod(0o666)
    look = stat.S_IMODE

    def exchanged(mode: int) -> int:
        mine.unlink(missing_ok=True)
        mine.symlink_to(elsewhere / "file")
        return look(mode)

    monkeypatch.setattr(stat, "S_IMODE", exchanged)
    own(mine.parent, None)
    monkeypatch.undo()
    assert look((elsewhere / "file").stat().st_mode) == 0o644


@pytest.fixture
def jvm(tmp_path: Path) -> Jvm:
    layout = Layout(tmp_path / "state", tmp_path / "cache")
    for folder in (layout.run_of("kafka"), layout.cache):
        folder.mkdir(parents=True)
    return Jvm("java", "17", Jars(layout.cache), layout)


def _archives(jvm: Jvm) -> list[Path]:
    return list(jvm.layout.cache.glob("*.jsa"))


def test_a_recorded_archive_is_kept_as_roots_own(jvm: Jvm) -> None:
    recorded = jvm.layout.run_of("kafka") / "classes.jsa"
    recorded.write_bytes(b"classes")
    recorded.chmod(0o600)
    jvm.keep_archives(["kafka", "connect"])
    (kept,) = _archives(jvm)
    assert kept.read_bytes() == b"classes"
    assert (kept.stat().st_uid, stat.S_IMODE(kept.stat().st_mode)) == (os.geteuid(), 0o644)
    assert not recorded.exists()


@pytest.mark.parametrize("trap", ["link", "pipe", "folder", "huge"])
def test_what_is_no_archive_is_not_kept(
    jvm: Jvm, elsewhere: Path, trap: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = jvm.layout.run_of("kafka") / "classes.jsa"
    match trap:
        case "link":
            recorded.symlink_to(elsewhere / "file")
        case "pipe":
            os.mkfifo(recorded)
        case "folder":
            shutil.copytree(elsewhere, recorded)
        case "huge":
            with recorded.open("wb") as file:
                file.truncate(1 << 40)
    jvm.keep_archives(["kafka"])
    assert not _archives(jvm)
    assert str(recorded) in capsys.readouterr().out


def test_a_cluster_that_misses_its_version_is_not_emptied(tmp_path: Path) -> None:
    """A failed initdb removes what it made itself; what was there before stays."""
    settings = Settings(_env_file=None, state_dir=tmp_path)
    layout = layout_of(settings)
    layout.make()
    server = PostgresServer(find_tools().postgres, layout, settings)
    account = ensure_accounts([SYSTEM_USER]).get(SYSTEM_USER)
    for folder in server.bounds.writable:
        own(folder, account)
    (server.data / "rows").write_text("of the shop")
    with pytest.raises(StackError, match="not empty"):
        server.prepare(account)
    assert (server.data / "rows").read_text() == "of the shop"
