"""What each user may take, on the gateway and on a ClickHouse server alike: one table.

Nobody can lift a limit: a greater value in an address is lowered to it, one in a statement's
SETTINGS is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MEBIBYTE = 1024 * 1024
SERVER_MEMORY_BYTES = 2048 * MEBIBYTE
"""Of all statements together, merges among them."""
PROCESS_MEMORY_BYTES = SERVER_MEMORY_BYTES + 2048 * MEBIBYTE
"""Of the gateway's process: it ends before it takes more of the machine's, and is started again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A user's share.

    Attributes:
        places: statements of the user that run at once; further ones wait for a place.
        waiting: statements that may wait.
        wait_s: for how long one waits before it is told that there are too many.
        body_bytes: of a request's body, as it comes and unpacked.
        settings: the engine's own limits: what holds, and the most that may be asked for.
    """

    places: int
    waiting: int
    wait_s: float
    body_bytes: int
    settings: Mapping[str, int]

    @property
    def memory_bytes(self) -> int:
        """The most that all statements of the user may take together; 0: no limit."""
        return min(self.places * self.settings.get("max_memory_usage", 0), SERVER_MEMORY_BYTES)


UNREAD_S = 10.0
"""An answer that nobody has read on for so long is given up, and its place is free."""

WRITER = Limits(
    places=4, waiting=256, wait_s=60, body_bytes=256 * MEBIBYTE, settings=MappingProxyType({})
)
# Of the product's own parts: the API, its dashboards, the monitor, training.
API = Limits(
    places=12,
    waiting=64,
    wait_s=10,
    body_bytes=64 * MEBIBYTE,
    settings=MappingProxyType(
        {"max_execution_time": 600, "max_memory_usage": 1536 * MEBIBYTE, "max_threads": 2}
    ),
)
# Of Grafana and analysts: four at once take at most half of the server's memory.
READER = Limits(
    places=4,
    waiting=64,
    wait_s=20,
    body_bytes=16 * MEBIBYTE,
    settings=MappingProxyType(
        {
            "max_execution_time": 30,
            "max_memory_usage": 256 * MEBIBYTE,
            "max_bytes_before_external_group_by": 128 * MEBIBYTE,
            "max_bytes_before_external_sort": 128 * MEBIBYTE,
            "max_temporary_data_on_disk_size_for_query": 1024 * MEBIBYTE,
            "max_threads": 2,
            "max_result_rows": 1_000_000,
            "max_result_bytes": 64 * MEBIBYTE,
        }
    ),
)
