"""Whose files a backup holds: versions of programs and of the schema, and who can read them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from connectors.errors import BackupError
from infra.native.jars import POM
from infra.native.layout import REPOSITORY
from infra.native.tools import Tools, first_output, major_version
from warehouse.migrate import read_migrations

_KAFKA = re.compile(r"<kafka\.version>(.+?)</kafka\.version>")


@dataclass(frozen=True, slots=True)
class Versions:
    """Programs by name, such as ``{"kafka": "4.3.1"}``, and the checksums of migrations by file.

    A program whose version cannot be told is left out.
    """

    programs: Mapping[str, str]
    migrations: Mapping[str, str]


def versions_of(tools: Tools | None, migrations: Path) -> Versions:
    """What this machine runs.

    Args:
        tools: programs of the native stack; None where servers run elsewhere, in containers say.
        migrations: the folder of the warehouse's migrations.
    """
    programs = {"promo-sentinel": _own()} | (_native(tools) if tools else {})
    known = {name: version for name, version in programs.items() if version}
    return Versions(known, {m.name: m.checksum for m in read_migrations(migrations)})


def refuse_unreadable(backup: Versions, here: Versions) -> None:
    """Make sure that what runs here can read what the backup holds.

    PostgreSQL reads the files of its own major version alone; the others read older files. The
    schema may be older too: migrations bring it up to date at the next start.

    Raises:
        BackupError: it cannot; the message says which version it takes.
    """
    for name, version in backup.programs.items():
        mine = here.programs.get(name, version)
        if name == "postgres":
            _refuse_other_postgres(version, mine)
        elif _numbers(version) > _numbers(mine):
            raise BackupError(
                f"the backup is of {name} {version}, newer than the {mine} of this machine:"
                " restore it with the code that made it, or newer"
            )
    for name, checksum in backup.migrations.items():
        if here.migrations.get(name) != checksum:
            raise BackupError(
                f"the backup's warehouse has the migration {name}, which this code does not have"
                " like that: restore it with the code that made it, or newer"
            )


def _refuse_other_postgres(version: str, mine: str) -> None:
    if major_version(mine)[0] != major_version(version)[0]:
        raise BackupError(
            f"the backup is of PostgreSQL {version} and PostgreSQL {mine} runs here: install"
            f" {major_version(version)[0]}, restore, and upgrade then (pg_upgrade)"
        )


def _own() -> str:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def _native(tools: Tools) -> dict[str, str]:
    pom = _KAFKA.search(POM.read_text())
    return {
        "postgres": _first(first_output([str(tools.postgres / "postgres"), "--version"])),
        "redis": _first(first_output([tools.redis, "--version"])),
        "kafka": pom[1] if pom else "",
        "clickhouse": metadata.version("chdb"),
    }


def _first(text: str) -> str:
    found = re.search(r"\d+(?:\.\d+)+", text)
    return found[0] if found else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
