"""What a backup holds: one archive for each store, and where each lies in the state folder."""

from dataclasses import dataclass
from pathlib import Path

STAGING = ".restoring"
REPLACED = ".replaced"
_OURS = frozenset({STAGING, REPLACED})


@dataclass(frozen=True, slots=True)
class Store:
    """One archive's worth of the state folder.

    Args:
        name: of the archive.
        path: of the folder, relative to the state folder.
        only: the entries of that folder that belong to it; empty means all.
    """

    name: str
    path: str
    only: tuple[str, ...] = ()

    def folder(self, state: Path) -> Path:
        """Where it lies in a state folder."""
        return state / self.path

    def entries(self, state: Path) -> list[Path]:
        """What it has there, sorted; empty when there is nothing."""
        folder = self.folder(state)
        if not folder.is_dir():
            return []
        found = (entry for entry in folder.iterdir() if entry.name not in _OURS)
        return sorted(entry for entry in found if not self.only or entry.name in self.only)


STORES = (
    Store("postgres", "data/postgres"),
    Store("redis", "data/redis"),
    Store("kafka", "data/kafka"),
    Store("clickhouse", "clickhouse"),
    Store("models", "models"),
    Store("secrets", "secrets"),
    # Hashes of API keys; how often which message ended a worker; which hash key the stores were
    # filled with; who is who in played traffic.
    Store("others", ".", ("access", "api-keys.json", "workers", "hash-key-check", "simulated")),
)


def present(state: Path) -> list[Store]:
    """The stores that have anything."""
    return [store for store in STORES if store.entries(state)]


def allocated_bytes(state: Path, store: Store) -> int:
    """What a store takes on the disk; the holes of sparse files do not count."""
    return sum(
        path.lstat().st_blocks * 512
        for entry in store.entries(state)
        for path in (entry, *(entry.rglob("*") if entry.is_dir() else ()))
    )
