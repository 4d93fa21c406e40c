"""Each illness of the runbook, made on a running stack: the alert sees it, the page's own commands
tell it from others and mend it, the alert is quiet again, and nothing was lost."""

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from connectors.pipeline_health import ask_monitor
from connectors.settings import Settings
from connectors.topics import Topic
from infra.native import stack as native
from infra.native.layout import layout_of
from infra.native.status import status
from infra.native.supervision import Supervisor
from ml.training.succession import take_over
from tests.clone import Clone, cloned
from tests.conftest import taken_down
from tests.e2e.alerting import Alerts, rules
from tests.e2e.pipeline import Pipeline
from tests.e2e.runbook import Runbook, blocks_by_heading
from tests.models import publish_small_model
from tests.reading import eventually
from tests.source_faults import FAULTS, follow, superuser_of

CEILING = 10
DOWN, STOPPED, LAG, LETTERS, LOG, BURST, SILENT, DIFFER, ROWS = (
    "promo-part-down", "promo-scoring-stopped", "promo-lag-growing", "promo-dead-letters",
    "promo-source-log-kept", "promo-abuse-burst", "promo-metrics-missing",
    "promo-rows-differ", "promo-rows-not-arriving",
)  # fmt: skip
GIB_OF_SEGMENTS = 66
KEEP_SIZE_OF_SEGMENTS = 135


@dataclass(frozen=True, slots=True)
class Ward:
    """A stack to ill-treat, who looks at it, and what to do."""

    clone: Clone
    settings: Settings
    pipeline: Pipeline
    alerts: Alerts
    book: Runbook

    def ill(self, uid: str, *labels: str, later_s: int = 0) -> None:
        """Wait until an alert's condition holds, for these labels at least."""
        wanted = set(labels or ("",))
        what = f"{uid} fires for {wanted}"
        eventually(lambda: wanted <= self.alerts.firing(uid, later_s), what, timeout_s=40)

    def told(self, what: str) -> None:
        """Wait until the alert on rows that do not arrive says why."""

        def is_told() -> bool:
            return any(what in problem for problem in self.alerts.firing(ROWS))

        eventually(is_told, f"{ROWS} says {what}", timeout_s=60)

    def well(self, uid: str, later_s: int = 0) -> None:
        """Wait until it holds for nothing."""
        eventually(lambda: not self.alerts.firing(uid, later_s), f"{uid} is quiet", timeout_s=60)

    def fill_log(self, segments: int) -> None:
        """Move PostgreSQL's log on by so many files of 16 MB."""
        with superuser_of(self.settings) as connection:
            for _ in range(segments):
                connection.execute(
                    "SELECT pg_logical_emit_message(false, 'filling', 'x'), pg_switch_wal()"
                )
            connection.execute("CHECKPOINT")

    def accounts(self) -> tuple[int, int]:
        """How many the shop has, and how many ClickHouse knows."""
        with superuser_of(self.settings) as connection:
            row = connection.execute("SELECT count(*) FROM users").fetchone()
        ((known,),) = self.pipeline.rows("SELECT count() FROM users FINAL WHERE is_deleted = 0")
        assert row is not None
        return int(str(row[0])), int(known)

    def same_accounts(self) -> None:
        """Wait until ClickHouse knows as many accounts as the shop has."""
        eventually(lambda: len(set(self.accounts())) == 1, "no account is missing", timeout_s=60)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    root = tmp_path_factory.mktemp("ward") / "clone"
    with cloned(root) as clone, taken_down(clone.settings):
        with (clone.root / ".env").open("a") as env:
            env.write(f"PROMO_DEAD_LETTER_CEILING={CEILING}\nPROMO_RECONCILE_EVERY_S=2\n")
        clone.make("up")
        settings = clone.with_secrets()
        yield Ward(clone, settings, Pipeline(settings), Alerts(settings), Runbook(clone))


def test_on_a_stack_that_is_well_no_alert_fires(ward: Ward) -> None:
    for number in range(30):
        ward.pipeline.sign_up(f"well-{number}", device_id=f"device-{number}")
    ward.pipeline.risk_when("well-29")
    ward.same_accounts()

    for uid in rules():
        ward.well(uid)
    printed = ward.book.follow("First look")
    ward.book.tells("First look", printed, "active", "reserved", "waits_for")


def test_a_part_that_was_stopped(ward: Ward) -> None:
    native.stop_part(ward.settings, "connect")
    ward.pipeline.sign_up("while connect is stopped")
    ward.ill(DOWN, "connect", "connector")

    ward.book.tells(DOWN, ward.book.follow(DOWN), "stopped")
    ward.book.follow("A part was stopped")

    ward.pipeline.risk_when("while connect is stopped")
    ward.well(DOWN)


def test_a_part_that_ends_again_and_again(ward: Ward) -> None:
    native.stop_part(ward.settings, "scoring-0")
    with socket.create_server(("127.0.0.1", ward.settings.scoring_metrics_port(0))):
        Supervisor(layout_of(ward.settings)).start("scoring-0")
        ward.ill(DOWN, "scoring-0")
        log = layout_of(ward.settings).log_of("scoring-0")
        eventually(lambda: "Address already in use" in log.read_text(), "it says why", timeout_s=40)
        ward.pipeline.sign_up("while scoring ends")
        assert "scoring-0" in ward.book.follow(DOWN)
        why = ward.book.follow("A part ends again and again", slice(1))
        assert "Address already in use" in why

    ward.book.follow("A part ends again and again", slice(1, None))

    ward.pipeline.risk_when("while scoring ends")
    ward.well(DOWN)


def test_a_worker_that_hangs_and_falls_behind(ward: Ward) -> None:
    os.kill(native.pid_of(ward.settings, "warehouse"), signal.SIGSTOP)
    ward.pipeline.run(
        "INSERT INTO users (user_id, created_at) SELECT 'many-' || n, now()"
        " FROM generate_series(1, 1200) AS n"
    )
    ward.ill(LAG, "promo-warehouse")
    ward.ill(DOWN, "warehouse")
    ward.book.tells(LAG, ward.book.follow(LAG), "timed out", "processed")

    ward.book.follow("The worker hangs")

    ward.well(LAG)
    ward.well(DOWN)
    ward.same_accounts()
    ward.book.follow("A part hangs")


def test_clickhouse_that_does_not_answer(ward: Ward) -> None:
    native.stop_part(ward.settings, "clickhouse")
    assert ward.alerts.firing(SILENT) == {""}
    ward.pipeline.sign_up("while clickhouse is away")
    ward.pipeline.risk_when("while clickhouse is away")
    ward.book.tells(SILENT, ward.book.follow(SILENT), "down")

    ward.book.follow("ClickHouse does not answer")

    ward.well(SILENT)
    ward.same_accounts()


def test_a_monitor_that_is_down(ward: Ward) -> None:
    later_s = 108  # so that twelve seconds of silence are two minutes
    ward.well(SILENT, later_s)
    native.stop_part(ward.settings, "monitor")
    ward.ill(SILENT, later_s=later_s)
    ward.book.tells(SILENT, ward.book.follow(SILENT), "down", "monitor")

    ward.book.follow("The monitor is down")

    ward.well(SILENT, later_s)


def test_a_scoring_worker_that_does_not_run(ward: Ward) -> None:
    in_three_minutes_s = 180
    native.stop_part(ward.settings, "scoring-0")
    ward.pipeline.sign_up("while nobody scores")
    ward.ill(STOPPED, later_s=in_three_minutes_s)
    ward.book.tells(STOPPED, ward.book.follow(STOPPED), "scoring-0", "stopped")

    ward.book.follow("A scoring worker does not run")

    ward.pipeline.risk_when("while nobody scores")
    ward.well(STOPPED, later_s=in_three_minutes_s)


def test_redis_out_of_memory_is_waited_for_and_sets_nothing_aside(ward: Ward) -> None:
    in_three_minutes_s = 180
    with ward.pipeline.redis() as redis:
        redis.config_set("maxmemory", "1mb")
    ward.pipeline.sign_up("while redis is full")
    ward.ill(STOPPED, later_s=in_three_minutes_s)
    log = layout_of(ward.settings).log_of("scoring-0")
    eventually(lambda: "Redis is full" in log.read_text(), "the worker says why")

    def is_told() -> bool:
        health = {line.part: line.health for line in status(ward.settings)}
        return "Redis is full" in health["redis"] and health["scoring-0"] == "waits for redis"

    eventually(is_told, "the table of parts says so")
    ward.book.tells(STOPPED, ward.book.follow(STOPPED), "promo_dependency_up", "redis")
    ward.book.tells("Redis is out of memory", log.read_text(), "Redis is full")

    assert "noeviction" in ward.book.follow("Redis is out of memory")

    ward.pipeline.risk_when("while redis is full")
    ward.well(STOPPED, later_s=in_three_minutes_s)
    assert ward.pipeline.messages(Topic.DEAD_LETTER) == []


def test_postgres_restored_to_an_older_state(ward: Ward) -> None:
    data = layout_of(ward.settings).data / "postgres"
    ward.pipeline.sign_up("changes", device_id="old")
    ward.pipeline.risk_when("changes")
    native.stop_part(ward.settings, "postgres")
    shutil.copytree(data, ward.clone.root / "older")
    shutil.copystat(data, ward.clone.root / "older")
    native.start_part(ward.settings, "postgres")
    ward.pipeline.sign_up("of a future that is gone", device_id="old")
    ward.pipeline.risk_when("changes", linked={"of a future that is gone"})
    native.stop_part(ward.settings, "postgres")
    _owned_as(data, ward.clone.root / "older")
    shutil.rmtree(data)
    (ward.clone.root / "older").rename(data)
    native.start_part(ward.settings, "postgres")

    ward.book.follow("PostgreSQL was restored to an older state")

    ward.pipeline.sign_up("written afterwards", device_id="old")
    ward.pipeline.risk_when("changes", linked={"written afterwards"})
    assert ward.pipeline.risk("of a future that is gone") is None
    ward.same_accounts()
    ward.well(DOWN)


def _owned_as(model: os.PathLike[str], copy: os.PathLike[str]) -> None:
    """A server that runs as its own user must own what it is restored from."""
    owner = os.stat(model)
    for folder, folders, files in os.walk(copy):
        for name in ("", *folders, *files):
            os.chown(os.path.join(folder, name), owner.st_uid, owner.st_gid)


def test_a_lost_redis(ward: Ward) -> None:
    native.stop_part(ward.settings, "redis")
    shutil.rmtree(layout_of(ward.settings).data / "redis")

    assert "parity: holds" in ward.book.follow("Redis is lost")

    ward.pipeline.risk_when("changes", linked={"written afterwards"})
    ward.well(DOWN)


def test_a_lost_clickhouse(ward: Ward) -> None:
    native.stop_part(ward.settings, "clickhouse")
    shutil.rmtree(layout_of(ward.settings).state / "clickhouse")

    ward.book.follow("ClickHouse is lost")

    ward.same_accounts()
    ward.well(SILENT)
    ward.well(DOWN)


def test_messages_that_cannot_be_read(ward: Ward) -> None:
    in_eleven_minutes_s = 660
    ward.pipeline.produce(Topic.USERS, b"somebody", b"unreadable")
    ward.pipeline.produce(Topic.USERS, b"another", b"unreadable")
    ward.ill(LETTERS)
    ward.book.tells(LETTERS, ward.book.follow(LETTERS), "decode: not JSON")

    assert "2 dead letters sent again" in ward.book.follow("Messages that cannot be read")

    ward.well(LETTERS, later_s=in_eleven_minutes_s)
    ward.well(DOWN)


def test_a_message_that_ends_its_reader(ward: Ward) -> None:
    with ward.pipeline.redis() as redis:
        redis.set("z:crashes", "not a sorted set")
    ward.pipeline.sign_up("crashes")
    ward.pipeline.sign_up("behind the crash")
    ward.pipeline.risk_when("behind the crash")
    ward.pipeline.count_when(1, "SELECT count() FROM dead_letters FINAL WHERE stage = 'crash'")
    ward.book.tells(LETTERS, ward.book.follow(LETTERS), "crash:", "3 times")
    with ward.pipeline.redis() as redis:
        redis.delete("z:crashes")

    crash = "A message that ended its reader"
    ward.book.tells(crash, ward.book.follow(crash), "ResponseError", "redis_store.py")

    ward.pipeline.risk_when("crashes")


def test_a_worker_that_has_halted(ward: Ward) -> None:
    flood = CEILING + 3
    for number in range(flood):
        ward.pipeline.produce(Topic.RESCORE, b"flood", b"unreadable %d" % number)
    ward.ill(DOWN, "scoring-0")
    ward.pipeline.sign_up("behind the flood")
    ward.book.tells(DOWN, ward.book.follow(DOWN), "halted by too many dead letters")

    ward.book.follow("A worker has halted")

    ward.pipeline.risk_when("behind the flood")
    ward.well(DOWN)
    assert len(ward.pipeline.messages(Topic.DEAD_LETTER, b"flood")) == flood


def test_a_connector_whose_task_has_failed(ward: Ward) -> None:
    with superuser_of(ward.settings) as connection:
        connection.execute("ALTER ROLE promo_cdc NOLOGIN")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'promo_cdc'"
        )
    ward.pipeline.sign_up("while debezium is locked out")
    ward.ill(DOWN, "connector")
    ward.book.tells(DOWN, ward.book.follow(DOWN), "task FAILED", "not permitted to log in")

    ward.book.follow("The connector's task has failed")

    ward.pipeline.risk_when("while debezium is locked out")
    ward.well(DOWN)


def test_a_source_log_that_grows(ward: Ward) -> None:
    native.stop_part(ward.settings, "connect")
    ward.pipeline.sign_up("while the log grows")
    ward.fill_log(GIB_OF_SEGMENTS)
    ward.ill(LOG)
    ward.book.tells(LOG, ward.book.follow(LOG), "kept", "stopped")

    ward.book.follow("Connect is away")

    ward.pipeline.risk_when("while the log grows")
    ward.well(LOG)


def test_a_slot_that_is_lost(ward: Ward) -> None:
    for user in ("deleted meanwhile", "stays"):
        ward.pipeline.sign_up(user, device_id="of two")
    ward.pipeline.risk_when("stays", linked={"deleted meanwhile"})
    native.stop_part(ward.settings, "connect")
    ward.pipeline.run("DELETE FROM users WHERE user_id = 'deleted meanwhile'")
    ward.pipeline.sign_up("came meanwhile")
    ward.fill_log(KEEP_SIZE_OF_SEGMENTS)
    native.start_part(ward.settings, "connect")
    ward.ill(DOWN, "connector")
    ward.book.tells(DOWN, ward.book.follow(DOWN), "slot promo is lost")

    ward.book.follow("The replication slot is lost")

    ward.pipeline.risk_when("came meanwhile")
    ward.pipeline.risk_when("stays", linked=set())
    assert ward.pipeline.risk("deleted meanwhile") is None
    ward.same_accounts()
    ward.well(DOWN)
    ward.well(LOG)


def test_a_slot_that_somebody_dropped(ward: Ward) -> None:
    with superuser_of(ward.settings) as connection:
        known = "SELECT FROM source_marks WHERE mark = 'replication slot'"
        eventually(lambda: connection.execute(known).rowcount == 1, "the slot is known", 30)
    native.stop_part(ward.settings, "connect")
    with superuser_of(ward.settings) as connection:
        eventually(
            lambda: connection.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                " WHERE NOT active"
            ).rowcount == 1,
            "the slot is dropped",
        )  # fmt: skip
    ward.pipeline.sign_up("came without a slot")
    native.start_part(ward.settings, "connect")
    # Either it is not there, or Debezium has made another one.
    ward.told("replication slot promo")
    ward.book.tells(DOWN, ward.book.follow(DOWN), "replication slot promo")

    ward.book.follow("The replication slot is lost")

    ward.pipeline.risk_when("came without a slot")
    ward.well(DOWN)


def test_a_burst_of_abuse(ward: Ward) -> None:
    in_eleven_minutes_s = 660
    ward.clone.make("simulate", "PACK=device_farm", "RATE=50", "SECONDS=5")
    ward.ill(BURST)
    ward.book.tells(BURST, ward.book.follow(BURST), "rule.shared_device")

    assert '"label":"abuser"' in ward.book.follow("An attack")
    assert '"through":"device"' in ward.book.follow("No attack")

    ward.well(BURST, later_s=in_eleven_minutes_s)


def test_a_bad_model(ward: Ward) -> None:
    for version in ("good", "bad"):
        publish_small_model(ward.settings.models_dir, version)
    for version in ("good", "bad"):
        take_over(ward.settings.models_dir, version)

    assert "good" in ward.book.follow("A bad model was published")

    ward.pipeline.sign_up("after the rollback")
    ward.pipeline.risk_when("after the rollback", model_version="good")


@pytest.mark.parametrize("name", ["the publication is dropped", "a column is renamed"])
def test_rows_that_do_not_arrive(ward: Ward, name: str) -> None:
    (fault,) = (fault for fault in FAULTS if fault.name == name)
    with superuser_of(ward.settings) as superuser:
        superuser.execute(fault.statement.encode())
        ward.told(fault.what)
        ward.book.tells(ROWS, ward.book.follow(ROWS), fault.what)
        (said,) = (p for p in ask_monitor(ward.settings).problems if p.is_present)

        follow(said.remedy, superuser)

    ward.told("may not have arrived")
    ward.clone.make("reconcile", "APPLY=1")
    ward.well(ROWS)
    ward.well(DOWN)


def test_a_worker_through_which_no_row_gets_is_named(ward: Ward) -> None:
    os.kill(native.pid_of(ward.settings, "scoring-0"), signal.SIGSTOP)
    ward.told("no row gets through scoring-0")

    ward.clone.make("restart", "PART=scoring-0", "KILL=1")

    ward.well(ROWS)


def test_rows_of_which_no_event_told(ward: Ward) -> None:
    ward.pipeline.sign_up("goes unheard", device_id="of the unheard")
    ward.pipeline.redeem("goes unheard", "UNHEARD")
    ward.pipeline.drained_of_shop()
    with superuser_of(ward.settings) as owner:
        owner.execute("ALTER PUBLICATION promo SET (publish = 'insert, update')")
        owner.execute("DELETE FROM users WHERE user_id = 'goes unheard'")
        owner.execute("ALTER PUBLICATION promo SET (publish = 'insert, update, delete, truncate')")
    ward.ill(DIFFER, "redis", "clickhouse")
    ward.told("the publication was changed")

    ward.book.tells(DIFFER, ward.book.follow(DIFFER), "left over")

    ward.well(DIFFER)
    ward.well(ROWS)
    assert ward.pipeline.risk("goes unheard") is None


def test_a_leaked_api_key(ward: Ward) -> None:
    leaked = ward.clone.make("-s", "api-key", "NAME=checkout", "SCOPES=read").splitlines()[0]
    url = f"{ward.settings.api_url}/v1/users/well-29/risk"

    def answers() -> int:
        return httpx.get(url, headers={"X-API-Key": leaked}, trust_env=False).status_code

    eventually(lambda: answers() == httpx.codes.OK, "it opens")

    assert "Revoked" in ward.book.follow("An API key has leaked")

    eventually(lambda: answers() == httpx.codes.UNAUTHORIZED, "it opens nothing more")


@pytest.mark.parametrize(
    "heading",
    [
        "The disk is full",
        "The API's certificate has expired",
        "Clocks are wrong",
        "Many alerts at once",
    ],
)
def test_commands_for_what_cannot_be_made_here(ward: Ward, heading: str) -> None:
    """A full disk, an expired certificate, a wrong clock: the commands work on a stack that is
    well."""
    ward.book.follow(heading)

    ward.well(DOWN)


def test_another_scoring_worker(ward: Ward) -> None:
    with (ward.clone.root / ".env").open("a") as env:
        env.write("PROMO_SCORING_WORKERS=2\n")

    ward.book.follow("Too few workers")

    assert "scoring-1" in ward.book.follow("First look")
    ward.pipeline.sign_up("scored by one of two")
    ward.pipeline.risk_when("scored by one of two")


def test_every_command_of_the_page_was_tried(ward: Ward, request: pytest.FixtureRequest) -> None:
    here = {item.name for item in request.session.items if item.path == request.path}
    written = {name for name in globals() if name.startswith("test_")}
    if {name.partition("[")[0] for name in here} != written:
        pytest.skip("only some tests of this module were run")

    of_page = blocks_by_heading(ward.book.page).items()
    assert ward.book.used == {(heading, n) for heading, all_ in of_page for n in range(len(all_))}
