"""PostgreSQL: its cluster, its configuration, the command that runs it.

The server refuses to run as root, so as root it runs as the user ``postgres``.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from connectors.errors import StackError
from connectors.settings import Settings
from infra.config import Template, rendered
from infra.native.accounts import Account, write_private
from infra.native.confinement import Confinement, confined, program_paths
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

    @property
    def bounds(self) -> Confinement:
        """What the server sees."""
        return Confinement(
            SYSTEM_USER,
            writable=(self.data, self.layout.postgres_sockets),
            readable=program_paths(self.binaries / "postgres"),
        )

    def command(self) -> list[str]:
        """The server's command line, for the supervisor."""
        return self._program("postgres", "-D", str(self.data))

    def prepare(self, account: Account | None) -> None:
        """Make the cluster if there is none, and write its configuration; idempotent.

        Args:
            account: whom its folders belong to.

        Raises:
            StackError: initdb fails; the message has its words.
        """
        if not (self.data / "PG_VERSION").exists():
            self._initdb(account)
        access = self.data / Template.POSTGRES_ACCESS
        config = rendered(
            Template.POSTGRES,
            host=self.settings.postgres_host,
            port=self.settings.postgres_port,
            sockets=self.layout.postgres_sockets,
            access=access,
        )
        write_private(self.data / Template.POSTGRES, config, account)
        write_private(access, rendered(Template.POSTGRES_ACCESS, network="samehost"), account)

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

    def _initdb(self, account: Account | None) -> None:
        command = self._program("initdb", "-D", str(self.data), "-U", SUPERUSER)
        command += ["-E", "UTF8", "--locale=C.UTF-8"]
        command += ["--auth-local=trust", "--auth-host=scram-sha-256"]
        done = subprocess.run(
            confined("initdb", command, self.bounds, self.layout, account),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT_S,
        )
        if done.returncode:
            raise StackError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")

    def _program(self, name: str, *arguments: str) -> list[str]:
        environment = ["env", "-i", "LC_ALL=C.UTF-8", "TZ=UTC", f"PROMO_STACK={self.layout.state}"]
        return [*environment, str(self.binaries / name), *arguments]
