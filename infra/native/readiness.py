"""One real question to each part; silence or a wrong answer raises :class:`DependencyDown`."""

import re
import socket
import ssl
from collections.abc import Mapping

import httpx
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors.debezium.rest import address, certificates, login
from connectors.errors import DependencyDown
from connectors.kafka_access import is_accepted
from connectors.kafka_client import client_config
from connectors.peers import Owners
from connectors.proven import http_hooks, redis_hook
from connectors.refusals import WRITE_PROBE, postgres_down, redis_down
from connectors.settings import Settings, required
from infra.docker.health import HALTED
from warehouse.health import health_question

TIMEOUT_S = 2.0
_WAITED_FOR = re.compile(r'^promo_dependency_up\{dependency="([^"]+)"\} 0\.0$', re.MULTILINE)
HTTP_OK = 200


def postgres_answers(dsn: str) -> None:
    """SELECT 1, as superuser over the private socket."""
    try:
        with psycopg.connect(dsn) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        raise postgres_down(error) from error


def redis_answers(settings: Settings) -> None:
    """A write that changes nothing: a server that loads its file, or is full, refuses it."""
    client = redis.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        password=required(settings.redis_password, "redis_password"),
        redis_connect_func=redis_hook(settings.owners),
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),  # one question: the caller asks again
    )
    try:
        client.setrange(*WRITE_PROBE)
    except (redis.RedisError, OSError) as error:
        raise redis_down(error) from error
    finally:
        client.close()


def kafka_answers(settings: Settings) -> None:
    """The broker lets the operator in, or refuses: the topics' chore gives it the password."""
    port_answers(settings.kafka_host, settings.kafka_port)
    is_accepted(client_config(settings), TIMEOUT_S)


def connect_answers(settings: Settings) -> None:
    """It names its connectors to its owner."""
    url = f"{address(settings)}/connectors"
    _get(url, login(settings), verify=certificates(settings), owners=settings.owners)


def worker_answers(host: str, port: int) -> None:
    """It shows its metrics, and they do not say that it has halted."""
    if HALTED in _get(f"http://{host}:{port}/metrics").splitlines():
        raise DependencyDown(
            "halted by too many dead letters: look at `make dead-letters`, fix what sends them,"
            " then restart this worker"
        )


def dependencies_waited_for(metrics_url: str) -> list[str]:
    """What a worker has asked in vain and asks again; none where it shows no metrics."""
    try:
        shown = _get(metrics_url)
    except DependencyDown:
        return []
    return _WAITED_FOR.findall(shown)


def http_answers(url: str) -> None:
    """GET answers 200. Whose certificate it is does not matter: it is asked whether it lives."""
    _get(url)


def clickhouse_answers(settings: Settings) -> None:
    """A question of our own parts is answered."""
    url, headers = health_question(settings)
    _get(url, headers=headers, owners=settings.owners)


def _get(
    url: str,
    auth: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    verify: ssl.SSLContext | bool = False,
    owners: Owners | None = None,
) -> str:
    hooks = http_hooks(owners or {})
    try:
        with httpx.Client(
            timeout=TIMEOUT_S, trust_env=False, verify=verify, event_hooks=hooks
        ) as web:
            answer = web.get(url, auth=auth, headers=headers)
    except httpx.HTTPError as error:
        raise DependencyDown(f"{url}: {error}") from error
    if answer.status_code != HTTP_OK:
        raise DependencyDown(f"{url} answers {answer.status_code}")
    return answer.text


def port_answers(host: str, port: int) -> None:
    """Something listens; cheaper than a client that logs its failures."""
    try:
        socket.create_connection((host, port), TIMEOUT_S).close()
    except OSError as error:
        raise DependencyDown(f"{host}:{port}: {error.strerror or error}") from error
