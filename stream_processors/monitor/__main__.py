"""``python -m stream_processors.monitor``: one for the whole pipeline, beside the workers."""

import asyncio
import logging
import signal
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from connectors.errors import DependencyDown
from connectors.pipeline_health import PATH
from connectors.rolling import close_quiet_segments
from connectors.settings import Settings, load_settings
from stream_processors import logs
from stream_processors.metrics_server import serve_metrics
from stream_processors.monitor import shared_values, source_watch
from stream_processors.monitor.backlog import Backlog
from stream_processors.monitor.drift import DriftWatch
from stream_processors.monitor.exposition import Exposition, Kind
from stream_processors.monitor.health import HealthWatch, without_heartbeats
from stream_processors.monitor.probes import probes_of
from stream_processors.monitor.rounds import Rounds
from stream_processors.monitor.samples import own
from stream_processors.monitor.thinning import ROUND_S, Thinning
from warehouse.writer import Writer

DRIFT_PERIOD_S = 60.0
CLOSING_PERIOD_S = 3600.0
LOOKED = own("monitor", "promo_part_up", 1.0)
"""Stored in every round: the values that were stored last still held then."""

_log = logging.getLogger(__name__)


async def monitor(settings: Settings, stop: asyncio.Event) -> None:
    """Look at all parts every :data:`ROUND_S` seconds until told to stop.

    Beside them, at how far what is scored has drifted, every :data:`DRIFT_PERIOD_S`; at values that
    many accounts share (:mod:`stream_processors.monitor.shared_values`); and segments of quiet
    partitions are closed, every :data:`CLOSING_PERIOD_S`.

    Raises:
        SettingsError: a password is not set.
    """
    exposition, rounds, writer = Exposition(), Rounds(probes_of(settings)), Writer(settings)
    backlog, thinning, drift_watch = Backlog(writer.insert), Thinning(), DriftWatch(settings)
    health = HealthWatch(settings)
    serve_metrics(
        exposition.registry,
        settings.metrics_host,
        settings.monitor_metrics_port,
        {PATH: lambda: health.report().encode()},
    )
    sharing = shared_values.SharedValueWatch(settings)
    beside = [
        _beside(work, stop)
        for work in (
            backlog.run(),
            _watch_drift(drift_watch, exposition, backlog),
            _close_segments(settings),
            _watch_shared_values(sharing, exposition),
            _watch_source(health),
        )
    ]
    while not stop.is_set():
        due = time.monotonic() + ROUND_S
        sampled_at_us = time.time_ns() // 1_000
        health.write()
        samples = without_heartbeats(seen := await rounds.look())
        await health.look(seen)
        samples += health.age_samples()
        always = [*health.problem_samples(), LOOKED]
        exposition.show([*samples, *always])
        backlog.add(sampled_at_us, [*thinning.due(sampled_at_us, samples), *always])
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), due - time.monotonic())
    for task in beside:
        task.cancel()
    rounds.close()
    await sharing.close()
    health.close()
    await writer.close()


def _beside(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> asyncio.Task[None]:
    """Work in the background. If a defect ends it, the monitor ends, to be started again."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a defect", exc_info=error)
            stop.set()

    task = asyncio.create_task(work)
    task.add_done_callback(ended)
    return task


async def _watch_drift(watch: DriftWatch, exposition: Exposition, backlog: Backlog) -> None:
    while True:
        sampled_at_us = time.time_ns() // 1_000
        samples = await asyncio.to_thread(watch.look)
        exposition.show(samples, Kind.DRIFT)
        if samples:
            backlog.add(sampled_at_us, samples)
        await asyncio.sleep(DRIFT_PERIOD_S)


async def _watch_shared_values(
    watch: shared_values.SharedValueWatch, exposition: Exposition
) -> None:
    while True:
        exposition.show(await watch.look(), Kind.SHARED_VALUES)
        await asyncio.sleep(shared_values.PERIOD_S)


async def _watch_source(health: HealthWatch) -> None:
    while True:
        await asyncio.to_thread(health.look_at_source)
        await asyncio.sleep(source_watch.PERIOD_S)


async def _close_segments(settings: Settings) -> None:
    """So that what was erased is compacted away where nobody writes, too."""
    while True:
        try:
            await asyncio.to_thread(close_quiet_segments, settings)
        except DependencyDown as error:
            _log.warning("no quiet segment was closed", extra={"why": str(error)})
        await asyncio.sleep(CLOSING_PERIOD_S)


async def _until_terminated(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await monitor(settings, stop)


def main() -> None:
    """Run until terminated."""
    settings = load_settings()
    logs.configure(settings.log_level)
    asyncio.run(_until_terminated(settings))


if __name__ == "__main__":
    main()
