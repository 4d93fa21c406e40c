"""The gateway's process ends before it takes more of the machine's memory than is its share."""

import subprocess
import sys
import threading

from warehouse.gateway.ceiling import EXIT_STATUS, resident_bytes, watch_memory

HUNGRY = """
import sys, time
from warehouse.gateway.ceiling import resident_bytes, watch_memory
watch_memory(resident_bytes() + 100_000_000)
taken = []
for _ in range(200):
    taken.append(bytearray(10_000_000))
    time.sleep(0.05)
print("never ended")
"""


def test_a_process_that_takes_too_much_ends_and_says_why() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HUNGRY], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == EXIT_STATUS
    assert "MiB of memory taken" in done.stderr
    assert done.stdout == ""


def test_one_within_its_share_goes_on() -> None:
    ended = threading.Event()
    watch_memory(resident_bytes() + 4_000_000_000, lambda _: ended.set())
    assert not ended.wait(1.0)
