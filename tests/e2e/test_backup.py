"""Backup, loss of everything, restore: all is as it was, and goes on from there."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from connectors.drain import wait_drained
from connectors.errors import BackupError, StackError
from connectors.load import load
from connectors.settings import Settings
from connectors.topics import Topic
from infra.backup.archive import Packed
from infra.backup.native import restore_stack, save_stack
from infra.backup.stores import STORES
from infra.native import stack as native
from infra.native.layout import UNFINISHED_RESTORE, layout_of
from tests.conftest import stack_settings, taken_down
from tests.e2e.pipeline import Pipeline, linked
from tests.integration.api_client import caller
from tests.judgements import decide, some_decisions
from tests.models import publish_small_model
from tests.stored import Stored, assert_as_before, stored_in
from tests.traffic import write_traffic
from tests.truth import assert_exact

pytestmark = pytest.mark.timeout(400)  # stacks start and stop within a test

ACCOUNTS = 400
CLAIMED = "u-CODE1"


SAVED = {entry for store in STORES for entry in store.only or (store.path.split("/")[0],)}
LEFT_OUT = {"api-key", "connect-tls", "logs", "port-owners", "run"}
"""What a start makes again."""


@dataclass(frozen=True)
class Restored:
    """A backup, what was stored when it was made, and the stack that was made of it."""

    backup: Path
    before: Stored
    settings: Settings


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restored]:
    """Real traffic of every kind, a backup, and its restore in another folder, on other ports."""
    backup = tmp_path_factory.mktemp("backups") / "monday"
    old = stack_settings(tmp_path_factory.mktemp("lost"))
    publish_small_model(old.models_dir)
    with taken_down(old):
        old = native.up(old)
        _live(old, write_traffic(tmp_path_factory.mktemp("csv"), accounts=ACCOUNTS, seed=21))
        before = stored_in(old)
        assert _entries(old.state_dir) <= SAVED | LEFT_OUT
        save_stack(old, backup, _quiet)
        assert native.ready(old, "api")  # what ran before the backup runs after it
    native.clean(old)
    assert not old.state_dir.exists()

    new = stack_settings(tmp_path_factory.mktemp("restored"))
    restore_stack(new, backup, force=False)
    with taken_down(new):
        new = native.up(new)
        wait_drained(new)
        yield Restored(backup, before, new)


def _entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _live(settings: Settings, folder: Path) -> None:
    """Registrations, redemptions, decisions, a claim, an erasure, a dead letter."""
    wait_drained(settings, load(settings, folder).lsn)
    pipeline = Pipeline(settings)
    decide(settings, some_decisions(settings, seed=21, count=20))
    pipeline.produce(Topic.USERS, b"nobody", b"this is not JSON")
    for user in ("shared-1", "shared-2"):
        pipeline.sign_up(user, device_id="one-device")
    pipeline.drained_of_shop()
    with caller(settings) as api:
        assert _claim(api, "shared-1")["granted"]
        assert api.delete("/v1/users/u21-3").status_code == 202
    pipeline.drained_of_shop()


def _claim(api: Any, user_id: str) -> dict[str, Any]:
    body, key = {"user_id": user_id, "promo_code": CLAIMED}, {"Idempotency-Key": str(uuid4())}
    answer = api.post("/v1/redemptions/claim", json=body, headers=key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _quiet(store: str, packed: Packed, seconds: float) -> None:
    assert packed.archive_bytes, (store, seconds)


def test_every_row_every_message_and_every_latest_risk_is_as_before(restored: Restored) -> None:
    before, now = restored.before, stored_in(restored.settings, restored.before.until)
    assert len(before.in_redis) > ACCOUNTS
    assert before.alerts
    assert before.warehouse["dead_letters"][0] == 1
    assert_as_before(before, now)
    assert_exact(restored.settings)


def test_an_open_claim_still_holds_the_code_for_its_person(restored: Restored) -> None:
    with caller(restored.settings) as api:
        assert not _claim(api, "shared-2")["granted"]


def test_changes_after_the_restore_are_newer_than_what_was_restored(restored: Restored) -> None:
    pipeline = Pipeline(restored.settings)
    assert linked(pipeline.risk_when("shared-1", linked={"shared-2"})) == {"shared-2"}

    pipeline.sign_up("shared-3", device_id="one-device")
    pipeline.run("UPDATE users SET device_id = 'one-device' WHERE user_id = 'u21-9'")
    pipeline.run("DELETE FROM users WHERE user_id = 'shared-2'")
    pipeline.drained_of_shop()

    risk = pipeline.risk_when("shared-1", linked={"shared-3", "u21-9"})
    assert risk["revision"] > restored.before.in_redis["shared-1"]["revision"]
    assert_exact(restored.settings)


def test_the_backup_of_a_running_stack_is_refused_before_anything_stops(
    restored: Restored,
) -> None:
    pids = {name: native.pid_of(restored.settings, name) for name in ("postgres", "kafka")}
    with pytest.raises(BackupError, match="is there already: choose a new folder"):
        save_stack(restored.settings, restored.backup, _quiet)
    with pytest.raises(BackupError, match="lies in the state folder"):
        save_stack(restored.settings, restored.settings.state_dir / "backup", _quiet)
    assert pids == {name: native.pid_of(restored.settings, name) for name in pids}


def test_a_restore_over_data_needs_force_and_a_stack_that_is_down(
    restored: Restored, tmp_path: Path
) -> None:
    settings = restored.settings
    with pytest.raises(BackupError, match="`make down` first"):
        restore_stack(settings, restored.backup, force=True)
    native.down(settings)
    kept = _files(settings.state_dir)
    with pytest.raises(BackupError, match=r"has data \(postgres, .*FORCE=1"):
        restore_stack(settings, restored.backup, force=False)

    damaged = shutil.copytree(restored.backup, tmp_path / "damaged")
    with (damaged / "kafka.tar.lz4").open("r+b") as file:
        file.seek(5_000)
        file.write(b"flipped")
    with pytest.raises(BackupError, match=r"kafka\.tar\.lz4 is damaged"):
        restore_stack(settings, damaged, force=True)

    assert _files(settings.state_dir) == kept

    restore_stack(settings, restored.backup, force=True)
    settings = native.up(settings)
    wait_drained(settings)
    assert_as_before(restored.before, stored_in(settings, restored.before.until))


def _files(folder: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of every file that a refusal could have touched."""
    stores = (folder / "data", folder / "clickhouse", folder / "secrets", folder / "models")
    found = (path for store in stores for path in store.rglob("*") if path.is_file())
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in found}


def test_a_stack_does_not_start_on_half_a_restore(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    layout_of(settings).make()
    (settings.state_dir / UNFINISHED_RESTORE).touch()
    with pytest.raises(StackError, match="a restore into this stack was interrupted"):
        native.up(settings, parts=["redis"])
