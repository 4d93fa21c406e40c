"""Bring the broker's users and rights to the table of :mod:`connectors.kafka_roles`. Idempotent."""

import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from connectors.errors import DependencyDown, SettingsError
from connectors.kafka_client import ClientConfig, client_config
from connectors.kafka_roles import RIGHTS, KafkaSecurity, Right, Role
from connectors.settings import Settings, required

_POLL_S = 0.02
_ITERATIONS = 4096
"""Kafka's least. Passwords are random, so that more of them would only slow connections down."""


def ensure_access(settings: Settings, timeout_s: float = 30.0) -> None:
    """Give each role its user, its password and its rights, and take away what it had beyond.

    A changed password holds for connections from then on. Does nothing where the broker asks
    nobody, or where its administrator says who may do what (``PROMO_KAFKA_ACCESS``).

    Raises:
        SettingsError: a role's password is not set, or the broker refuses the operator.
        DependencyDown: the broker does not answer in time.
    """
    if settings.kafka_security is KafkaSecurity.PLAINTEXT or not settings.kafka_access:
        return
    passwords = {role: required(getattr(settings, role.secret), role.secret) for role in Role}
    admin = _operator(settings, timeout_s)
    try:
        _set_passwords(admin, passwords, timeout_s)
        _set_rights(admin, timeout_s)
    except KafkaException as error:
        raise DependencyDown(
            f"Kafka at {settings.kafka_bootstrap} did not change users or rights: {error}"
        ) from error


def is_accepted(config: ClientConfig, timeout_s: float) -> bool:
    """Whether the broker lets a client of this configuration in.

    Returns:
        False if it refuses the user or the password.

    Raises:
        DependencyDown: it does not answer in time.
    """
    refused = threading.Event()

    def note(error: KafkaError) -> None:
        if error.code() == KafkaError._AUTHENTICATION:
            refused.set()

    admin = AdminClient({**config, "log_level": 0, "error_cb": note})  # type: ignore[dict-item]
    asked: Future[object] = admin.describe_cluster(request_timeout=timeout_s)
    deadline = time.monotonic() + timeout_s
    while not (asked.done() or refused.is_set()) and time.monotonic() < deadline:
        admin.poll(_POLL_S)
    if refused.is_set():
        return False
    if not asked.done() or asked.exception() is not None:
        why = asked.exception() if asked.done() else "no answer in time"
        raise DependencyDown(f"Kafka at {config['bootstrap.servers']}: {why}")
    return True


def _operator(settings: Settings, timeout_s: float) -> AdminClient:
    """One who may do everything.

    A broker of ours that does not know the operator's password yet (its folder is new, of a
    version without users, or the password has changed) finds it in its own configuration; there
    it is asked for by PLAIN.
    """
    known = client_config(settings.model_copy(update={"kafka_role": Role.OPERATOR}))
    for mechanism in (known["sasl.mechanism"], "PLAIN"):
        config = {**known, "sasl.mechanism": mechanism}
        if is_accepted(config, timeout_s):
            return AdminClient({**config, "log_level": 0})
    raise SettingsError(
        f"Kafka at {settings.kafka_bootstrap} refuses {Role.OPERATOR.user}: give it the password"
        " of PROMO_KAFKA_OPERATOR_PASSWORD there, or here the one that it has"
    )


def _set_passwords(admin: AdminClient, passwords: Mapping[Role, str], timeout_s: float) -> None:
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, _ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(role.user, info, password.encode())
        for role, password in passwords.items()
    ]
    asked = admin.alter_user_scram_credentials(changes, request_timeout=timeout_s)
    _await(asked.values())


def _set_rights(admin: AdminClient, timeout_s: float) -> None:
    wanted = {_binding(role, right) for role, rights in RIGHTS.items() for right in rights}
    there = {
        binding
        for role in Role
        for binding in admin.describe_acls(_any_of(role), request_timeout=timeout_s).result()
    }
    if missing := wanted - there:
        _await(admin.create_acls(list(missing), request_timeout=timeout_s).values())
    if stale := there - wanted:
        exactly = [_filter(binding) for binding in stale]
        _await(admin.delete_acls(exactly, request_timeout=timeout_s).values())


def _await(asked: Iterable[Future[Any]]) -> None:
    for future in asked:
        future.result()


def _binding(role: Role, right: Right) -> AclBinding:
    return AclBinding(
        ResourceType[right.resource.name],
        right.name,
        ResourcePatternType.LITERAL,
        f"User:{role.user}",
        "*",
        AclOperation[right.operation.name],
        AclPermissionType.ALLOW,
    )


def _any_of(role: Role) -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY,
        None,  # type: ignore[arg-type]
        ResourcePatternType.ANY,
        f"User:{role.user}",
        None,  # type: ignore[arg-type]
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def _filter(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )
