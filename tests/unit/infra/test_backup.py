"""Backups of folders: whole or not at all, and restored to what they were or not at all."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections import namedtuple
from pathlib import Path

import orjson
import pytest
from lz4 import frame

from connectors.errors import BackupError
from infra.backup import restore as restoring
from infra.backup import save as saving
from infra.backup.__main__ import main
from infra.backup.archive import digest_of, unpack
from infra.backup.manifest import FILE, read_manifest
from infra.backup.restore import restore
from infra.backup.save import destination_of, save
from infra.backup.versions import Versions, refuse_unreadable
from infra.native.layout import REPOSITORY, UNFINISHED_RESTORE

HERE = Versions({"postgres": "15.3", "kafka": "4.3.1"}, {"0001_a.sql": "abc"})
_Usage = namedtuple("_Usage", "total used free")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with all kinds of files in it."""
    folder = tmp_path / "state"
    files = {
        "data/postgres/PG_VERSION": "15\n",
        "data/postgres/base/1/2": "rows" * 5_000,
        "data/redis/appendonlydir/a.aof": "*1\r\n",
        "data/kafka/promo.rescore-0/empty.log": "",
        "clickhouse/store/part": "columns",
        "secrets/promo_hash_key": "the key",
        "api-keys.json": "{}",
        "logs/kafka.log": "not saved",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "clickhouse/data").symlink_to("store")
    os.link(folder / "clickhouse/store/part", folder / "clickhouse/store/same")
    for private in ("data/postgres", "secrets", "secrets/promo_hash_key"):
        (folder / private).chmod(0o700)
    return folder


@pytest.fixture
def backup(state: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    return save_into(tmp_path / "backups" / "monday", state)


def save_into(folder: Path, state: Path, versions: Versions = HERE) -> Path:
    save(state, destination_of(state, folder), versions, lambda *_: None)
    return folder


def content(folder: Path) -> dict[str, tuple[int, str]]:
    """Mode, and text or target, of everything that is saved."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if "logs" not in path.relative_to(folder).parts:
            text = os.readlink(path) if path.is_symlink() else ""
            text = path.read_text() if path.is_file() else text
            found[str(path.relative_to(folder))] = (path.lstat().st_mode, text)
    return found


def test_what_is_restored_is_what_was_saved(state: Path, backup: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    manifest = restore(there, backup, HERE)
    assert content(there) == content(state)
    same = there / "clickhouse/store/same"
    assert same.stat().st_ino == (there / "clickhouse/store/part").stat().st_ino
    assert set(manifest.archives) == {
        "postgres", "redis", "kafka", "clickhouse", "secrets", "others",
    }  # fmt: skip


def test_a_backup_is_for_its_owner_alone(backup: Path) -> None:
    assert backup.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in backup.iterdir())


def test_a_pipe_in_a_store_neither_hangs_a_backup_nor_spoils_it(
    state: Path, tmp_path: Path
) -> None:
    before = content(state)
    os.mkfifo(state / "data/redis/pipe")
    os.mkfifo(state / "clickhouse/store/pipe")
    restore(tmp_path / "there", save_into(tmp_path / "backup", state), HERE)
    assert content(tmp_path / "there") == before


def test_data_is_replaced_by_force_alone_and_then_nothing_of_it_stays(
    state: Path, backup: Path
) -> None:
    before = content(state)
    (state / "data/redis/newer").write_text("written later")
    (state / "models").mkdir()
    (state / "models/newer").write_text("trained later")
    with pytest.raises(BackupError, match=r"has data .*FORCE=1"):
        restore(state, backup, HERE)
    restore(state, backup, HERE, force=True)
    assert {n: c for n, c in content(state).items() if n != "models"} == before
    assert not any((state / "models").iterdir())


@pytest.mark.parametrize("damage", ["flipped", "cut", "missing"])
def test_a_backup_that_is_not_whole_is_refused_and_changes_nothing(
    state: Path, backup: Path, damage: str
) -> None:
    archive, before = backup / "postgres.tar.lz4", content(state)
    whole = archive.read_bytes()
    if damage == "missing":
        archive.unlink()
    else:
        archive.write_bytes(whole[:-9] if damage == "cut" else b"x" + whole[1:])
    with pytest.raises(BackupError, match=r"postgres\.tar\.lz4 is (damaged|missing)"):
        restore(state, backup, HERE, force=True)
    assert content(state) == before


def test_an_archive_that_cannot_be_unpacked_changes_nothing(state: Path, backup: Path) -> None:
    before = content(state)
    (backup / "kafka.tar.lz4").write_bytes(b"no archive")
    manifest = orjson.loads((backup / FILE).read_bytes())
    manifest["archives"]["kafka"]["sha256"] = digest_of(backup / "kafka.tar.lz4")
    (backup / FILE).write_bytes(orjson.dumps(manifest))
    with pytest.raises(BackupError, match="cannot be unpacked"):
        restore(state, backup, HERE, force=True)
    assert content(state) == before


def test_a_folder_without_a_manifest_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is no backup"):
        read_manifest(tmp_path)


def test_an_interrupted_change_of_places_keeps_the_stack_from_starting_until_it_is_repeated(
    state: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(state)
    with monkeypatch.context() as patched:
        patched.setattr(restoring, "_move_in", _fail)
        with pytest.raises(BackupError, match="the restore failed"):
            restore(state, backup, HERE, force=True)
    assert (state / UNFINISHED_RESTORE).exists()
    restore(state, backup, HERE, force=True)
    assert content(state).items() >= before.items()
    assert not (state / UNFINISHED_RESTORE).exists()


def _fail(*_: object) -> None:
    raise OSError("no power")


def test_a_backup_that_fails_leaves_nothing_that_looks_like_one(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "write_manifest", _fail)
    folder = tmp_path / "backups" / "tuesday"
    with pytest.raises(BackupError, match="the backup failed: no power"):
        save_into(folder, state)
    assert list(folder.parent.iterdir()) == []


def test_too_little_room_is_told_before_anything_is_written(
    state: Path, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(10, 10, 10))
    with pytest.raises(BackupError, match="0 MB left and the backup may take"):
        destination_of(state, tmp_path / "wednesday")
    with pytest.raises(BackupError, match="0 MB left and the backup needs"):
        restore(tmp_path / "there", backup, HERE)
    assert not (tmp_path / "there" / "data").exists()


def test_a_postgresql_that_runs_is_not_copied(state: Path, tmp_path: Path) -> None:
    (state / "data/postgres/postmaster.pid").write_text("17")
    with pytest.raises(BackupError, match="runs, or was not stopped cleanly"):
        save_into(tmp_path / "thursday", state)
    assert not (tmp_path / "thursday").exists()


def test_a_state_folder_without_anything_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing to save"):
        destination_of(tmp_path, tmp_path.parent / "friday")


def test_a_hash_key_that_is_set_otherwise_is_refused(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="PROMO_HASH_KEY is set, and is not the key"):
        restore(tmp_path / "there", backup, HERE, hash_key="another")
    restore(tmp_path / "there", backup, HERE, hash_key="the key")


@pytest.mark.parametrize(
    ("versions", "why"),
    [
        (Versions({"postgres": "14.9"}, {}), "PostgreSQL 14.9 and PostgreSQL 15.3 runs here"),
        (Versions({"kafka": "4.10.0"}, {}), r"kafka 4\.10\.0, newer than the 4\.3\.1"),
        (Versions({}, {"0002_b.sql": "abc"}), r"migration 0002_b\.sql, which this code"),
        (Versions({}, {"0001_a.sql": "edited"}), r"migration 0001_a\.sql, which this code"),
    ],
)
def test_what_cannot_be_read_here_is_refused(versions: Versions, why: str) -> None:
    with pytest.raises(BackupError, match=why):
        refuse_unreadable(versions, HERE)


def test_older_files_and_servers_that_run_elsewhere_are_all_right() -> None:
    refuse_unreadable(Versions({"postgres": "15.9", "kafka": "4.2.9", "redis": "7"}, {}), HERE)


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_an_archive_writes_nothing_outside_its_folder(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "evil.tar.lz4"
    with frame.open(archive, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    (tmp_path / "into").mkdir()
    with pytest.raises(BackupError, match="leads out of its folder"):
        unpack(archive, tmp_path / "into")


def test_an_archive_writes_nothing_through_its_own_links(tmp_path: Path) -> None:
    archive = tmp_path / "evil.tar.lz4"
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
    with frame.open(archive, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("link/outside"), io.BytesIO())
    (tmp_path / "into").mkdir()
    unpack(archive, tmp_path / "into")
    assert not (tmp_path / "outside").exists()


def test_folders_are_saved_and_restored_where_no_native_stack_is_installed(
    state: Path, tmp_path: Path
) -> None:
    before = content(state)
    for words in (
        ["save", "--state", str(state), "--into", str(tmp_path / "cold")],
        ["restore", "--state", str(state), "--from", str(tmp_path / "cold"), "--force"],
    ):
        blocked = "import sys; sys.modules.update(supervisor=None, chdb=None, psutil=None);"
        code = f"{blocked} from infra.backup.__main__ import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=REPOSITORY, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert " MB as " in done.stdout
    assert content(state) == before


@pytest.mark.parametrize("words", [("save", "--into", ""), ("restore", "--from", "")])
def test_a_backup_without_a_name_is_asked_for_one(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["infra.backup", *words])
    with pytest.raises(SystemExit):
        main()
    assert "make backup INTO=dir" in capsys.readouterr().err
