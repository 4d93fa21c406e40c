"""Somebody else's server, on the port of a part that is down."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.settings import Settings
from infra.native import stack as native
from tests.reading import eventually

USER = "nobody"
SYSTEM_PYTHON = shutil.which("python3", path="/usr/bin:/bin")
"""One that other users may run."""

IMPOSTOR = r"""
import socket, struct, sys, threading
port, kind = int(sys.argv[1]), sys.argv[2]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", port))
listener.listen(100)
print("listens", flush=True)
ANSWERS = {
    "redis": b"+OK\r\n",
    "http": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "silent": b"",
    "cleartext": b"R" + struct.pack(">II", 8, 3),
    "md5": b"R" + struct.pack(">II", 12, 5) + b"salt",
    "nothing": b"R" + struct.pack(">II", 8, 0),
}
def serve(connection):
    print("connected", flush=True)
    while heard := connection.recv(4000):
        print(repr(heard), flush=True)
        if heard[4:8] in (struct.pack(">I", 80877103), struct.pack(">I", 80877104)):
            connection.sendall(b"N")
        else:
            connection.sendall(ANSWERS[kind])
while True:
    if kind == "unaccepted":
        threading.Event().wait()
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


class Heard:
    """What an impostor is told, line by line."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def words(self) -> str:
        """All of it until now."""
        return self._file.read_text().removeprefix("listens\n")


@contextmanager
def impostor(port: int, kind: str) -> Iterator[Heard]:
    """Another user's server, which answers as the first lines of such a server do."""
    assert SYSTEM_PYTHON
    with tempfile.NamedTemporaryFile("w") as file:
        process = subprocess.Popen(
            [SYSTEM_PYTHON, "-c", IMPOSTOR, str(port), kind], user=USER, cwd="/", stdout=file
        )
        try:
            eventually(lambda: Path(file.name).read_text() != "", "it listens", timeout_s=10)
            yield Heard(Path(file.name))
        finally:
            process.kill()
            process.wait()


@contextmanager
def without(settings: Settings, part: str) -> Iterator[None]:
    """While a part is down."""
    native.stop_part(settings, part)
    try:
        yield
    finally:
        native.start_part(settings, part)
