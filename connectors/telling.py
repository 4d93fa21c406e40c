"""One entry into ``promo.audit``, from a command that has no producer of its own."""

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors import audit
from connectors.audit import AuditEntry
from connectors.errors import DependencyDown
from connectors.kafka_client import client_config
from connectors.settings import Settings
from connectors.topics import Topic

_TIMEOUT_S = 30.0
_CRITICAL_ONLY = 2


def tell(settings: Settings, entry: AuditEntry, timeout_s: float = _TIMEOUT_S) -> None:
    """Publish an entry; returns when the broker has acknowledged it. Idempotent.

    Args:
        settings: where the broker is, and as whom to speak to it.
        entry: what was done.
        timeout_s: how long to try.

    Raises:
        DependencyDown: the broker did not acknowledge it in time; it may have it all the same.
    """
    failed: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error)

    producer = Producer(
        {
            **client_config(settings),
            "client.id": "promo-telling",
            "acks": "all",
            "enable.idempotence": True,
            "delivery.timeout.ms": round(timeout_s * 1_000),
            "log_level": _CRITICAL_ONLY,
        }
    )
    try:
        producer.produce(
            Topic.AUDIT,
            key=entry.subject.encode(),
            value=audit.encode(entry),
            on_delivery=delivered,
        )
        left = producer.flush(timeout_s + 1.0)
    except KafkaException as error:
        raise DependencyDown(_down(settings.kafka_bootstrap, entry, error)) from error
    if failed or left:
        raise DependencyDown(
            _down(settings.kafka_bootstrap, entry, failed[0] if failed else "no answer")
        )


def _down(bootstrap: str, entry: AuditEntry, why: object) -> str:
    return f"Kafka at {bootstrap} did not take the audit entry of this {entry.action}: {why}"
