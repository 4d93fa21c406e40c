"""The lists of docs/security.md say what a running stack listens on and what lies on the disk."""

import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import psutil
import pytest

from connectors.settings import Settings
from infra.native.layout import Layout, layout_of
from infra.native.parts import parts_of
from infra.native.tools import find_tools
from tests.composition import jobs, services
from tests.pages import table_below

LISTENERS, FILES = "## Every listener", "## Every file"
ON_REQUEST = {"tools", "demo"}
"""Services that nothing starts by itself."""


def _column(heading: str, name: str) -> list[str]:
    return [row[name] for row in table_below("docs/security.md", heading)]


def _words(cell: str) -> list[str]:
    return [word for word in cell.split("`")[1::2] if word]


def _pids(settings: Settings) -> set[int]:
    supervisor = psutil.Process(int(layout_of(settings).supervisor_pid.read_text()))
    return {supervisor.pid, *(child.pid for child in supervisor.children(recursive=True))}


def _ports(settings: Settings) -> dict[int, str]:
    """What the list calls each port that the table of parts names."""
    names = {}
    for part in parts_of(settings, layout_of(settings), find_tools()):
        for port in part.ports:
            beyond = port.number - settings.metrics_port if "METRICS" in port.setting else 0
            names[port.number] = f"PROMO_{port.setting}" + (f" + {beyond}" if beyond else "")
    return names


def test_a_running_stack_listens_on_what_is_listed_and_on_loopback_alone(stack: Settings) -> None:
    pids, names = _pids(stack), _ports(stack)
    listening = [
        connection
        for connection in psutil.net_connections("inet")
        if connection.pid in pids
        and connection.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)  # NONE: datagrams
    ]
    assert {connection.laddr.ip.removeprefix("::ffff:") for connection in listening} == {
        "127.0.0.1"
    }
    found = {names.get(connection.laddr.port, str(connection.laddr)) for connection in listening}
    sockets = {
        f"run/{PurePosixPath(str(connection.laddr)).relative_to(layout_of(stack).sockets)}"
        for connection in psutil.net_connections("unix")
        if connection.pid in pids and str(connection.laddr).startswith("/")
    }
    listed = [word for cell in _column(LISTENERS, "natively") for word in _words(cell)]
    unlisted = [n for n in found | sockets if not any(fnmatch(n, word) for word in listed)]
    unfound = [word for word in listed if not any(fnmatch(n, word) for n in found | sockets)]
    assert (unlisted, unfound) == ([], [])


def test_every_service_of_the_composition_that_stays_is_listed() -> None:
    listed = {word for cell in _column(LISTENERS, "in containers") for word in _words(cell)}
    assert listed == set(services()) - set(jobs()) - ON_REQUEST


def _entries(layout: Layout) -> Iterator[Path]:
    yield layout.state
    for folder in (layout.state, layout.data, layout.run, layout.state / "workers"):
        yield from folder.iterdir()


def test_every_file_of_a_running_stack_is_listed_with_its_owner_and_mode(stack: Settings) -> None:
    layout = layout_of(stack)
    rows = {
        word: row for row in table_below("docs/security.md", FILES)
        for word in _words(row["in the state folder"])
    }  # fmt: skip
    wrong = []
    for path in _entries(layout):
        name = str(path.relative_to(layout.state))
        status = path.lstat()
        fits = [word for word in rows if fnmatch(name, word) and _as_deep(name, word)]
        if stat.S_ISSOCK(status.st_mode):
            continue  # a listener, which is listed there
        if len(fits) != 1:
            wrong.append(f"{name} is in {len(fits)} lines")
            continue
        row = rows[fits[0]]
        mode = f"{stat.S_IMODE(status.st_mode):o}"
        if mode != row["mode"]:
            wrong.append(f"{name} has mode {mode}, listed is {row['mode']}")
        if os.geteuid() == 0 and path.owner() != _words(row["owner, as root"])[0]:
            wrong.append(f"{name} is {path.owner()}'s, listed is {row['owner, as root']}")
    assert wrong == []


def _as_deep(name: str, word: str) -> bool:
    return name.count("/") == word.count("/")


@pytest.mark.parametrize("name", ["state", "postgres-socket"])
def test_these_two_volumes_alone_are_shared(name: str) -> None:
    mounted = [
        volume.split(":")[0]
        for service, one in services().items()
        for volume in one.get("volumes", ())
        if not volume.startswith(".") and service not in ON_REQUEST
    ]
    assert name in mounted
    assert {volume for volume in mounted if mounted.count(volume) > 1} == {
        "state",
        "postgres-socket",
    }
