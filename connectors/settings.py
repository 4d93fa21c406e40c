"""Every setting of the system, read once at a process's edge and passed down.

Values come from environment variables with the prefix ``PROMO_``, from ``.env``, and,
for secrets, from files named ``promo_<field>`` in the secrets folder: the native stack
makes them in ``<state_dir>/secrets`` on its first start, containers mount theirs.
"""

import re
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.errors import SecretMissing, SettingsError
from connectors.kafka_roles import KafkaSecurity, Role

PLACEHOLDERS = frozenset(
    {"changeme", "changethis", "placeholder", "password", "secret", "example", "default", "admin"}
    | {
        "yourkeyhere",
        "yoursecrethere",
        "replaceme",
        "todo",
        "xxx",
        "none",
        "test",
        "1234",
        "12345678",
    }
)
"""What templates and tutorials write where a secret belongs."""

LOOPBACK = "127.0.0.1"

FROM_ELSEWHERE = frozenset({"grafana_token", "grafana_webhook_url"})
"""Secrets that another system hands out: nobody here can make one up."""


class Settings(BaseSettings):
    """All settings with their native defaults; construct with :func:`load_settings`."""

    model_config = SettingsConfigDict(env_prefix="PROMO_", env_file=".env", extra="ignore")

    state_dir: Path = Field(Path(".run"), description="data, logs, pids, models, secrets")
    cache_dir: Path = Field(Path(".cache"), description="downloads that `make clean` keeps")
    secrets_dir: Path | None = Field(
        None, description="files named promo_<field>; default: secrets in the state folder"
    )
    noaat_dir: Path = Field(
        Path("../shared/data/noaat"), description="the Noaat CSV files that data checks read"
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")

    postgres_host: str = "127.0.0.1"
    postgres_port: int = 15432
    postgres_database: str = "promo"
    postgres_user: str = Field("promo_app", description="reads and writes the source tables")
    postgres_password: SecretStr | None = None
    postgres_cdc_user: str = Field("promo_cdc", description="Debezium: REPLICATION and SELECT")
    postgres_cdc_password: SecretStr | None = None
    postgres_monitor_user: str = Field(
        "promo_monitor", description="looks at the slot, writes heartbeats"
    )
    postgres_monitor_password: SecretStr | None = None
    postgres_eraser_user: str = Field("promo_eraser", description="erases accounts, no more")
    postgres_eraser_password: SecretStr | None = None
    postgres_reconciler_user: str = Field(
        "promo_reconciler", description="reads the source tables, no more"
    )
    postgres_reconciler_password: SecretStr | None = None

    redis_host: str = "127.0.0.1"
    redis_port: int = 16379
    redis_password: SecretStr | None = None

    kafka_host: str = "127.0.0.1"
    kafka_port: int = 19092
    kafka_controller_port: int = Field(19093, description="native broker's KRaft controller")
    kafka_partitions: int = Field(4, ge=1, description="partitions of each partitioned topic")
    kafka_replication: int = Field(
        1, ge=1, description="replicas of each topic; 3 with three brokers or more"
    )

    kafka_security: KafkaSecurity = Field(
        KafkaSecurity.SASL_PLAINTEXT,
        description="sasl_plaintext, sasl_ssl, or plaintext for a broker that asks nobody",
    )
    kafka_ca: Path | None = Field(
        None, description="PEM of who signed the broker's certificate; default: the system's"
    )
    kafka_role: Role = Field(
        Role.OPERATOR, description="as whom a process speaks to Kafka; each part is told its own"
    )
    kafka_access: bool = Field(
        True,
        description="make_topics gives the roles their users and rights; off where the broker's"
        " administrator does",
    )
    kafka_broker_password: SecretStr | None = None
    kafka_operator_password: SecretStr | None = None
    kafka_debezium_password: SecretStr | None = None
    kafka_scoring_password: SecretStr | None = None
    kafka_warehouse_password: SecretStr | None = None
    kafka_monitor_password: SecretStr | None = None
    kafka_api_password: SecretStr | None = None

    connect_host: str = "127.0.0.1"
    connect_port: int = 18083
    connect_user: str = Field(
        "promo", description="of Connect's REST interface; empty where it asks nobody"
    )
    connect_password: SecretStr | None = None
    connect_secrets_dir: Path | None = Field(
        None,
        description="where Connect runs: the folder with its database password and no other"
        " secret; default: in the state folder",
    )
    connect_tls: bool = Field(
        True,
        description="Connect and its clients show each other certificates; off where its network"
        " is its own, as in containers",
    )
    connect_tls_dir: Path | None = Field(
        None,
        description="PEM: Connect's certificate in server.pem, the client's and its key in"
        " client.pem; default: in the state folder, where `make up` makes them",
    )

    clickhouse_host: str = "127.0.0.1"
    clickhouse_port: int = Field(18123, description="ClickHouse's HTTP interface")
    clickhouse_database: str = "promo"
    clickhouse_user: str = "promo"
    clickhouse_password: SecretStr | None = None
    clickhouse_api_user: str = Field("promo_api", description="read-only: the product's own parts")
    clickhouse_api_password: SecretStr | None = None
    clickhouse_reader_user: str = Field("promo_reader", description="read-only: Grafana, analysts")
    clickhouse_reader_password: SecretStr | None = None

    api_host: str = "127.0.0.1"
    api_port: int = 8000
    api_workers: int = Field(1, ge=1, description="API processes; each keeps a core busy")
    api_key: SecretStr | None = Field(
        None,
        description="a key with all scopes and no limit; the native stack's is in"
        " <state_dir>/api-key too",
    )
    api_keys_file: Path | None = Field(
        None,
        description="hashes of the keys that `make api-key` makes; default: in the state folder",
    )
    api_tls_certificate: Path | None = Field(None, description="PEM; with it the API speaks TLS")
    api_tls_key: Path | None = Field(None, description="PEM, the certificate's private key")
    api_cors_origins: str = Field(
        "", description="origins that browsers may ask from, comma-separated; empty: none"
    )
    api_streams: int = Field(
        50, ge=1, description="live alert streams at once, for each API process"
    )
    api_streams_per_key: int = Field(
        10, ge=1, description="of these, the most that one key may hold: others find places"
    )

    port_owners: str = Field(
        "",
        description="which user must hold a port of this machine before it is told a password:"
        " PORT:UID, comma-separated; the native stack fills it in",
    )

    dashboards: bool = Field(True, description="serve the built-in page of the dashboards")

    hash_key: SecretStr | None = Field(
        None, description="key of the identifier hashes; changing it unlinks all accounts"
    )
    default_country: str = Field(
        "",
        pattern=r"^([A-Z]{2})?$",
        description="where phone numbers without + or 00 are from: two letters of ISO 3166, as in"
        " SE; empty: unknown",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        description="how many proxies of your own add to ip_address where it holds"
        " X-Forwarded-For; 0: the first public address of a list is the customer's",
    )
    scoring_workers: int = Field(1, ge=1, description="scoring processes in the native stack")
    metrics_port: int = Field(
        19100,
        description="Prometheus: warehouse here, monitor +1, reconciler +2, scoring worker n at"
        " +10+n",
    )
    metrics_host: str = Field(
        "127.0.0.1", description="where workers and monitor show their metrics"
    )
    worker_hosts: str = Field(
        "",
        description="where the monitor finds workers of other machines, and the API the monitor:"
        " NAME=host, comma-separated, as in scoring-0=10.0.0.5,warehouse=10.0.0.6",
    )
    reconcile_every_s: float = Field(
        60.0,
        ge=1,
        description="how often the reconciler compares the next rows of PostgreSQL and the stores",
    )
    reconcile_rows: int = Field(
        1_000, ge=1, le=20_000, description="rows of each table that it compares then"
    )
    dead_letter_ceiling: int = Field(
        100, ge=1, description="dead letters in ten minutes after which a worker halts"
    )
    training_threads: int = Field(
        1, ge=1, description="LightGBM's; more pays from a million accounts on idle cores"
    )
    code_case_counts: bool = Field(
        False,
        description="whether SPRING5 and spring5 are two promo codes; a change needs a replay, see"
        " docs/deployment.md",
    )
    claim_unknown_codes: bool = Field(
        False, description="whether codes that are not in promo_codes may be claimed"
    )
    claim_limit: int = Field(1, ge=1, description="redemptions of a code that one person may have")
    claim_limits: str = Field(
        "", description="other limits for some codes: CODE=n, comma-separated"
    )
    claim_ttl_s: int = Field(
        900, ge=1, le=86_400, description="seconds after which a claim without redemption ends"
    )
    policy_file: Path | None = Field(
        None, description="TOML: levels, and rules' modes and weights; default: the standard policy"
    )
    value_currency: str = Field("USD", description="shown beside money; not converted")
    abuse_value: float = Field(
        20.0, gt=0, description="promo value that one abusive account takes if nothing stops it"
    )
    challenge_cost: float = Field(
        15.0, gt=0, description="what challenging one good customer costs: some walk away"
    )
    deny_cost: float = Field(60.0, gt=0, description="what denying one good customer costs")
    challenge_stops: float = Field(
        0.8, gt=0, le=1, description="share of abusers whom a challenge stops"
    )

    grafana_url: str = Field("", description="your Grafana's address, for `python -m grafana push`")
    grafana_token: SecretStr | None = Field(
        None, description="a service account's token there, role Admin"
    )
    grafana_webhook_url: SecretStr | None = Field(
        None, description="where Grafana's alerts are posted as JSON"
    )
    grafana_alert_emails: str = Field(
        "", description="who gets Grafana's alerts by e-mail, comma-separated"
    )
    runbook_url: str = Field(
        "docs/runbook.md",
        description="where docs/runbook.md can be read, for links in Grafana's alerts",
    )

    @model_validator(mode="after")
    def _whole_certificate(self) -> Self:
        if (self.api_tls_certificate is None) != (self.api_tls_key is None):
            raise ValueError("PROMO_API_TLS_CERTIFICATE and PROMO_API_TLS_KEY belong together")
        return self

    @field_validator("worker_hosts")
    @classmethod
    def _worker_hosts(cls, text: str) -> str:
        for entry in filter(None, map(str.strip, text.split(","))):
            if not re.fullmatch(r"(scoring-\d+|warehouse|reconciler|monitor)\s*=\s*[^\s=]+", entry):
                raise ValueError(
                    f"{entry!r} is not NAME=host with NAME scoring-<slot>, warehouse, reconciler or"
                    " monitor; entries stand between commas"
                )
        return text

    @field_validator("port_owners")
    @classmethod
    def _port_owners(cls, text: str) -> str:
        for entry in filter(None, map(str.strip, text.split(","))):
            if not re.fullmatch(r"\d{1,5}:\d{1,10}", entry):
                raise ValueError(f"{entry!r} is not PORT:UID; entries stand between commas")
        return text.strip()

    @model_validator(mode="after")
    def _no_placeholders(self) -> Self:
        for name, value in self:
            if isinstance(value, SecretStr) and is_placeholder(value.get_secret_value()):
                raise ValueError(
                    f"PROMO_{name.upper()} is a placeholder that anybody can guess: set a random"
                    " one, or leave it empty and `make up` makes one"
                )
        return self

    @property
    def owners(self) -> dict[int, int]:
        """The uid that must hold a port, by port."""
        entries = (entry.split(":") for entry in self.port_owners.split(",") if entry.strip())
        return {int(port): int(uid) for port, uid in entries}

    @property
    def port_owners_file(self) -> Path:
        """Where the native stack tells commands what it tells its parts as ``port_owners``."""
        return self.state_dir / "port-owners"

    @property
    def kafka_bootstrap(self) -> str:
        """``host:port`` of the broker that clients ask first."""
        return f"{self.kafka_host}:{self.kafka_port}"

    def scoring_metrics_port(self, slot: int) -> int:
        """Where a scoring worker shows its metrics."""
        return self.metrics_port + 10 + slot

    @property
    def monitor_metrics_port(self) -> int:
        """Where the monitor shows its metrics."""
        return self.metrics_port + 1

    @property
    def reconciler_metrics_port(self) -> int:
        """Where the reconciler shows its metrics."""
        return self.metrics_port + 2

    def worker_host(self, name: str) -> str:
        """Where a worker's metrics are found; on this machine where nothing else is said."""
        entries = (entry.partition("=") for entry in self.worker_hosts.split(","))
        hosts = {worker.strip(): host.strip() for worker, _, host in entries}
        return hosts.get(name, LOOPBACK)

    @property
    def secrets_folder(self) -> Path:
        """Where the secrets lie, one file each."""
        return self.secrets_dir or self.state_dir / "secrets"

    def worker_dir(self, group: str, slot: int) -> Path:
        """What one worker of a group remembers of itself, its crashes say."""
        return (self.state_dir / "workers" / f"{group}-{slot}").absolute()

    @property
    def connect_secrets_folder(self) -> Path:
        """Where Kafka Connect finds the one secret that its connector may name."""
        return self.connect_secrets_dir or self.state_dir / "run" / "connect-secrets"

    @property
    def connect_tls_folder(self) -> Path:
        """Where the certificates lie that Kafka Connect and its clients show each other."""
        return self.connect_tls_dir or self.state_dir / "connect-tls"

    @property
    def models_dir(self) -> Path:
        """The folder of model bundles; ``current`` in it links to the running one."""
        return self.state_dir / "models"

    @property
    def api_url(self) -> str:
        """Where the API answers."""
        scheme = "http" if self.api_tls_certificate is None else "https"
        return f"{scheme}://{self.api_host}:{self.api_port}"

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """Origins that browsers may ask the API from."""
        return tuple(filter(None, map(str.strip, self.api_cors_origins.split(","))))

    @property
    def alert_emails(self) -> tuple[str, ...]:
        """Who gets Grafana's alerts by e-mail."""
        return tuple(filter(None, map(str.strip, self.grafana_alert_emails.split(","))))

    @property
    def api_key_hashes(self) -> Path:
        """Where the hashes of the API's keys are kept; older versions' file stays where it is."""
        former = self.state_dir / "api-keys.json"
        default = former if former.exists() else self.state_dir / "access" / "api-keys.json"
        return self.api_keys_file or default

    @property
    def api_key_file(self) -> Path:
        """The native stack's own API key (all scopes, no rate limit)."""
        return self.state_dir / "api-key"


def is_placeholder(secret: str) -> bool:
    """Whether a secret is one of :data:`PLACEHOLDERS`, however it is written."""
    return "".join(filter(str.isalnum, secret.lower())) in PLACEHOLDERS


def load_settings(*, secret_files: bool = True) -> Settings:
    """Read settings from the environment, ``.env`` and, unless told otherwise, the secrets folder.

    Raises:
        SettingsError: a value is missing or malformed; the message names the variable.
    """
    try:
        # Where the secrets lie is a setting itself, so it is read before them.
        plain = Settings()
        secrets = plain.secrets_folder
        if secret_files and secrets.is_dir():
            plain = Settings(_secrets_dir=secrets)
        if not plain.port_owners and plain.port_owners_file.is_file():
            owners = plain.port_owners_file.read_text()
            return plain.model_copy(update={"port_owners": Settings._port_owners(owners)})
        return plain
    except ValueError as error:
        raise SettingsError(f"a PROMO_ setting is wrong: {error}") from error


def required(secret: SecretStr | None, name: str) -> str:
    """The text of a secret.

    Raises:
        SecretMissing: it is not set; the message says where to set it.
    """
    if secret is None or not secret.get_secret_value():
        raise SecretMissing(
            f"PROMO_{name.upper()} is not set: set it, or put it in a file promo_{name} in the"
            " secrets folder (`make up` makes <state_dir>/secrets for the native stack)"
        )
    return secret.get_secret_value()
