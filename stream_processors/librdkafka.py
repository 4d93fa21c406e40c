"""What both of our confluent-kafka clients, the intake and the delivery, know of the library."""

from confluent_kafka import KafkaError

CRITICAL_ONLY = 2
"""``log_level`` for the library's own lines on stderr: at the next one it repeats twenty times a
second that a broker is away, which our log and metrics say once."""

_ENDS = frozenset({KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID})


def ends_client(error: KafkaError) -> bool:
    """Whether a client that reported this is past help and must be replaced.

    ``error.fatal()`` alone does not tell: an error that comes by way of ``consume`` or a commit
    has lost the flag.
    """
    return error.fatal() or error.code() in _ENDS
