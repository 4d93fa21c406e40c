"""Who may do what in Kafka: one user for each role, and nothing that its code does not do.

:mod:`connectors.kafka_access` brings the broker to this table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from connectors.topics import (
    SCORING_GROUP,
    SCORING_SOURCES,
    WAREHOUSE_GROUP,
    WAREHOUSE_SOURCES,
    Topic,
    is_compacted,
)

API_GROUP = "promo-api-alerts"
"""The library wants one; nobody joins it."""
BEATS_GROUP = "promo-monitor-heartbeats"
"""As above: the monitor reads heartbeats, and nobody joins it."""
CONNECT_GROUP = "promo-connect"
CONNECT_TOPICS = ("promo.connect.configs", "promo.connect.offsets", "promo.connect.status")
HEARTBEATS = "__debezium-heartbeat.promo"
BROKER_USER = "promo-broker"
SCRAM = "SCRAM-SHA-256"


class Role(StrEnum):
    """What a process is to Kafka."""

    DEBEZIUM = "debezium"
    SCORING = "scoring"
    WAREHOUSE = "warehouse"
    MONITOR = "monitor"
    API = "api"
    OPERATOR = "operator"
    """May do everything, by the broker's configuration: commands, and what a start prepares."""

    @property
    def user(self) -> str:
        """Its name at the broker."""
        return f"promo-{self.value}"

    @property
    def secret(self) -> str:
        """The setting that holds its password."""
        return f"kafka_{self.value}_password"


class KafkaSecurity(StrEnum):
    """How clients connect."""

    SASL_PLAINTEXT = "sasl_plaintext"
    """Each proves who it is: for loopback, and networks of one's own."""
    SASL_SSL = "sasl_ssl"
    """The same, encrypted: for a broker that is reached over other networks."""
    PLAINTEXT = "plaintext"
    """Nobody is asked who they are."""


class Resource(StrEnum):
    """What a right is about."""

    TOPIC = "topic"
    GROUP = "group"


class Operation(StrEnum):
    """Kafka's operations that a role may need; READ and WRITE include DESCRIBE."""

    READ = "read"
    WRITE = "write"
    CREATE = "create"
    DESCRIBE = "describe"
    DESCRIBE_CONFIGS = "describe_configs"


@dataclass(frozen=True, slots=True)
class Right:
    """One operation on one topic or group, by its whole name."""

    resource: Resource
    name: str
    operation: Operation


def _topics(names: Iterable[str], *operations: Operation) -> frozenset[Right]:
    return frozenset(Right(Resource.TOPIC, str(name), o) for name in names for o in operations)


def _groups(names: Iterable[str], operation: Operation) -> frozenset[Right]:
    return frozenset(Right(Resource.GROUP, name, operation) for name in names)


_R, _W, _C = Operation.READ, Operation.WRITE, Operation.CREATE
_DESCRIBE, _CONFIGS = Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS
_TABLES = (Topic.USERS, Topic.PROMO_CODES, Topic.PROMO_USAGES, Topic.HEARTBEATS)
_COMPACTED = tuple(filter(is_compacted, Topic))

RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.DEBEZIUM: _topics(_TABLES, _W)
        | _topics([HEARTBEATS], _W, _C)
        | _topics(CONNECT_TOPICS, _R, _W, _C, _CONFIGS)
        | _groups([CONNECT_GROUP], _R),
        # An erasure ends decisions, too.
        Role.SCORING: _topics([*SCORING_SOURCES, Topic.HEARTBEATS], _R)
        | _groups([SCORING_GROUP], _R)
        | _topics([Topic.SWEEPS, Topic.RESCORE, Topic.RISK_SCORES, Topic.ABUSE_ALERTS], _W)
        | _topics([Topic.LABELS, Topic.LINK_DECISIONS, Topic.DEAD_LETTER], _W),
        Role.WAREHOUSE: _topics([*WAREHOUSE_SOURCES, Topic.HEARTBEATS], _R)
        | _groups([WAREHOUSE_GROUP], _R)
        | _topics([Topic.DEAD_LETTER], _W),
        # It sees how far groups are, reads heartbeats alone, says which identifiers identify
        # nobody, and closes segments by tombstones of nobody.
        Role.MONITOR: _topics([Topic.HEARTBEATS], _R)
        | _topics({*SCORING_SOURCES, *WAREHOUSE_SOURCES}, _DESCRIBE)
        | _groups([SCORING_GROUP, WAREHOUSE_GROUP, BEATS_GROUP], _DESCRIBE)
        | _topics(_COMPACTED, _W),
        Role.API: _topics([Topic.LABELS, Topic.LINK_DECISIONS], _W)
        | _topics([Topic.IDENTIFIER_DECISIONS, Topic.AUDIT], _W)
        | _topics([Topic.ABUSE_ALERTS], _R)
        | _groups([API_GROUP], _DESCRIBE),
        Role.OPERATOR: frozenset(),
    }
)
"""What each role may do; a superuser needs no entry."""
