"""The Faust app that both workers are made of: settings, and a consumer that costs less."""

import asyncio
import gc
import types
from collections.abc import Awaitable, Coroutine, Generator, Iterable
from typing import Any, ClassVar

import faust
from faust.transport.drivers import aiokafka as driver
from mode.services import WaitResults

from connectors.kafka_client import credentials, tls_context
from connectors.kafka_roles import SCRAM
from connectors.settings import Settings
from connectors.topics import MAX_MESSAGE_BYTES, Topic
from stream_processors.metrics import Metrics, Ready

_BUFFER = 32_768
"""Messages buffered a partition: a full buffer makes Faust's fetcher sleep for a second."""

_YOUNG_OBJECTS = 20_000
"""Objects made between two looks for cycles; what the start-up made is not looked at again. A
batch makes thousands that are gone by its end: with Python's default of 700 the looking took 8 %
of a worker's processor time."""


class InlineConsumer(driver.Consumer):
    """Faust's consumer, without its four tasks a message.

    Faust races each message's callback against "stop" and "suspend" in four fresh tasks. The
    callback nearly always ends without having to wait, so it is run at once here, and only a
    callback that does have to wait is raced as before. Measured: twice the messages a second.
    """

    async def wait_first(self, *coros: Any, timeout: Any = None) -> WaitResults:  # noqa: ASYNC109
        """Run the first coroutine at once; race only what is left of it."""
        callback, *others = coros
        if timeout is not None or not asyncio.iscoroutine(callback):
            return await super().wait_first(*coros, timeout=timeout)
        try:
            pending = callback.send(None)
        except StopIteration:
            for other in others:
                if asyncio.iscoroutine(other):
                    other.close()
            return WaitResults([callback], [None], False)
        rest = _resumed(pending, callback)
        return await super().wait_first(rest, *others)


async def _resumed(pending: Any, coroutine: Coroutine[Any, Any, None]) -> None:
    await _Resumption(pending, coroutine)


class _Resumption(Awaitable[None]):
    """Awaits what is left of a coroutine that has been started by hand."""

    def __init__(self, pending: Any, coroutine: Coroutine[Any, Any, None]) -> None:
        self._pending, self._coroutine = pending, coroutine

    def __await__(self) -> Generator[Any, Any, None]:
        pending = self._pending
        while True:
            try:
                received = yield pending
            except BaseException as error:
                pending = self._step(self._coroutine.throw, error)
            else:
                pending = self._step(self._coroutine.send, received)
            if pending is _DONE:
                return

    @staticmethod
    def _step(resume: Any, argument: Any) -> Any:
        try:
            return resume(argument)
        except StopIteration:
            return _DONE


_DONE = types.SimpleNamespace()


class _Transport(driver.Transport):
    Consumer: ClassVar[type[InlineConsumer]] = InlineConsumer


class App(faust.App):
    """A Faust app with :class:`InlineConsumer`."""

    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)


class _ServicesOnly(faust.app.BootStrategy):
    """Starts neither Faust's consumer nor its producer."""

    enable_kafka = False


class ServiceApp(App):
    """A Faust app whose services talk to Kafka themselves."""

    BootStrategy = _ServicesOnly


def broker_credentials(settings: Settings) -> faust.SASLCredentials | None:
    """As whom Faust's own clients speak to Kafka; None where nobody is asked.

    Raises:
        SettingsError: the role's password is not set.
    """
    found = credentials(settings)
    if found is None:
        return None
    return faust.SASLCredentials(
        username=found.user,
        password=found.password,
        mechanism=SCRAM,
        ssl_context=tls_context(settings),
    )


def make_app(settings: Settings, group: str, slot: int, kind: type[App] = App) -> App:
    """A Faust app on the configured broker.

    Args:
        settings: where the broker is, and the state folder.
        group: consumer group; every process of one kind shares it.
        slot: this process's number in its group, 0 and up. It gives the process a name that
            outlives it (static membership), so that a restart is no rebalance.
        kind: of app.
    """
    datadir = settings.worker_dir(group, slot) / "faust"
    datadir.mkdir(parents=True, exist_ok=True)
    return kind(
        group,
        broker=f"kafka://{settings.kafka_bootstrap}",
        broker_credentials=broker_credentials(settings),
        store="memory://",
        datadir=str(datadir),
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_buffer_maxsize=_BUFFER,
        stream_wait_empty=False,
        broker_session_timeout=6,
        broker_heartbeat_interval=1,
        broker_commit_interval=1,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MAX_MESSAGE_BYTES,
        consumer_group_instance_id=f"{group}-{slot}",
        producer_max_request_size=MAX_MESSAGE_BYTES,
        worker_redirect_stdouts=False,
    )


def raw_topic(app: App, topics: Iterable[Topic]) -> Any:
    """One channel over several topics, keys and values as bytes (tombstones as None)."""
    return app.topic(
        *(topic.value for topic in topics),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )


def serve_when_assigned(app: App, metrics: Metrics, host: str, port: int) -> None:
    """Serve metrics from the first assignment of partitions on."""
    ready = Ready(metrics, host, port)

    @app.on_partitions_assigned.connect(weak=False)
    async def serve(_app: App, assigned: object, **_: object) -> None:
        ready.now()


def run(app: App) -> None:
    """Run an app's worker until the process is told to stop."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
    faust.Worker(
        app,
        loglevel="WARNING",
        override_logging=False,
        redirect_stdouts=False,
        blocking_timeout=None,
    ).execute_from_commandline()
