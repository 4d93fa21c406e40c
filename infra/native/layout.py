"""Where everything of one native stack lies on disk."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import StackError
from connectors.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
UNIX_PATH_LIMIT = 107
UNFINISHED_RESTORE = "unfinished-restore"
"""A file of the state folder: stores there may not fit each other, and nothing may start."""

LONGEST_SOCKET_NAME = len("/postgres/.s.PGSQL.65535.lock")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one stack; all paths absolute.

    ``state`` belongs to this stack alone; ``cache`` may be shared by several.
    """

    state: Path
    cache: Path

    @property
    def data(self) -> Path:
        """What PostgreSQL, Redis, Kafka and ClickHouse store, one folder each."""
        return self.state / "data"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def run(self) -> Path:
        """Generated configuration, pid files; safe to lose while the stack is down."""
        return self.state / "run"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets"

    @property
    def sockets(self) -> Path:
        """The folder of unix sockets: ``run``, or one under /tmp where that path is too long."""
        if len(os.fsencode(self.run)) + LONGEST_SOCKET_NAME <= UNIX_PATH_LIMIT:
            return self.run
        digest = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:12]
        return Path("/tmp") / f"promo-{digest}"

    @property
    def postgres_sockets(self) -> Path:
        """PostgreSQL's own socket folder: whoever may enter it is superuser there."""
        return self.sockets / "postgres"

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor.sock"

    @property
    def supervisor_pid(self) -> Path:
        return self.run / "supervisord.pid"

    @property
    def supervisor_config(self) -> Path:
        return self.run / "supervisord.conf"

    def log_of(self, part: str) -> Path:
        """The log file of a part."""
        return self.logs / f"{part}.log"

    def make(self) -> None:
        """Make all folders; idempotent.

        Raises:
            StackError: a folder cannot be made, or the short socket folder is another user's.
        """
        try:
            for folder in (self.state, self.data, self.logs, self.run, self.cache):
                folder.mkdir(parents=True, exist_ok=True)
            self.secrets.mkdir(mode=0o700, exist_ok=True)
            self.sockets.mkdir(mode=0o755, exist_ok=True)
        except OSError as error:
            raise StackError(
                f"cannot make {error.filename}: {error.strerror}; make the folder writable or set"
                " PROMO_STATE_DIR and PROMO_CACHE_DIR to others"
            ) from error
        if self.sockets.stat().st_uid != os.geteuid():
            raise StackError(
                f"{self.sockets} belongs to another user: go on as that user, or remove it"
            )


def layout_of(settings: Settings) -> Layout:
    """The layout that the settings ask for, relative folders taken from the repository."""
    return Layout(
        state=(REPOSITORY / settings.state_dir).absolute(),
        cache=(REPOSITORY / settings.cache_dir).absolute(),
    )
