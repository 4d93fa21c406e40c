"""Where things are in the containers. docker-compose.yml says the same, and a test compares."""

from types import MappingProxyType

SECRETS = "/run/secrets"
STATE = "/var/lib/promo"
CONFIG = "/etc/promo"
"""Where a container finds what ``python -m infra.docker`` wrote for it."""

POSTGRES_PORT = 5432
POSTGRES_SOCKETS = "/var/run/postgresql"
REDIS_PORT = 6379
REDIS_DATA = "/data"
REDIS_MEMORY = "1gb"
KAFKA_PORT = 9092
KAFKA_CONTROLLER_PORT = 9093
KAFKA_DATA = "/var/lib/kafka/data"
KAFKA_PARTITIONS = 4
CONNECT_PORT = 8083
CONNECT_PLUGINS = "/kafka/connect"
CONNECT_SECRETS = "/tmp/connect-secrets"
CONNECT_USERS = "/tmp/connect-users.properties"
"""What Connect's container writes into its memory when it starts."""
CLICKHOUSE_PORT = 8123
CLICKHOUSE_DATABASE = "promo"
API_PORT = 8000

PASSWORD_HASHES = MappingProxyType(
    {
        "promo": "PROMO_CLICKHOUSE_PASSWORD_SHA256",
        "promo_api": "PROMO_CLICKHOUSE_API_PASSWORD_SHA256",
        "promo_reader": "PROMO_CLICKHOUSE_READER_PASSWORD_SHA256",
    }
)
"""ClickHouse's users, and the environment variables with the SHA-256 of their passwords."""
