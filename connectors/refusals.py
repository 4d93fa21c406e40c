"""What a dependency that answers, and refuses, says: its cause in words, and the remedy. Pure.

Silence and refusals are both waited for and tried again, and nothing is lost by either. But who
looks for a server that "does not answer" while it is full looks in the wrong place.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from redis import exceptions as redis

from connectors.errors import DependencyDown, DependencyRefuses


@dataclass(frozen=True, slots=True)
class Cause:
    """``says`` goes on from the dependency's name, ``remedy`` is an order to the operator."""

    says: str
    remedy: str


_FULL_DISK = Cause("has a full disk and takes no writes", "make room on the disk of its data")
_PASSWORD = Cause("refuses our user or password", "compare it with its setting")

_REDIS_CLASSES: tuple[tuple[type[Exception], Cause], ...] = (
    (
        redis.OutOfMemoryError,
        Cause("is full: it has reached its maxmemory and takes no writes", "raise its maxmemory"),
    ),
    (
        redis.ReadOnlyError,
        Cause("is a read-only replica and takes no writes", "name the primary in PROMO_REDIS_HOST"),
    ),
    (
        redis.MasterDownError,
        Cause("is a replica that has lost its primary", "bring the primary back"),
    ),
    (redis.BusyLoadingError, Cause("is loading its data", "wait: it goes on by itself")),
    (redis.AuthenticationError, _PASSWORD),
    (redis.NoPermissionError, Cause("does not allow us this command", "give our user its rights")),
    (
        redis.MaxConnectionsError,
        Cause("has all our connections in use", "ask less at once, or run another API process"),
    ),
)
_REDIS_WORDS: tuple[tuple[str, Cause], ...] = (
    ("MISCONF", Cause("cannot save to its disk and takes no writes", _FULL_DISK.remedy)),
    ("BUSY", Cause("is busy with a long script", "wait, or end it: SCRIPT KILL")),
    ("NOREPLICAS", Cause("has too few replicas to take writes", "bring its replicas back")),
    ("WRONGPASS", _PASSWORD),
    ("NOAUTH", _PASSWORD),
    (
        "max number of clients reached",
        Cause("has no connection left", "raise its maxclients, or end who holds them"),
    ),
)

_CLICKHOUSE: Mapping[int, Cause] = {
    241: Cause("is out of memory", "give it more, or ask for less at once"),
    243: _FULL_DISK,
    202: Cause("has too many questions at once", "wait, or ask for less at once"),
    252: Cause("has too many parts to merge", "wait: it merges; see its disk's speed if it stays"),
    242: Cause("has a read-only table", "see its own log: its Keeper, or its disk, is away"),
    164: Cause("allows our user to read only", "give PROMO_CLICKHOUSE_USER its rights"),
    497: Cause("does not allow our user this", "give PROMO_CLICKHOUSE_USER its rights"),
    **dict.fromkeys((192, 193, 194, 516), _PASSWORD),
}
NO_SPACE = "No space left on device"
"""As the system says it, whatever code a server gives it."""

_KAFKA_RIGHTS = Cause(
    "does not allow our user this", "`make up` gives its users their rights again"
)
_KAFKA_REPLICAS = Cause(
    "has fewer replicas in step than min.insync.replicas", "bring the missing brokers back"
)
_KAFKA: Mapping[int, Cause] = {
    KafkaError.MSG_SIZE_TOO_LARGE: Cause(
        "does not take a message of this size", "raise its message.max.bytes: `make up` does"
    ),
    KafkaError.NOT_ENOUGH_REPLICAS: _KAFKA_REPLICAS,
    KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND: _KAFKA_REPLICAS,
    KafkaError.TOPIC_AUTHORIZATION_FAILED: _KAFKA_RIGHTS,
    KafkaError.GROUP_AUTHORIZATION_FAILED: _KAFKA_RIGHTS,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: _KAFKA_RIGHTS,
    KafkaError.SASL_AUTHENTICATION_FAILED: _PASSWORD,
    KafkaError._AUTHENTICATION: _PASSWORD,
    KafkaError.KAFKA_STORAGE_ERROR: Cause(
        "cannot write to its disk", "make room on it, then restart the broker"
    ),
    KafkaError.UNKNOWN_TOPIC_OR_PART: Cause("lacks a topic of ours", "`make up` makes it again"),
    KafkaError._UNKNOWN_TOPIC: Cause("lacks a topic of ours", "`make up` makes it again"),
}

_CONNECTIONS = Cause("has no connection left", "raise its max_connections, or end who holds them")
_STARTING = Cause("is starting, or stopping", "wait: it goes on by itself")
_POSTGRES_STATES: Mapping[str, Cause] = {
    "53300": _CONNECTIONS,
    "53100": _FULL_DISK,
    "53200": Cause("is out of memory", "give it more, or lower its work_mem"),
    "57P03": _STARTING,
    "28P01": _PASSWORD,
    "28000": _PASSWORD,
    "25006": Cause("is a read-only standby", "name the primary in PROMO_POSTGRES_HOST"),
}
# A connection that is refused has no SQLSTATE, only words.
_POSTGRES_WORDS: tuple[tuple[str, Cause], ...] = (
    ("too many clients already", _CONNECTIONS),
    ("remaining connection slots", _CONNECTIONS),
    ("too many connections", _CONNECTIONS),
    ("password authentication failed", _PASSWORD),
    ("the database system is", _STARTING),
    (NO_SPACE, _FULL_DISK),
)


WRITE_PROBE = ("probe", 0, "")
"""SETRANGE with these is a write that changes nothing: no text at all at a key that is not there.
Redis refuses it, as any write, while it is full, read-only or cannot save."""


def redis_down(error: Exception) -> DependencyDown:
    """Why Redis cannot be used now."""
    by_class = next((cause for kind, cause in _REDIS_CLASSES if isinstance(error, kind)), None)
    return _down("Redis", error, by_class or _by_words(error, _REDIS_WORDS))


def clickhouse_down(error: object, code: int | None) -> DependencyDown:
    """Why ClickHouse cannot be used now; ``code`` is its own, None where it said none."""
    cause = _FULL_DISK if NO_SPACE in str(error) else _CLICKHOUSE.get(code or 0)
    return _down("ClickHouse", error, cause)


def kafka_down(error: KafkaError | KafkaException) -> DependencyDown:
    """Why Kafka cannot be used now."""
    found = error.args[0] if isinstance(error, KafkaException) else error
    return _down("Kafka", found.str(), _KAFKA.get(found.code()))


def postgres_down(error: Exception) -> DependencyDown:
    """Why PostgreSQL cannot be used now."""
    cause = _POSTGRES_STATES.get(getattr(error, "sqlstate", None) or "")
    return _down("PostgreSQL", error, cause or _by_words(error, _POSTGRES_WORDS))


def _by_words(error: Exception, known: tuple[tuple[str, Cause], ...]) -> Cause | None:
    return next((cause for words, cause in known if words in str(error)), None)


def _down(dependency: str, error: object, cause: Cause | None) -> DependencyDown:
    answer = " ".join(str(error).split())
    if cause is None:
        return DependencyDown(f"{dependency}: {answer}")
    return DependencyRefuses(f"{dependency} {cause.says}", cause.remedy, answer)
