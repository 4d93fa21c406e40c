"""ClickHouse's server in a container: limits, and the two users with the gateway's own rights."""

from infra.docker.places import CLICKHOUSE_DATABASE, PASSWORD_HASHES
from warehouse.gateway.config import (
    MERGE_TREE,
    PROFILE,
    READER_ROLE,
    SERVER,
    WRITER_ROLE,
    document,
    element,
    grants_of,
)

READER_LIMITS = {
    "max_execution_time": 300,
    "max_memory_usage": PROFILE["max_memory_usage"],
}
"""Seconds and bytes that a question of the read-only user may ask for at most."""

_ROLES = {"promo": WRITER_ROLE, "promo_reader": READER_ROLE}


def server_xml() -> str:
    """What is added to the image's own configuration: ``config.d``."""
    lines = [element(name, value) for name, value in SERVER.items()]
    merge_tree = "".join(element(name, value) for name, value in MERGE_TREE.items())
    logger = '<console>1</console><level>warning</level><log remove="1"/><errorlog remove="1"/>'
    return document(
        [*lines, f"<merge_tree>{merge_tree}</merge_tree>", f"<logger>{logger}</logger>"]
    )


def users_xml() -> str:
    """The users: ``users.d``. Nobody else may connect."""
    profile = "".join(element(name, value) for name, value in PROFILE.items())
    users = "".join(_user(name, role) for name, role in _ROLES.items())
    return document(
        [
            f"<profiles><default>{profile}</default>{_reader_profile()}</profiles>",
            f'<users><default remove="1"/>{users}</users>',
        ]
    )


def _reader_profile() -> str:
    # readonly is 2, not 1: Grafana's plugin sets max_execution_time with every query.
    asked = {"readonly": 2, "max_execution_time": 60, "apply_mutations_on_fly": 1}
    chosen = "".join(element(name, value) for name, value in {**PROFILE, **asked}.items())
    most = "".join(element(name, f"<max>{limit}</max>") for name, limit in READER_LIMITS.items())
    return f"<promo_reader>{chosen}<constraints>{most}</constraints></promo_reader>"


def _user(name: str, role: str) -> str:
    profile = "promo_reader" if role == READER_ROLE else "default"
    return (
        f'<{name}><password_sha256_hex from_env="{PASSWORD_HASHES[name]}"/>'
        "<networks><ip>::/0</ip></networks>"
        f"<profile>{profile}</profile><quota>default</quota>"
        f"<grants>{grants_of(role, CLICKHOUSE_DATABASE)}</grants></{name}>"
    )
