"""What the native stack needs from the machine, found, installed or named."""

import ctypes.util
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import StackError
from infra.native.layout import Layout
from infra.native.packages import can_install, install
from infra.native.tools import Tools, find_tools, first_output, major_version

JAVA_AT_LEAST = (17, 0)
POSTGRES_AT_LEAST = (15, 0)
REDIS_AT_LEAST = (6, 2)
JAVA_PACKAGES = tuple(f"openjdk-{version}-jre-headless" for version in (17, 21, 25))
POSTGRES_PACKAGES = tuple(f"postgresql-{version}" for version in (15, 16, 17, 18))
FREE_BYTES = 2_000_000_000
FONTS = Path("/usr/share/fonts")


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Something the machine must have.

    Args:
        title: what it is called in a message.
        packages: Debian's and Ubuntu's names of it; the first that the system offers is taken.
        lacks: looks for it and says what is wrong, "" when nothing is.
    """

    title: str
    packages: tuple[str, ...]
    lacks: Callable[[Tools], str]


def _java(tools: Tools) -> str:
    words = tools.java_version.split('"')
    return _at_least(words[1] if len(words) > 1 else "", JAVA_AT_LEAST, tools.java)


def _postgres(tools: Tools) -> str:
    program = tools.postgres / "postgres"
    text = first_output([str(program), "--version"]) if program.is_absolute() else ""
    return _at_least(text, POSTGRES_AT_LEAST, str(program))


def _redis(tools: Tools) -> str:
    text = first_output([tools.redis, "--version"]) if tools.redis else ""
    return _at_least(text, REDIS_AT_LEAST, tools.redis)


def _at_least(text: str, wanted: tuple[int, int], program: str) -> str:
    found = major_version(text)
    if found >= wanted:
        return ""
    if found == (0, 0):
        return "not found"
    return f"{program} is version {found[0]}.{found[1]}, {wanted[0]}.{wanted[1]} is needed"


def _program(name: str, needed_for: str, package: str) -> Prerequisite:
    return Prerequisite(
        f"{name} (for {needed_for})",
        (package,),
        lambda _: "" if shutil.which(name) else "not found",
    )


PREREQUISITES = (
    Prerequisite("Java 17 or later", JAVA_PACKAGES, _java),
    Prerequisite("PostgreSQL 15 or later (server)", POSTGRES_PACKAGES, _postgres),
    Prerequisite("Redis 6.2 or later (server)", ("redis-server",), _redis),
    _program("openssl", "Kafka Connect's certificates", "openssl"),
    Prerequisite("Maven", ("maven",), lambda tools: "" if tools.maven else "not found"),
    Prerequisite(
        "the OpenMP runtime (for LightGBM)",
        ("libgomp1",),
        lambda _: "" if ctypes.util.find_library("gomp") else "not found",
    ),
)


OF_TESTS = (
    _program("curl", "the documents' examples", "curl"),
    _program("free", "the runbook's commands", "procps"),
    Prerequisite(
        "Chromium (for tests of the dashboards' page)",
        ("chromium", "chromium-browser"),
        lambda _: "" if chromium() else "not found",
    ),
    Prerequisite(
        "a font (for Chromium)",
        ("fonts-dejavu-core", "fonts-liberation"),
        lambda _: "" if any(FONTS.rglob("*.[to]tf")) else "not found",
    ),
)
"""What only the tests need."""


def chromium() -> str:
    """The browser, "" where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or ""


def ensure_prerequisites(layout: Layout, wanted: Sequence[Prerequisite] = PREREQUISITES) -> Tools:
    """Find every program; install what is missing of ``wanted`` where the system allows it.

    Raises:
        StackError: something is missing and cannot be installed here, or the disk is full; the
            message names the packages or the folder.
    """
    check_disk(layout)
    tools = find_tools()
    missing = {p: p.lacks(tools) for p in wanted if p.lacks(tools)}
    if not missing:
        return tools
    named = "".join(
        f"\n  {p.title}: {lack}  (Debian: {p.packages[0]})" for p, lack in missing.items()
    )
    if not can_install():
        raise StackError(f"this machine lacks:{named}\ninstall them with your package manager")
    install([prerequisite.packages for prerequisite in missing])
    tools = find_tools()
    still = [f"{p.title}: {p.lacks(tools)}" for p in wanted if p.lacks(tools)]
    if still:
        raise StackError("installed, but still missing: " + "; ".join(still))
    return tools


def check_disk(layout: Layout, needed_bytes: int = FREE_BYTES) -> None:
    """Make sure that both folders have room.

    Raises:
        StackError: one has not; the message names it.
    """
    for folder in (layout.state, layout.cache):
        free = shutil.disk_usage(folder).free
        if free < needed_bytes:
            raise StackError(
                f"{folder} has {free / 1e9:.1f} GB free, {needed_bytes / 1e9:.0f} GB are needed:"
                " make room, or set PROMO_STATE_DIR and PROMO_CACHE_DIR to another disk"
            )
