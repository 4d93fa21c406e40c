"""The key that identifiers are hashed with may not change by accident.

Redis and ClickHouse find accounts by hashed identifiers. With another key, whoever signs up from
then on would be linked with nobody from before, and nothing would say so.
"""

import hashlib
import hmac
import os

from connectors.errors import StackError
from infra.native.layout import Layout

_PURPOSE = b"promo-sentinel: which hash key the stores were filled with, 1"


def refuse_other_hash_key(layout: Layout, key: str, kept: str) -> None:
    """Make sure that a stack's Redis was filled with this key, and remember which it was.

    Args:
        layout: of the stack.
        key: the one that is about to be used.
        kept: what the secrets folder has; empty for nothing.

    Raises:
        StackError: it was filled with another one.
    """
    redis, check = layout.data / "redis", layout.state / "hash-key-check"
    known = check.read_text() if check.exists() else _digest(kept) if kept else ""
    if redis.is_dir() and any(redis.iterdir()) and known != _digest(key):
        raise StackError(
            "the hash key is not the one that identifiers in Redis and ClickHouse were hashed with,"
            f" and accounts would not be linked any more: put it back ({layout.secrets}/"
            "promo_hash_key or PROMO_HASH_KEY), or rebuild both stores with another one"
            " (docs/deployment.md, Rotation of secrets)"
        )
    if known != _digest(key) or not check.exists():
        check.touch(mode=0o600)
        os.chmod(check, 0o600)
        check.write_text(_digest(key))


def _digest(key: str) -> str:
    return hmac.digest(key.encode(), _PURPOSE, hashlib.sha256).hex()
