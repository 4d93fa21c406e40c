"""A Faust agent as the user guide writes one: one event at a time, each send awaited.

Per event it does what production does (decode, feature store, scoring, publishing, keeping the
latest risk), but with Faust's own consumer, producer and settings. As in the guide, what is
awaited is ``topic.send``, not the broker's acknowledgement: it promises less than production.
"""

from collections.abc import Sequence
from typing import Any

import faust

from benchmarks.peers.processing import make_processor
from connectors.settings import Settings, load_settings
from connectors.topics import SCORING_SOURCES
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.faust_app import broker_credentials, serve_when_assigned
from stream_processors.intake import Message
from stream_processors.metrics import Metrics

GROUP = "bench-naive-faust"


class FaustDelivery(Delivery):
    """Sends through Faust's topics instead of a producer of its own."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._topics: dict[str, Any] = {}

    async def deliver(self, messages: Sequence[Outgoing]) -> frozenset[str]:
        """Send messages one after the other; where they lie, nobody asks."""
        for message in messages:
            await self._topic(message.topic).send(key=message.key, value=message.value)
        return frozenset()

    def _topic(self, name: str) -> Any:
        if name not in self._topics:
            self._topics[name] = self._app.topic(name, key_serializer="raw", value_serializer="raw")
        return self._topics[name]


def naive_app(settings: Settings, metrics: Metrics) -> Any:
    """The app with its agent."""
    datadir = (settings.state_dir / "faust" / GROUP).absolute()
    app = faust.App(
        GROUP,
        broker=f"kafka://{settings.kafka_bootstrap}",
        broker_credentials=broker_credentials(settings),
        store="memory://",
        datadir=str(datadir),
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        worker_redirect_stdouts=False,
    )
    processor = make_processor(settings, FaustDelivery(app), metrics)
    sources = app.topic(
        *(topic.value for topic in SCORING_SOURCES),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )

    @app.agent(sources)
    async def scoring(stream: Any) -> None:
        async for event in stream.events():
            found = event.message
            message = Message(found.topic, found.partition, found.offset, found.key, found.value)
            await processor.process([message])
            metrics.events.labels(message.topic).inc()

    return app


def main() -> None:
    """Run until terminated."""
    settings, metrics = load_settings(), Metrics()
    app = naive_app(settings, metrics)
    serve_when_assigned(app, metrics, settings.metrics_host, settings.scoring_metrics_port(0))
    faust.Worker(
        app, loglevel="WARNING", override_logging=False, redirect_stdouts=False
    ).execute_from_commandline()


if __name__ == "__main__":
    main()
