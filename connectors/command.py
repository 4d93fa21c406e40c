"""The edge of every command: how it ends where nobody reads on, and what it says of an error."""

import io
import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn, TextIO

from connectors.errors import DependencyDown, DependencyRefuses, PromoError, SecretMissing

_LONGEST = 200
"""Characters of what a client says of a server that is away."""


def run_command(main: Callable[[], int | None]) -> NoReturn:
    """Run a command and end the process with its exit code.

    Who reads what it prints may stop, as ``make dead-letters | head -1`` does: the rest is dropped
    without a word, and the work goes on to its end, with the exit code that is true of it. A load
    or a training is not cut off because of a closed pipe.
    """
    # What the client logs of a server that is away, the command's own error says.
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    sys.stdout, sys.stderr = _dropping(sys.stdout), _dropping(sys.stderr)
    sys.exit(main())


def explain(error: PromoError) -> str:
    """An error in one line, with what to do where the stack may simply be down."""
    said = " ".join(str(error).split())
    if isinstance(error, SecretMissing):
        return f"the stack has not been set up here: {said}"
    if isinstance(error, DependencyDown) and not isinstance(error, DependencyRefuses):
        return f"the stack is down, or a part of it; `make status`, `make up`: {said[:_LONGEST]}"
    return said


class _Pipe(io.FileIO):
    """A file whose reader may go: what is written afterwards goes nowhere."""

    def write(self, data: object) -> int:
        """As FileIO's."""
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return super().write(data)  # type: ignore[arg-type]


def _dropping(stream: TextIO) -> TextIO:
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return stream  # nothing of the system's: somebody captures it
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Pipe(number, "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.isatty() or stream is sys.stderr,
    )
