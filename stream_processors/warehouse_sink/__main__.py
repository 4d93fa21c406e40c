"""``python -m stream_processors.warehouse_sink --slot N``: one warehouse worker."""

import argparse
import asyncio
from contextlib import suppress

import faust

from connectors.profile import hasher_of
from connectors.settings import Settings, load_settings
from connectors.topics import WAREHOUSE_GROUP, WAREHOUSE_SOURCES, Topic
from stream_processors import logs
from stream_processors.crashes import Crashes
from stream_processors.dead_letters import Ceiling
from stream_processors.delivery import Delivery
from stream_processors.faust_app import App, ServiceApp, make_app, run
from stream_processors.kafka_intake import KafkaIntake
from stream_processors.metrics import Metrics, Ready
from stream_processors.warehouse_sink.processor import WarehouseProcessor
from stream_processors.worker import Worker
from warehouse.writer import Writer

BATCH = 5_000
LINGER_S = 0.5
"""Rows are visible within 2 s: half a second of lingering, the rest for a large insert."""

FINISH_S = 5.0
"""How long a batch may take to end when the worker is stopped; one that waits for an ill ClickHouse
is given up, and comes again."""


def warehouse_app(settings: Settings, slot: int, metrics: Metrics) -> App:
    """The Faust app of one warehouse worker; one service, so that inserts never overlap."""
    app = make_app(settings, WAREHOUSE_GROUP, slot, ServiceApp)
    processor = WarehouseProcessor(
        writer=Writer(settings),
        delivery=Delivery(settings, f"{WAREHOUSE_GROUP}-{slot}"),
        hashed=hasher_of(settings),
        ceiling=Ceiling(settings.dead_letter_ceiling),
        metrics=metrics,
    )
    crashes = Crashes(settings.worker_dir(WAREHOUSE_GROUP, slot) / "crashes.json")
    worker = Worker(processor, crashes, metrics)
    ready = Ready(metrics, settings.metrics_host, settings.metrics_port + slot)

    @app.service
    class Sink(faust.Service):
        """Consumes, inserts, acknowledges."""

        intake: KafkaIntake
        ended: asyncio.Event

        async def on_start(self) -> None:
            self.ended = asyncio.Event()
            self.intake = KafkaIntake(
                settings,
                (*WAREHOUSE_SOURCES, Topic.HEARTBEATS),
                WAREHOUSE_GROUP,
                slot,
                size=BATCH,
                linger_s=LINGER_S,
                metrics=metrics,
                on_assigned=ready.now,
            )

        @faust.Service.task
        async def consume(self) -> None:
            try:
                await worker.run(self.intake)
            finally:
                self.ended.set()

        async def on_stop(self) -> None:
            # The batch under way is finished: its consumer may not be closed under its thread.
            self.intake.end()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), FINISH_S)

        async def on_shutdown(self) -> None:
            self.intake.close()

    return app


def main() -> None:
    """Run until terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slot", type=int, default=0, help="number of this worker, from 0")
    slot = parser.parse_args().slot
    settings = load_settings()
    logs.configure(settings.log_level)
    metrics = Metrics()
    metrics.consumes(WAREHOUSE_SOURCES)
    app = warehouse_app(settings, slot, metrics)
    run(app)


if __name__ == "__main__":
    main()
