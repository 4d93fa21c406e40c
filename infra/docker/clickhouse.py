"""ClickHouse's server in a container: the gateway's own limits, and users with its rights."""

from infra.docker.places import CLICKHOUSE_DATABASE, PASSWORD_HASHES
from warehouse.gateway import limits
from warehouse.gateway.config import (
    FIXED_SETTINGS,
    MERGE_TREE,
    PROFILE,
    READER_ROLE,
    SERVER,
    WRITER_ROLE,
    document,
    element,
    grants_of,
)
from warehouse.gateway.limits import Limits

_ROLES = {"promo": WRITER_ROLE, "promo_api": READER_ROLE, "promo_reader": READER_ROLE}
# Of a reader's settings none may lift another user's share.
_RESERVED = ("max_concurrent_queries_for_user", "max_memory_usage_for_user", "workload", "priority")
_ACCESS = (
    "select_from_system_db_requires_grant",
    "select_from_information_schema_requires_grant",
    "on_cluster_queries_require_cluster_grant",
    "table_engines_require_grant",
)
_LIMITS = {"promo_api": limits.API, "promo_reader": limits.READER}


def server_xml() -> str:
    """What is added to the image's own configuration: ``config.d``."""
    lines = [element(name, value) for name, value in SERVER.items()]
    merge_tree = "".join(element(name, value) for name, value in MERGE_TREE.items())
    logger = '<console>1</console><level>warning</level><log remove="1"/><errorlog remove="1"/>'
    # Hosts that nobody may be sent to: not even a user with a right to it.
    hosts = "<remote_url_allow_hosts></remote_url_allow_hosts>"
    access = "".join(element(name, "true") for name in _ACCESS)
    return document(
        [
            *lines,
            f"<merge_tree>{merge_tree}</merge_tree>",
            f"<logger>{logger}</logger>",
            hosts,
            f"<access_control_improvements>{access}</access_control_improvements>",
        ]
    )


def users_xml() -> str:
    """The users: ``users.d``. Nobody else may connect."""
    profile = "".join(element(name, value) for name, value in PROFILE.items())
    fixed = "".join(f"<{name}><readonly/></{name}>" for name in FIXED_SETTINGS)
    own = f"<default>{profile}<constraints>{fixed}</constraints></default>"
    readers = "".join(_reader_profile(name, held, fixed) for name, held in _LIMITS.items())
    users = "".join(_user(name, role) for name, role in _ROLES.items())
    return document(
        [
            f"<profiles>{own}{readers}</profiles>",
            f'<users><default remove="1"/>{users}</users>',
        ]
    )


def _reader_profile(name: str, held: Limits, fixed: str) -> str:
    # readonly is 2, not 1: Grafana's plugin sets max_execution_time with every query.
    chosen = {
        **PROFILE,
        **held.settings,
        "readonly": 2,
        # A server lets nobody wait for a place: it refuses.
        "max_concurrent_queries_for_user": held.places * 4,
        "max_memory_usage_for_user": held.memory_bytes,
        "apply_mutations_on_fly": 1,
    }
    values = "".join(element(setting, value) for setting, value in chosen.items())
    # From 1: 0 would be without a limit.
    most = "".join(
        element(setting, f"<min>1</min><max>{limit}</max>")
        for setting, limit in held.settings.items()
    )
    reserved = "".join(f"<{setting}><readonly/></{setting}>" for setting in _RESERVED)
    return f"<{name}>{values}<constraints>{most}{reserved}{fixed}</constraints></{name}>"


def _user(name: str, role: str) -> str:
    profile = name if role == READER_ROLE else "default"
    return (
        f'<{name}><password_sha256_hex from_env="{PASSWORD_HASHES[name]}"/>'
        "<networks><ip>::/0</ip></networks>"
        f"<profile>{profile}</profile><quota>default</quota>"
        f"<grants>{grants_of(role, CLICKHOUSE_DATABASE)}</grants></{name}>"
    )
