"""API keys: what a key may do, and how a presented key is recognised. Pure.

A key is 256 random bits, so its SHA-256 cannot be turned back and needs no salt and no slow
hash. A client (a checkout, a dashboard) is a name; it has at most two live keys, so that the
old one works until the new one is everywhere.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

import orjson

from connectors.errors import KeyFileError

LIVE_KEYS = 2
"""So many of a client's keys may be live at once: one in use, one to change over to."""

PREFIX = "ps_"
"""By which a leaked key is recognised in a text."""

_ID_CHARACTERS = 10


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    SCORE = "score"
    CLAIM = "claim"
    LABEL = "label"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as its key says.

    Attributes:
        name: the client's.
        key_id: which of its keys.
        scopes: what it may do.
        per_minute: how many requests a minute; None is no limit.
    """

    name: str
    key_id: str
    scopes: frozenset[Scope]
    per_minute: int | None


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key: everything but the key.

    Attributes:
        digest: SHA-256 of the key, hexadecimal.
        created_at, expires_at, revoked_at: aware; None is never.
    """

    key_id: str
    name: str
    digest: str
    scopes: tuple[Scope, ...]
    per_minute: int | None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def caller(self) -> Caller:
        """Who asks with it."""
        return Caller(self.name, self.key_id, frozenset(self.scopes), self.per_minute)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys, the ended ones too, in order of creation."""

    keys: tuple[Key, ...] = ()

    def caller(self, presented: bytes, now: datetime) -> Caller | None:
        """Whose key this is, None if it opens nothing.

        Every key is compared, each in constant time, whether or not one fits.
        """
        digest, found = _digest(presented), None
        for key in self.keys:
            if hmac.compare_digest(digest, key.digest) and key.is_live(now):
                found = key
        return None if found is None else found.caller

    def caller_of(self, key_id: str, now: datetime) -> Caller | None:
        """Whose key has this id, None if no live one has."""
        return next((key.caller for key in self.live(now) if key.key_id == key_id), None)

    def live(self, now: datetime) -> tuple[Key, ...]:
        """The keys that open something."""
        return tuple(key for key in self.keys if key.is_live(now))

    def with_new(
        self,
        name: str,
        scopes: Iterable[Scope],
        per_minute: int | None,
        expires_at: datetime | None,
        now: datetime,
    ) -> tuple[Self, Key, str]:
        """The ring with one more key, its record, and the key itself, which is kept nowhere.

        Raises:
            KeyFileError: the client has two live keys already.
        """
        standing = [key.key_id for key in self.live(now) if key.name == name]
        if len(standing) >= LIVE_KEYS:
            raise KeyFileError(
                f"{name} has {LIVE_KEYS} live keys already ({', '.join(standing)}): revoke the old"
                " one first (`make api-key-revoke ID=…`)"
            )
        text = PREFIX + secrets.token_urlsafe(32)
        digest = _digest(text.encode())
        ordered = tuple(scope for scope in Scope if scope in set(scopes))
        key = Key(digest[:_ID_CHARACTERS], name, digest, ordered, per_minute, now, expires_at)
        return replace(self, keys=(*self.keys, key)), key, text

    def without(self, key_id: str, now: datetime) -> tuple[Self, Key]:
        """The ring with a key revoked, and that key.

        Raises:
            KeyFileError: no live key has this id.
        """
        for key in self.live(now):
            if key.key_id == key_id:
                ended = replace(key, revoked_at=now)
                kept = tuple(ended if one is key else one for one in self.keys)
                return replace(self, keys=kept), ended
        raise KeyFileError(f"no live key has the id {key_id}: `make api-keys` lists them")

    @classmethod
    def of_secret(cls, text: str, since: datetime) -> Self:
        """A ring of one key that a setting gives: all scopes, no limit."""
        digest = _digest(text.encode())
        key = Key(digest[:_ID_CHARACTERS], "operator", digest, tuple(Scope), None, since)
        return cls((key,))

    def joined(self, other: "KeyRing") -> "KeyRing":
        """Both rings' keys."""
        return KeyRing((*self.keys, *other.keys))


def encode(ring: KeyRing) -> bytes:
    """The key file's text."""
    keys = [asdict(key) for key in ring.keys]
    return orjson.dumps({"keys": keys}, option=orjson.OPT_INDENT_2) + b"\n"


def decode(text: bytes) -> KeyRing:
    """Read what :func:`encode` wrote.

    Raises:
        KeyFileError: it is no key file.
    """
    try:
        return KeyRing(tuple(_keys(orjson.loads(text)["keys"])))
    except (ValueError, KeyError, TypeError) as error:
        raise KeyFileError(
            f"the key file cannot be read ({type(error).__name__}): put it back from a copy, or"
            " remove it and make new keys"
        ) from None


def _keys(entries: Sequence[dict[str, Any]]) -> Iterator[Key]:
    for entry in entries:
        moments = {
            name: datetime.fromisoformat(entry[name]) if entry[name] else None
            for name in ("created_at", "expires_at", "revoked_at")
        }
        scopes = tuple(Scope(scope) for scope in entry["scopes"])
        yield Key(**{**entry, **moments, "scopes": scopes})


def _digest(presented: bytes) -> str:
    return hashlib.sha256(presented).hexdigest()
