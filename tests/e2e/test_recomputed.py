"""What is recomputed from the warehouse is what was published, whatever the order of events."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from connectors.drain import wait_drained
from connectors.load import load
from connectors.settings import Settings
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of
from ml.parity.__main__ import parity
from ml.parity.causes import Kind
from ml.parity.report import text
from tests.conftest import running_stack, stack_settings
from tests.models import publish_small_model
from tests.traffic import write_traffic
from tests.truth import connect
from warehouse.client import reader, writer
from warehouse.queries import query

ACCOUNTS = 600
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Two shops' traffic of the same months, one after the other, on shared devices."""
    settings = stack_settings(tmp_path_factory.mktemp("parity"), scoring_workers=2)
    publish_small_model(settings.models_dir)
    with running_stack(settings) as ready:
        for seed, prefix in ((1, "u"), (2, "k")):
            folder = tmp_path_factory.mktemp("csv")
            write_traffic(folder, accounts=ACCOUNTS, seed=seed, prefix=prefix)
            wait_drained(ready, load(ready, folder).lsn)
        yield ready


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command on this stack, as the Makefile runs it."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=REPOSITORY,
        env=os.environ | environment_of(settings, layout_of(settings)),
        text=True,
        capture_output=True,
    )


def change(settings: Settings, *statements: str) -> None:
    with connect(settings) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        lsn = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
    assert lsn is not None
    wait_drained(settings, lsn[0])


def test_events_that_came_out_of_order_leave_no_difference(loaded: Settings) -> None:
    found = parity(loaded)
    assert found.holds, text(found, 5)
    assert found.accounts == found.latest == 2 * ACCOUNTS
    assert found.explained, text(found, 5)
    assert len(found.unjudged) < len(found.explained), text(found, 5)
    causes = {cause for _, explanation in found.explained for cause in explanation.causes}
    late = {cause.identity for cause in causes if cause.kind is Kind.REGISTRATION}
    assert any(user.startswith("k") for user in late)
    done = command(loaded, "ml.parity")
    assert (done.returncode, done.stderr) == (0, "")
    assert "parity: holds" in done.stdout


def test_a_backtests_present_is_what_was_published(loaded: Settings, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    done = command(loaded, "ml.backtest", "--model", "rules", "--json", str(out))
    assert done.returncode == 0, done.stderr
    report = orjson.loads(out.read_bytes())
    found: Counter[str] = Counter()
    for row in report["levels"]:
        found[row["before"]] += row["accounts"]
    published = reader(loaded).query(query("accounts_by_level")).result_rows
    assert found == {str(level): int(accounts) for level, accounts in published}
    assert report["models"] == {"before": "test-1", "after": "rules"}
    assert report["changed"] > 0


def test_changes_and_erasures_are_explained_or_said_not_to_be_judged(loaded: Settings) -> None:
    change(
        loaded,
        "UPDATE users SET device_id = 'ring-0' WHERE user_id LIKE 'u1-%7'",
        "DELETE FROM users WHERE user_id LIKE 'u1-%16'",
        "DELETE FROM promo_usages WHERE usage_id % 11 = 0",
        "UPDATE promo_usages SET user_id = 'u1-1' WHERE usage_id % 97 = 1",
    )
    found = parity(loaded)
    assert found.holds, text(found, 5)
    assert found.unjudged


def test_a_planted_row_is_found(loaded: Settings) -> None:
    with writer(loaded) as client:
        ((victim,),) = client.query("SELECT min(user_id) FROM users FINAL").result_rows
        client.command(
            "INSERT INTO risk_scores SELECT * REPLACE ("
            " generateUUIDv4() AS event_id, revision + 1 AS revision,"
            " replaceRegexpOne(features, '\"redemptions\":[0-9.]+', '\"redemptions\":41.0')"
            " AS features) FROM risk_scores FINAL WHERE user_id = {user:String}"
            " ORDER BY revision DESC LIMIT 1",
            parameters={"user": victim},
        )
    done = command(loaded, "ml.parity")
    assert done.returncode == 1
    assert f"{victim} redemptions: stored 41.0" in done.stdout
    assert "parity: BROKEN" in done.stdout
    (difference,) = parity(loaded).differences
    assert (difference.user_id, difference.feature) == (victim, "redemptions")
