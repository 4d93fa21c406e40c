"""Rounds of the monitor, what it reads of others, and what waits while ClickHouse is ill."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from prometheus_client import generate_latest

from connectors.errors import DependencyDown
from stream_processors.metrics import Metrics
from stream_processors.monitor.backlog import Backlog
from stream_processors.monitor.exposition import Exposition
from stream_processors.monitor.probes import Probe
from stream_processors.monitor.rounds import Rounds
from stream_processors.monitor.samples import Sample, own, scraped
from warehouse.rows import Row


def up(part: str, value: float) -> Sample:
    return Sample(part, "promo_part_up", (), value)


def refuses() -> Sequence[Sample]:
    raise DependencyDown("nobody there")


async def test_a_part_is_up_if_it_answers_and_shows_what_it_shows() -> None:
    lag = own("kafka", "promo_consumer_lag", 3, topic="t", group="g")
    rounds = Rounds([Probe("kafka", lambda: [lag]), Probe("redis", refuses)])
    assert await rounds.look() == [lag, up("kafka", 1.0), up("redis", 0.0)]
    rounds.close()


async def test_a_part_that_hangs_is_down_delays_nobody_and_is_not_asked_twice() -> None:
    release, asked = threading.Event(), []

    def hangs() -> Sequence[Sample]:
        asked.append(1)
        release.wait(10)
        return []

    rounds = Rounds([Probe("redis", hangs), Probe("kafka", lambda: [])], patience_s=0.05)
    for _ in range(2):
        assert await rounds.look() == [up("redis", 0.0), up("kafka", 1.0)]
    assert len(asked) == 1
    release.set()
    assert up("redis", 1.0) in await rounds.look()
    rounds.close()


def test_all_that_a_worker_shows_is_read() -> None:
    metrics = Metrics()
    metrics.events.labels("promo.rescore").inc(3)
    metrics.commit_to_score.labels("registration").observe(0.04)

    found = scraped("scoring-0", generate_latest(metrics.registry).decode())

    assert Sample("scoring-0", "promo_events_total", (("topic", "promo.rescore"),), 3.0) in found
    names = {sample.metric for sample in found}
    for part in ("bucket", "sum", "count"):
        assert f"promo_commit_to_score_seconds_{part}" in names
    assert not [name for name in names if name.endswith("_created")]
    infinite = [s for s in found if ("le", "+Inf") in s.labels]
    assert {s.value for s in infinite} == {0.0, 1.0}


def test_topics_that_brought_nothing_yet_are_shown_as_none() -> None:
    metrics = Metrics()
    metrics.consumes(["promo.rescore"])
    found = scraped("scoring-0", generate_latest(metrics.registry).decode())
    assert Sample("scoring-0", "promo_events_total", (("topic", "promo.rescore"),), 0.0) in found


def test_metrics_of_others_and_numbers_that_are_none_are_left_out() -> None:
    text = "python_info 1\npromo_part_up NaN\npromo_halted 1\n"
    assert scraped("api", text) == [Sample("api", "promo_halted", (), 1.0)]


def test_a_page_that_is_no_metrics_is_a_part_that_is_not_well() -> None:
    with pytest.raises(DependencyDown, match="api shows no Prometheus metrics"):
        scraped("api", "<html>{</html>\n")


def test_the_monitor_shows_its_own_samples_under_their_labels() -> None:
    exposition = Exposition()
    exposition.show(
        [
            own("kafka", "promo_consumer_lag", 7, topic="t", group="g", partition="0"),
            up("redis", 0.0),
            Sample("scoring-0", "promo_events_total", (), 5.0),
        ]
    )
    shown = generate_latest(exposition.registry).decode().splitlines()
    assert 'promo_consumer_lag{group="g",partition="0",topic="t"} 7.0' in shown
    assert 'promo_part_up{part="redis"} 0.0' in shown
    assert not [line for line in shown if "promo_events_total" in line]


class Table:
    """Takes rows, or is ill."""

    def __init__(self) -> None:
        self.ill = False
        self.values: list[float] = []
        self.changed = asyncio.Condition()

    async def insert(self, rows: Sequence[Row]) -> None:
        if self.ill:
            raise DependencyDown("ill")
        async with self.changed:
            self.values += [row.values["value"] for row in rows]
            self.changed.notify_all()

    async def holds(self, values: list[float]) -> None:
        """Wait until it does."""
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(lambda: self.values == values)


async def test_rounds_wait_in_order_while_clickhouse_is_ill_the_oldest_go() -> None:
    table = Table()
    backlog = Backlog(table.insert, most=3, pause_s=0.001)
    writing = asyncio.create_task(backlog.run())
    backlog.add(1, [up("redis", 0.0)])
    await table.holds([0.0])

    table.ill = True
    for number in range(1, 6):
        backlog.add(number, [up("redis", float(number))])
        await asyncio.sleep(0)
    table.ill = False

    await table.holds([0.0, 3.0, 4.0, 5.0])
    writing.cancel()
