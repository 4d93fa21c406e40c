"""Ends this process before it takes the memory that the machine's other parts need.

The engine counts what it hands out and refuses more, but some of its functions take memory
behind its back. An end is no loss: what was inserted and confirmed is on the disk, what was not
is sent again, and the supervisor starts the gateway anew within seconds.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

PERIOD_S = 0.25
EXIT_STATUS = 70  # EX_SOFTWARE of sysexits.h

_STATM = Path("/proc/self/statm")
_RESIDENT_FIELD = 1


def watch_memory(most_bytes: int, end: Callable[[int], object] = os._exit) -> None:
    """Watch from a thread of its own, until the process ends.

    Args:
        most_bytes: resident memory at which ``end`` is called, with an exit status.
        end: ends the process at once, whatever its other threads are at.
    """

    def watch() -> None:
        while (taken := resident_bytes()) <= most_bytes:
            time.sleep(PERIOD_S)
        print(
            f"gateway: {taken >> 20} MiB of memory taken, {most_bytes >> 20} are the most: a"
            " statement takes more than its limit; ending, to be started again",
            file=sys.stderr,
            flush=True,
        )
        end(EXIT_STATUS)

    threading.Thread(target=watch, name="memory", daemon=True).start()


def resident_bytes() -> int:
    """What this process has in memory."""
    pages = int(_STATM.read_text().split()[_RESIDENT_FIELD])
    return pages * os.sysconf("SC_PAGE_SIZE")
