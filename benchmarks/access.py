"""What it costs that Kafka's clients prove who they are, and that each request is looked up.

Two brokers that differ in nothing else, in turns: one asks nobody, the other has users and rights.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from benchmarks.figures import Figure, Section
from benchmarks.workbench import Workbench
from connectors.kafka_access import is_accepted
from connectors.kafka_client import client_config
from connectors.kafka_roles import KafkaSecurity, Role
from connectors.settings import Settings
from connectors.topics import Topic

MESSAGES = 200_000
MESSAGE_BYTES = 700
ROUNDS = 7
TOPIC = Topic.RISK_SCORES
KINDS = {"open": KafkaSecurity.PLAINTEXT, "guarded": KafkaSecurity.SASL_PLAINTEXT}
_TIMEOUT_S = 60.0
_AT_ONCE = 10_000


def measure(bench: Workbench) -> Section:
    """Write and read the same messages at both brokers, round by round."""
    taken: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as running:
        brokers = {
            name: running.enter_context(bench.stack(name, "topics", kafka_security=security))
            for name, security in KINDS.items()
        }
        for turn in range(ROUNDS + 1):  # the first warms up
            # Neither is always the first.
            for name in sorted(brokers, reverse=bool(turn % 2)):
                for what, seconds in _round(brokers[name]):
                    if turn:
                        taken.setdefault((what, name), []).append(seconds)
    return Section(
        "Asking Kafka's clients who they are",
        [_figure(what, taken) for what in ("write", "read", "connect")],
        (),
        (
            f"{MESSAGES:,} messages of {MESSAGE_BYTES} bytes, written with acks=all and read again,"
            f" {ROUNDS} rounds in turns; the best of each. A client connects once in its life.",
        ),
    )


def _figure(what: str, taken: dict[tuple[str, str], list[float]]) -> Figure:
    # The best round of each: what else the machine does can only slow one down.
    without, guarded = (min(taken[what, name]) for name in KINDS)
    if what == "connect":
        added_ms = 1_000 * (guarded - without)
        return Figure("a connection takes longer by", f"{added_ms:.0f} ms", {"added_ms": added_ms})
    cost_percent = 100 * (guarded / without - 1)
    rates = {"open_per_s": MESSAGES / without, "guarded_per_s": MESSAGES / guarded}
    shown = f"{rates['open_per_s']:,.0f} without, {rates['guarded_per_s']:,.0f} messages/s with"
    return Figure(
        f"{what}: cost of users and rights",
        f"{cost_percent:+.1f} % ({shown})",
        {f"{what}_cost_percent": cost_percent, **{f"{what}_{k}": v for k, v in rates.items()}},
    )


def _round(settings: Settings) -> Iterator[tuple[str, float]]:
    writer = settings.model_copy(update={"kafka_role": Role.SCORING})
    reader = settings.model_copy(update={"kafka_role": Role.WAREHOUSE})
    started = time.monotonic()
    is_accepted(client_config(reader), _TIMEOUT_S)
    yield "connect", time.monotonic() - started
    producer = Producer({**client_config(writer), "acks": "all", "linger.ms": 5})
    producer.list_topics(TOPIC, timeout=_TIMEOUT_S)
    started = time.monotonic()
    _write(producer)
    yield "write", time.monotonic() - started
    consumer = Consumer({**client_config(reader), "group.id": "promo-warehouse"})
    try:
        yield "read", _read(consumer)
    finally:
        consumer.close()


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


def _read(consumer: Consumer) -> float:
    """Seconds from the first message of all partitions to the last of so many."""
    partitions = consumer.list_topics(TOPIC, _TIMEOUT_S).topics[TOPIC].partitions
    consumer.assign([TopicPartition(TOPIC, number, OFFSET_BEGINNING) for number in partitions])
    read, started = 0, 0.0
    while read < MESSAGES:
        found = len(consumer.consume(min(_AT_ONCE, MESSAGES - read), 1.0))
        started = started or (time.monotonic() if found else 0.0)
        read += found
    return time.monotonic() - started
