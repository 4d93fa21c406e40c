"""Where everything of one native stack lies on disk."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import StackError
from connectors.settings import Settings
from infra.native.accounts import close_to_others

REPOSITORY = Path(__file__).resolve().parents[2]
UNIX_PATH_LIMIT = 107
TEMPORARY = Path("/tmp")
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

    def run_of(self, part: str) -> Path:
        """What one part alone reads and writes there."""
        return self.run / part

    @property
    def root(self) -> Path:
        """Where each part's own file system is mounted, seen by that part alone."""
        return self.run / "root"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets"

    @property
    def access(self) -> Path:
        """The API's: hashes of its clients' keys."""
        return self.state / "access"

    @property
    def workers(self) -> Path:
        """What each worker remembers of itself."""
        return self.state / "workers"

    @property
    def models(self) -> Path:
        """What training writes and whoever judges reads."""
        return self.state / "models"

    @property
    def sockets(self) -> Path:
        """The folder of unix sockets: ``run``, or one under /tmp where that path is too long."""
        if len(os.fsencode(self.run)) + LONGEST_SOCKET_NAME <= UNIX_PATH_LIMIT:
            return self.run
        digest = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:12]
        return TEMPORARY / f"promo-{digest}"

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
            StackError: a folder cannot be made, or one of the two that hold all is another user's.
        """
        try:
            for folder in (self.state, self.cache):
                folder.mkdir(parents=True, exist_ok=True)
            _refuse_others(self.state)
            close_to_others(self.state)
            inner = (self.data, self.logs, self.run, self.root, self.secrets)
            for folder in (*inner, self.sockets):
                folder.mkdir(mode=0o700, exist_ok=True)
            # Below /tmp anybody may have made it first, as a link to anywhere.
            _refuse_others(self.sockets)
            close_to_others(self.sockets)
        except OSError as error:
            raise StackError(
                f"cannot make {error.filename}: {error.strerror}; make the folder writable or set"
                " PROMO_STATE_DIR and PROMO_CACHE_DIR to others"
            ) from error


def _refuse_others(folder: Path) -> None:
    status = folder.lstat()
    if status.st_uid != os.geteuid():
        raise StackError(f"{folder} belongs to another user: go on as that user, or remove it")
    if stat.S_ISLNK(status.st_mode) and folder.parent == TEMPORARY:
        raise StackError(f"{folder} is a link: remove it")


def layout_of(settings: Settings) -> Layout:
    """The layout that the settings ask for, relative folders taken from the repository."""
    return Layout(
        state=(REPOSITORY / settings.state_dir).absolute(),
        cache=(REPOSITORY / settings.cache_dir).absolute(),
    )


def adopt_key_file(layout: Layout) -> None:
    """Move the file of API keys of an older version into the folder that the API sees."""
    former = layout.state / "api-keys.json"
    if former.exists():
        layout.access.mkdir(mode=0o700, exist_ok=True)
        former.replace(layout.access / former.name)
