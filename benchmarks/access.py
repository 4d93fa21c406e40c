"""What it costs that Kafka's clients prove who they are, and that each request is looked up.

Two brokers that differ in nothing else, in turns: one asks nobody, the other has users and rights.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import psutil
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from benchmarks.figures import Figure, Section
from benchmarks.workbench import Workbench
from connectors.kafka_access import is_accepted
from connectors.kafka_client import client_config
from connectors.kafka_roles import KafkaSecurity, Role
from connectors.settings import Settings
from connectors.topics import WAREHOUSE_GROUP, Topic
from infra.native import stack as native

MESSAGES = 200_000
MESSAGE_BYTES = 700
ROUNDS = 7
TOPIC = Topic.RISK_SCORES
KINDS = {"open": KafkaSecurity.PLAINTEXT, "guarded": KafkaSecurity.SASL_PLAINTEXT}
_TIMEOUT_S = 60.0
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds on the clock, and of the processor by broker and client together."""

    what: str
    broker: str
    wall_s: float
    cpu_s: float


def measure(bench: Workbench) -> Section:
    """Write and read the same messages at both brokers, round by round."""
    rounds: list[Round] = []
    with ExitStack() as running:
        brokers = {
            name: running.enter_context(bench.stack(name, "topics", kafka_security=security))
            for name, security in KINDS.items()
        }
        for turn in range(ROUNDS + 1):
            # Neither is always the first.
            for name in sorted(brokers, reverse=bool(turn % 2)):
                done = [*_play(name, brokers[name])]
                rounds += done if turn else []  # the first warms up
    return Section(
        "Asking Kafka's clients who they are",
        [*_figures("write", rounds), *_figures("read", rounds), _connection(rounds)],
        (),
        (
            f"{MESSAGES:,} messages of {MESSAGE_BYTES} bytes, written with acks=all and read again,"
            f" {ROUNDS} rounds in turns: the median of processor time, the best of messages a"
            " second. A client connects once in its life.",
        ),
    )


def _of(rounds: Sequence[Round], what: str, broker: str) -> list[Round]:
    return [one for one in rounds if (one.what, one.broker) == (what, broker)]


def _figures(what: str, rounds: Sequence[Round]) -> list[Figure]:
    cpu = {n: statistics.median(r.cpu_s for r in _of(rounds, what, n)) for n in KINDS}
    rate = {n: MESSAGES / min(r.wall_s for r in _of(rounds, what, n)) for n in KINDS}
    us = {name: 1e6 * seconds / MESSAGES for name, seconds in cpu.items()}
    return [
        _comparison(f"{what}: processor time a message", us, "µs"),
        _comparison(f"{what}: messages a second", rate, "/s"),
    ]


def _comparison(name: str, values: Mapping[str, float], unit: str) -> Figure:
    change_percent = 100 * (values["guarded"] / values["open"] - 1)
    shown = f"{values['open']:,.1f} {unit} open, {values['guarded']:,.1f} {unit} guarded"
    return Figure(
        name, f"{shown}: {change_percent:+.1f} %", {**values, "change_percent": change_percent}
    )


def _connection(rounds: Sequence[Round]) -> Figure:
    best = {name: min(r.wall_s for r in _of(rounds, "connect", name)) for name in KINDS}
    added_ms = 1_000 * (best["guarded"] - best["open"])
    return Figure("a connection takes longer by", f"{added_ms:.0f} ms", {"added_ms": added_ms})


def _play(name: str, settings: Settings) -> Iterator[Round]:
    broker = psutil.Process(native.pid_of(settings, "kafka"))
    writer = settings.model_copy(update={"kafka_role": Role.SCORING})
    reader = settings.model_copy(update={"kafka_role": Role.WAREHOUSE})

    def timed(what: str, work: Callable[[], object]) -> Round:
        wall, cpu = time.monotonic(), _cpu_s(broker)
        work()
        return Round(what, name, time.monotonic() - wall, _cpu_s(broker) - cpu)

    yield timed("connect", lambda: is_accepted(client_config(reader), _TIMEOUT_S))
    producer = Producer({**client_config(writer), "acks": "all", "linger.ms": 5})
    producer.list_topics(TOPIC, timeout=_TIMEOUT_S)
    yield timed("write", lambda: _write(producer))
    consumer = Consumer({**client_config(reader), "group.id": WAREHOUSE_GROUP})
    try:
        yield timed("read", lambda: _read(consumer))
    finally:
        consumer.close()


def _cpu_s(broker: psutil.Process) -> float:
    used = broker.cpu_times()
    return float(used.user + used.system) + time.process_time()


def _write(producer: Producer) -> None:
    value = b"x" * MESSAGE_BYTES
    for number in range(MESSAGES):
        while True:
            try:
                producer.produce(TOPIC, value, b"%d" % number)
                break
            except BufferError:
                producer.poll(0.01)
    if producer.flush(_TIMEOUT_S):
        raise TimeoutError(f"not all of {MESSAGES} messages were taken")


def _read(consumer: Consumer) -> None:
    partitions = consumer.list_topics(TOPIC, _TIMEOUT_S).topics[TOPIC].partitions
    consumer.assign([TopicPartition(TOPIC, number, OFFSET_BEGINNING) for number in partitions])
    read = 0
    while read < MESSAGES:
        read += len(consumer.consume(min(_AT_ONCE, MESSAGES - read), 1.0))
