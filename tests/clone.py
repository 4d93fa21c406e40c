"""A clone of the project as a new user has it: its files, its own ``.env``, its own stack."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.settings import Settings, load_settings
from infra.native.apart import BLOCK, CACHE, PORT_FIELDS, free_ports
from infra.native.layout import REPOSITORY

_MADE_FROM = ("requirements-dev.lock", "infra/native/make-venv.sh")
"""What the virtual environment is made from, and would be made again from if it were newer."""

_DEFAULT = Settings(_env_file=None)


@dataclass(frozen=True, slots=True)
class Clone:
    """The folder of a clone, its settings and the environment of a shell in it."""

    root: Path
    settings: Settings
    environment: Mapping[str, str]

    def here(self, text: str) -> str:
        """A text with this clone's ports where a page names the default ones."""
        moved = {
            getattr(_DEFAULT, name): getattr(self.settings, name)
            for name in (*PORT_FIELDS, "metrics_port")
        }
        moved[_DEFAULT.monitor_metrics_port] = self.settings.monitor_metrics_port
        moved[_DEFAULT.scoring_metrics_port(0)] = self.settings.scoring_metrics_port(0)
        numbers = "|".join(map(str, moved))
        # A port, and no other number that happens to be the same: after a colon or an equals sign.
        return re.sub(rf"(?<=[:=])({numbers})\b", lambda found: str(moved[int(found[1])]), text)

    def with_secrets(self) -> Settings:
        """The settings and the secrets that this clone's stack has made."""
        return Settings(
            _env_file=None,
            _secrets_dir=self.settings.secrets_folder,
            **self.settings.model_dump(exclude_none=True),
        )

    def make(self, *words: str, timeout_s: float = 300) -> str:
        """Run ``make`` here and give back what it prints.

        Raises:
            AssertionError: it failed.
        """
        done = subprocess.run(
            ["make", *words], cwd=self.root, env=dict(self.environment),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout_s,
        )  # fmt: skip
        assert done.returncode == 0, f"make {' '.join(words)}:\n{done.stdout[-3000:]}"
        return done.stdout


@contextmanager
def cloned(root: Path) -> Iterator[Clone]:
    """A clone within the block; at its end whatever runs there is stopped.

    It has the files as they are in the working tree, also those that are not committed yet. The
    virtual environment and the downloads are this tree's own, so nothing is installed twice.
    """
    _copy_files(root)
    for name, place in {".venv": REPOSITORY / ".venv", ".cache": CACHE}.items():
        (root / name).symlink_to(place.resolve())
    settings = _configured(root)
    clone = Clone(root, settings, _environment())
    try:
        yield clone
    finally:
        clone.make("down")


def _copy_files(root: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, check=True,
    ).stdout  # fmt: skip
    for name in map(os.fsdecode, filter(None, listed.split(b"\0"))):
        if (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, root / name)
    for name in _MADE_FROM:
        os.utime(root / name, (0, 0))


def _configured(root: Path) -> Settings:
    ports = dict(zip((*PORT_FIELDS, "metrics_port"), free_ports(BLOCK), strict=False))
    values = {**ports, "noaat_dir": (REPOSITORY / load_settings().noaat_dir).resolve()}
    lines = [f"PROMO_{name.upper()}={value}\n" for name, value in values.items()]
    (root / ".env").write_text("".join(lines))
    folders = {"state_dir": root / ".run", "cache_dir": root / ".cache"}
    return Settings(_env_file=None, **values, **folders)  # type: ignore[arg-type]


def _environment() -> dict[str, str]:
    """This process's, less what a new shell has not: settings, make's own, an active venv."""
    ours = ("PROMO_", "VIRTUAL_ENV", "MAKE", "MFLAGS", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    active = Path(sys.prefix, "bin").resolve()
    folders = os.environ["PATH"].split(":")
    return kept | {"PATH": ":".join(one for one in folders if Path(one).resolve() != active)}
