"""PostgreSQL: its cluster, its configuration, the command that runs it.

The server refuses to run as root, so as root it runs as the user ``postgres``.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from connectors.errors import StackError
from connectors.settings import Settings
from infra.config import Template, rendered
from infra.native.layout import Layout

SYSTEM_USER = "postgres"
SUPERUSER = "postgres"
INITDB_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """One cluster and how to run it.

    Args:
        binaries: the folder of ``postgres`` and ``initdb``.
        layout: where the cluster and its socket lie.
        settings: host, port, database.
    """

    binaries: Path
    layout: Layout
    settings: Settings

    @property
    def data(self) -> Path:
        return self.layout.data / "postgres"

    def command(self) -> list[str]:
        """The server's command line, for the supervisor."""
        return self._as_server(["postgres", "-D", str(self.data)])

    def prepare(self) -> None:
        """Make the cluster if there is none, and write its configuration; idempotent.

        Raises:
            StackError: initdb fails; the message has its words.
        """
        for folder in (self.data, self.layout.postgres_sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
            self._give(folder)
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        access = self.data / Template.POSTGRES_ACCESS
        config = rendered(
            Template.POSTGRES,
            host=self.settings.postgres_host,
            port=self.settings.postgres_port,
            sockets=self.layout.postgres_sockets,
            access=access,
        )
        self._write(self.data / Template.POSTGRES, config)
        self._write(access, rendered(Template.POSTGRES_ACCESS, network="samehost"))

    def superuser_dsn(self, database: str) -> str:
        """How this process reaches a database as superuser: by the private socket."""
        return psycopg.conninfo.make_conninfo(
            host=str(self.layout.postgres_sockets),
            port=self.settings.postgres_port,
            dbname=database,
            user=SUPERUSER,
            connect_timeout=5,
        )

    def create_database(self) -> None:
        """Create the source database if there is none."""
        name = self.settings.postgres_database
        with psycopg.connect(self.superuser_dsn("postgres"), autocommit=True) as connection:
            there = connection.execute(
                "SELECT FROM pg_database WHERE datname = %s", (name,)
            ).fetchone()
            if there is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _initdb(self) -> None:
        command = self._as_server(
            ["initdb", "-D", str(self.data), "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8"]
            + ["--auth-local=trust", "--auth-host=scram-sha-256"]
        )
        done = subprocess.run(
            command, cwd="/", capture_output=True, text=True, timeout=INITDB_TIMEOUT_S
        )
        if done.returncode:
            shutil.rmtree(self.data)
            raise StackError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")

    def _as_server(self, command: list[str]) -> list[str]:
        program = [str(self.binaries / command[0]), *command[1:]]
        environment = ["env", "-i", "LC_ALL=C.UTF-8", "TZ=UTC", f"PROMO_STACK={self.layout.state}"]
        if os.geteuid() != 0:
            return [*environment, *program]
        drop = ["setpriv", f"--reuid={SYSTEM_USER}", f"--regid={SYSTEM_USER}", "--clear-groups"]
        if not _reachable(self.data, pwd.getpwnam(SYSTEM_USER)):
            # A folder above is closed to the server's user (a clone under /root, pytest's /tmp
            # folders): let the server pass through folders without opening them to others.
            drop += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        return [*drop, *environment, *program]

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        self._give(path)

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            user = pwd.getpwnam(SYSTEM_USER)
            os.chown(path, user.pw_uid, user.pw_gid)


def _reachable(path: Path, user: pwd.struct_passwd) -> bool:
    return all(_may_pass(folder.stat(), user) for folder in path.resolve().parents)


def _may_pass(status: os.stat_result, user: pwd.struct_passwd) -> bool:
    if status.st_uid == user.pw_uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == user.pw_gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)
