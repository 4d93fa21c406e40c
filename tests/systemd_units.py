"""The units of infra/systemd as the tests read them."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from infra.native.layout import REPOSITORY

FOLDER = REPOSITORY / "infra" / "systemd"
COMMON = FOLDER / "promo-.service.d" / "common.conf"
INSTALLED = "/opt/promo-sentinel"
_INSTANCES = {
    "promo-scoring@.service": "0",
    "promo-job@.service": "warehouse.migrate",
    "promo-rewind@.service": "scoring",
}
CONFIGURED = "/etc/promo-sentinel"


@dataclass(frozen=True)
class Unit:
    """A unit file's lines as ``(key, value)``, in order."""

    path: Path
    lines: tuple[tuple[str, str], ...]

    def all(self, key: str) -> list[str]:
        """Every value of a key."""
        return [value for found, value in self.lines if found == key]

    @property
    def instance(self) -> str:
        """What it is started as an instance of; empty where it has none."""
        return _INSTANCES.get(self.path.name, "")

    @property
    def command(self) -> list[str]:
        """The words of its command."""
        (command,) = self.all("ExecStart")
        return shlex.split(command.replace("%i", self.instance))

    @property
    def is_by_hand(self) -> bool:
        """Whether somebody starts it, and it is no part of the target."""
        return not self.all("PartOf")

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets itself."""
        words = [word for value in self.all("Environment") for word in value.split()]
        return dict(word.split("=", 1) for word in words)

    @property
    def secrets(self) -> dict[str, str]:
        """The files that it is given, by the name under which it finds them."""
        return dict(value.split(":", 1) for value in self.all("LoadCredential"))


def read_unit(path: Path) -> Unit:
    """Read one unit file."""
    lines = (line for line in path.read_text().splitlines() if line and line[0] not in "#[")
    pairs = (line.split("=", 1) for line in lines)
    return Unit(path, tuple((key, value) for key, value in pairs))


def services() -> list[Unit]:
    """All services, by name."""
    return [read_unit(path) for path in sorted(FOLDER.glob("*.service"))]
