"""What the engine is told at its start: limits for a small machine, roles, forbidden settings.

The engine enforces the roles itself, as a server does: each request takes one by SET ROLE
on its own connection. No role has a source (files, hosts), functions of its own, administration
or access management: whoever came by another role could still reach nothing but the warehouse.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from warehouse.gateway.limits import MEBIBYTE, SERVER_MEMORY_BYTES

WRITER_ROLE = "writer"
READER_ROLE = "reader"
OWNER_ROLE = "owner"

SERVER: Mapping[str, int | str] = {
    "timezone": "UTC",
    "max_server_memory_usage": SERVER_MEMORY_BYTES,
    "background_pool_size": 2,
    "background_schedule_pool_size": 4,
    "background_common_pool_size": 2,
    "background_move_pool_size": 1,
    "background_fetches_pool_size": 1,
    "background_buffer_flush_schedule_pool_size": 1,
    "background_message_broker_schedule_pool_size": 1,
    "background_distributed_schedule_pool_size": 1,
    "tables_loader_background_pool_size": 1,
    "max_thread_pool_free_size": 16,
    "mark_cache_size": 64 * MEBIBYTE,
    "uncompressed_cache_size": 0,
    "index_mark_cache_size": 8 * MEBIBYTE,
    "mmap_cache_size": 0,
    "query_cache.max_size_in_bytes": 16 * MEBIBYTE,
    "compiled_expression_cache_size": 16 * MEBIBYTE,
    "asynchronous_metrics_update_period_s": 60,
}
# A pool of two has no room for the thresholds that MergeTree assumes by default.
MERGE_TREE: Mapping[str, int] = {
    "number_of_free_entries_in_pool_to_lower_max_size_of_merge": 2,
    "number_of_free_entries_in_pool_to_execute_mutation": 2,
    "number_of_free_entries_in_pool_to_execute_optimize_entire_partition": 2,
}
PROFILE: Mapping[str, int] = {
    "max_threads": 2,
    "max_insert_threads": 1,
    "max_memory_usage": 1536 * MEBIBYTE,
    "implicit_select": 0,
    "async_insert": 0,
    "allow_introspection_functions": 0,
    # Else weeks, months and years are cut to those of 1970 to 2149.
    "enable_extended_results_for_datetime_functions": 1,
}
# Settings through which a statement would be read in another language than the one that
# was checked, read files of the host, or be acknowledged before it is written.
FIXED_SETTINGS = (
    "dialect",
    "implicit_select",
    "async_insert",
    "allow_introspection_functions",
    "format_schema",
    "format_schema_source",
    "format_template_row",
    "format_template_resultset",
    "output_format_schema",
    "input_format_record_errors_file_path",
    "rename_files_after_processing",
    "allow_experimental_eval_table_function",
)
# Engines that keep their rows in the data folder; the others reach files, hosts or programs.
ENGINES = (
    "MergeTree",
    "ReplacingMergeTree",
    "SummingMergeTree",
    "AggregatingMergeTree",
    "Memory",
    "Null",
)
_ROLES: dict[str, tuple[str, ...]] = {
    OWNER_ROLE: (
        "GRANT CREATE DATABASE ON {database}.*",
        "GRANT SELECT ON system.*",
        "GRANT KILL QUERY ON *.*",
    ),
    WRITER_ROLE: (
        "GRANT SHOW, SELECT, INSERT, ALTER, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW,"
        " TRUNCATE, OPTIMIZE, CHECK ON {database}.*",
        "GRANT CREATE DATABASE ON {database}.*",
        *(f"GRANT TABLE ENGINE ON {engine}" for engine in ENGINES),
        "GRANT SELECT ON system.*",
        "GRANT KILL QUERY ON *.*",
    ),
    READER_ROLE: ("GRANT SELECT ON {database}.*", "GRANT SELECT ON system.one"),
}


# By default they are those of a server on the same machine.
_FOLDERS = {
    "tmp_path": "tmp",
    "user_files_path": "no_files",
    "user_scripts_path": "no_files",
    "format_schema_path": "no_files",
    "google_protos_path": "no_files",
    "top_level_domains_path": "no_files",
    "dynamic_user_defined_executable_functions_path": "no_files",
}


def write_config(folder: Path, database: str) -> Path:
    """Write the engine's two files into ``folder``; returns the path of the main one."""
    for name in ("", *_FOLDERS.values()):
        (folder / name).mkdir(parents=True, exist_ok=True)
    users, server = folder / "users.xml", folder / "config.xml"
    _replace(users, _users_xml(database))
    _replace(server, _server_xml(users))
    return server


def _replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(text)
    os.replace(draft, path)


def _server_xml(users: Path) -> str:
    lines = [element(name, value) for name, value in SERVER.items()]
    merge_tree = "".join(element(name, value) for name, value in MERGE_TREE.items())
    lines += [element(name, f"{users.parent / folder}/") for name, folder in _FOLDERS.items()]
    lines += [f"<merge_tree>{merge_tree}</merge_tree>", element("users_config", str(users))]
    return document(lines)


def _users_xml(database: str) -> str:
    fixed = "".join(f"<{name}><readonly/></{name}>" for name in FIXED_SETTINGS)
    settings = "".join(element(name, value) for name, value in PROFILE.items())
    roles = "".join(
        f"<{role}><grants>{grants_of(role, database)}</grants></{role}>" for role in _ROLES
    )
    every_role = _grants((f"GRANT {', '.join(_ROLES)}",), database)
    return document(
        [
            f"<profiles><default>{settings}<constraints>{fixed}</constraints></default></profiles>",
            "<quotas><default/></quotas>",
            f"<roles>{roles}</roles>",
            "<users><default><no_password/><networks><ip>::/0</ip></networks>"
            "<profile>default</profile><quota>default</quota>"
            f"<grants>{every_role}</grants></default></users>",
        ]
    )


def grants_of(role: str, database: str) -> str:
    """A role's rights on a database, as ``<query>`` elements."""
    return _grants(_ROLES[role], database)


def _grants(grants: tuple[str, ...], database: str) -> str:
    return "".join(element("query", grant.format(database=database)) for grant in grants)


def element(name: str, value: int | str) -> str:
    """A setting; a name with dots is nested, a value that is XML stays as it is."""
    for part in reversed(name.split(".")):
        value = f"<{part}>{value if '<' in str(value) else escape(str(value))}</{part}>"
    return str(value)


def document(lines: list[str]) -> str:
    """A configuration file of these elements."""
    return "\n".join(["<clickhouse>", *lines, "</clickhouse>", ""])
