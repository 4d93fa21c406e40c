"""Parts that are away, messages that end their reader, floods: nothing is lost, nobody waits who
need not."""

import random
import time
from collections.abc import Iterator

import pytest

from connectors.settings import Settings
from connectors.topics import Topic
from infra.native import stack as native
from infra.native.status import status
from stream_processors.dead_letters_cli.__main__ import listed
from stream_processors.dead_letters_cli.replay import replay
from tests.conftest import running_stack, stack_settings
from tests.e2e.pipeline import Pipeline, at, headers_of
from tests.reading import eventually

CEILING = 5
PARTS = (
    "postgres", "redis", "kafka", "connect", "connector", "clickhouse", "scoring-0", "warehouse",
    "api", "monitor", "reconciler",
)  # fmt: skip


@pytest.fixture(scope="module")
def ailing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A stack of this module's own, with a low ceiling on dead letters."""
    settings = stack_settings(tmp_path_factory.mktemp("ill"), dead_letter_ceiling=CEILING)
    with running_stack(settings) as ready:
        yield ready


@pytest.fixture
def pipeline(ailing: Settings) -> Pipeline:
    return Pipeline(ailing)


def shows(pipeline: Pipeline, port: int, line: str) -> bool:
    return line in pipeline.metrics(port).splitlines()


def monitored(pipeline: Pipeline, part: str, up: bool) -> None:
    line = f'promo_part_up{{part="{part}"}} {1.0 if up else 0.0}'
    port = pipeline.settings.monitor_metrics_port
    eventually(lambda: shows(pipeline, port, line), line, timeout_s=30)


def scoring_port(pipeline: Pipeline) -> int:
    return pipeline.settings.scoring_metrics_port(0)


def test_the_monitor_keeps_what_every_part_shows(pipeline: Pipeline) -> None:
    pipeline.sign_up("is measured")
    pipeline.risk_when("is measured")

    for part in PARTS:
        monitored(pipeline, part, up=True)
        pipeline.count_when(
            1,
            "SELECT argMax(value, sampled_at) FROM pipeline_metrics FINAL"
            " WHERE part = {part:String} AND metric = 'promo_part_up'",
            part=part,
        )
    kinds = {
        ("scoring-0", "promo_events_total", '{"topic":"promo.public.users"}'),
        ("scoring-0", "promo_commit_to_score_seconds_count", '{"trigger":"registration"}'),
        ("scoring-0", "promo_batch_seconds_bucket", '{"le":"+Inf"}'),
        ("warehouse", "promo_rows_written_total", '{"table":"users"}'),
        ("warehouse", "promo_commit_to_stored_seconds_count", '{"table":"users"}'),
        ("warehouse", "promo_commit_to_stored_seconds_count", '{"table":"risk_scores"}'),
        ("postgres", "promo_source_wal_kept_bytes", '{"slot":"promo"}'),
        ("postgres", "promo_source_lag_bytes", '{"slot":"promo"}'),
        (
            "kafka",
            "promo_consumer_lag",
            '{"group":"promo-scoring","partition":"0","topic":"promo.rescore"}',
        ),
    }

    def kept() -> set[tuple[object, ...]]:
        return set(pipeline.rows("SELECT DISTINCT part, metric, labels FROM pipeline_metrics"))

    eventually(lambda: kinds <= kept(), f"{kinds} are kept", timeout_s=30)


def test_log_that_debezium_has_not_confirmed_is_a_lag_that_it_catches_up_with(
    pipeline: Pipeline,
) -> None:
    row_bytes = 20_000

    def lag_bytes() -> float:
        shown = pipeline.metrics(pipeline.settings.monitor_metrics_port)
        name = 'promo_source_lag_bytes{slot="promo"} '
        return next(float(line.removeprefix(name)) for line in shown.splitlines() if name in line)

    native.stop_part(pipeline.settings, "connect")
    pipeline.sign_up(
        "while connect is away", user_agent=random.Random(1).randbytes(row_bytes).hex()
    )
    eventually(lambda: lag_bytes() > row_bytes, "the lag grows", timeout_s=30)
    native.start_part(pipeline.settings, "connect")

    eventually(lambda: lag_bytes() < row_bytes, "Debezium has caught up", timeout_s=60)
    pipeline.risk_when("while connect is away")


def test_clickhouse_away_delays_no_score_and_misses_no_row(pipeline: Pipeline) -> None:
    native.stop_part(pipeline.settings, "clickhouse")
    monitored(pipeline, "clickhouse", up=False)
    away_since = time.time()

    asked = time.monotonic()
    pipeline.sign_up("while it is away")
    pipeline.risk_when("while it is away")
    waited_s = time.monotonic() - asked
    native.start_part(pipeline.settings, "clickhouse")

    assert waited_s < 5
    for table in ("users", "risk_scores"):
        pipeline.count_when(
            1, f"SELECT count() FROM {table} FINAL WHERE user_id = 'while it is away'"
        )
    pipeline.count_when(
        1,
        "SELECT count() > 0 FROM pipeline_metrics WHERE part = 'clickhouse'"
        " AND value = 0 AND sampled_at > fromUnixTimestamp64Milli({since:Int64})",
        since=round(away_since * 1000) - 6_000,
    )


def test_redis_away_stops_the_stream_and_loses_nothing(pipeline: Pipeline) -> None:
    native.stop_part(pipeline.settings, "redis")
    for number in range(20):
        pipeline.sign_up(f"waits for redis {number}", device_id="waiting")
    down = 'promo_dependency_up{dependency="redis"} 0.0'
    eventually(lambda: shows(pipeline, scoring_port(pipeline), down), down)
    native.start_part(pipeline.settings, "redis")

    others = {f"waits for redis {number}" for number in range(20)}
    for user in others:
        pipeline.risk_when(user, linked=others - {user})
    assert pipeline.messages(Topic.DEAD_LETTER) == []


def test_kafka_killed_comes_back_and_loses_nothing(pipeline: Pipeline) -> None:
    native.kill_part(pipeline.settings, "kafka")
    pipeline.sign_up("while kafka is away")

    pipeline.risk_when("while kafka is away")

    pipeline.count_when(
        1, "SELECT count() FROM risk_scores FINAL WHERE user_id = 'while kafka is away'"
    )


def test_a_score_that_is_none_is_set_aside_by_the_warehouse(pipeline: Pipeline) -> None:
    place = pipeline.produce(Topic.RISK_SCORES, b"somebody", b'{"score": "high"}')
    pipeline.count_when(1, "SELECT count() FROM dead_letters FINAL WHERE topic LIKE '%risk_scores'")
    pipeline.sign_up("after the score")
    pipeline.count_when(
        1, "SELECT count() FROM risk_scores FINAL WHERE user_id = 'after the score'"
    )

    letters = at(pipeline.messages(Topic.DEAD_LETTER), Topic.RISK_SCORES, place)
    assert [letter.value() for letter in letters] == [b'{"score": "high"}']


def test_a_message_that_ends_its_reader_is_set_aside_at_the_third_crash_and_replayed(
    pipeline: Pipeline,
) -> None:
    with pipeline.redis() as redis:
        # A key of another type is one that the scripts cannot work with: nobody foresaw it.
        redis.set("z:crashes", "not a sorted set")
    pipeline.sign_up("crashes")
    pipeline.sign_up("behind the crash")

    pipeline.count_when(1, "SELECT count() FROM dead_letters FINAL WHERE stage = 'crash'")
    pipeline.risk_when("behind the crash")
    letters = [m for m in pipeline.messages(Topic.DEAD_LETTER) if m.key() == b"crashes"]
    assert [headers_of(letter)["stage"] for letter in letters] == [b"crash"]
    assert b"3 times" in headers_of(letters[0])["error"]
    assert pipeline.risk("crashes") is None

    with pipeline.redis() as redis:
        redis.delete("z:crashes")
    done = replay(pipeline.settings)
    assert done.sent == len(listed(pipeline.settings))
    pipeline.risk_when("crashes")
    assert replay(pipeline.settings).sent <= 1  # the unreadable score came back


def test_an_old_row_behind_a_newer_one_of_its_key_is_not_replayed(pipeline: Pipeline) -> None:
    pipeline.sign_up("moved on")
    pipeline.risk_when("moved on")
    pipeline.produce(Topic.USERS, b"moved on", b"unreadable")
    pipeline.run("UPDATE users SET city = 'Brno' WHERE user_id = 'moved on'")
    eventually(
        lambda: any(entry.key == b"moved on" for entry in listed(pipeline.settings)), "set aside"
    )
    eventually(lambda: len(pipeline.messages(Topic.USERS, b"moved on")) == 3, "the update came")

    assert replay(pipeline.settings).superseded == 1
    assert len(pipeline.messages(Topic.USERS, b"moved on")) == 3


def test_a_flood_of_dead_letters_halts_the_worker_until_it_is_restarted(
    pipeline: Pipeline,
) -> None:
    settings = pipeline.settings
    flood = [
        pipeline.produce(Topic.RESCORE, b"flood", b"unreadable %d" % number)
        for number in range(CEILING + 2)
    ]
    eventually(lambda: shows(pipeline, scoring_port(pipeline), "promo_halted 1.0"), "it halts")
    pipeline.sign_up("behind the flood")
    health = {line.part: line.health for line in status(settings)}
    assert "halted" in health["scoring-0"]
    assert "make dead-letters" in health["scoring-0"]

    native.stop_part(settings, "scoring-0")
    native.start_part(settings, "scoring-0")

    pipeline.risk_when("behind the flood")
    pipeline.drained()
    assert shows(pipeline, scoring_port(pipeline), "promo_halted 0.0")
    offsets = {offset for _, offset in flood}
    found = pipeline.rows("SELECT offset FROM dead_letters FINAL WHERE topic = 'promo.rescore'")
    assert offsets == {offset for (offset,) in found}
    assert len(pipeline.messages(Topic.DEAD_LETTER, b"flood")) == len(flood)
