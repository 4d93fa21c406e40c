"""What a dependency that answers and refuses says: its cause, and the remedy."""

import pytest
from confluent_kafka import KafkaError, KafkaException
from psycopg import OperationalError, errors
from redis import exceptions as redis

from connectors.errors import DependencyDown, DependencyRefuses
from connectors.refusals import clickhouse_down, kafka_down, postgres_down, redis_down

REFUSALS = [
    (redis_down(redis.OutOfMemoryError("used memory > 'maxmemory'")), "Redis is full", "maxmemory"),
    (redis_down(redis.ReadOnlyError("READONLY")), "read-only replica", "PROMO_REDIS_HOST"),
    (redis_down(redis.BusyLoadingError("LOADING")), "loading its data", "wait"),
    (redis_down(redis.ResponseError("MISCONF Redis is configured to")), "cannot save", "disk"),
    (redis_down(redis.ResponseError("BUSY Redis is busy running")), "long script", "SCRIPT KILL"),
    (redis_down(redis.AuthenticationError("invalid")), "password", "setting"),
    (redis_down(redis.ConnectionError("max number of clients reached")), "left", "maxclients"),
    (clickhouse_down("Memory limit exceeded", 241), "ClickHouse is out of memory", "more"),
    (clickhouse_down("Cannot reserve 1.00 MiB", 243), "full disk", "make room"),
    (clickhouse_down("write: No space left on device", 75), "full disk", "make room"),
    (clickhouse_down("Authentication failed", 516), "password", "setting"),
    (kafka_down(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)), "this size", "message.max.bytes"),
    (kafka_down(KafkaError(KafkaError.NOT_ENOUGH_REPLICAS)), "fewer replicas", "brokers"),
    (kafka_down(KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))),
     "does not allow", "rights"),
    (postgres_down(errors.TooManyConnections("x")), "no connection left", "max_connections"),
    (postgres_down(OperationalError("FATAL:  sorry, too many clients already")),
     "no connection left", "max_connections"),
    (postgres_down(errors.DiskFull("could not extend file")), "full disk", "make room"),
    (postgres_down(OperationalError('password authentication failed for user "x"')),
     "password", "setting"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "cause", "remedy"), REFUSALS, ids=[str(r[0]) for r in REFUSALS])
def test_a_refusal_says_its_cause_and_the_remedy_and_is_waited_for(
    error: DependencyDown, cause: str, remedy: str
) -> None:
    assert isinstance(error, DependencyRefuses)
    assert cause in error.cause
    assert remedy in error.remedy
    assert "does not answer" not in str(error)


@pytest.mark.parametrize(
    "error",
    [
        redis_down(redis.ConnectionError("Error 111 connecting to 127.0.0.1:16379")),
        clickhouse_down("Connection refused", None),
        kafka_down(KafkaError(KafkaError._ALL_BROKERS_DOWN)),
        postgres_down(OperationalError("connection refused")),
    ],
)
def test_silence_is_no_refusal(error: DependencyDown) -> None:
    assert not isinstance(error, DependencyRefuses)
