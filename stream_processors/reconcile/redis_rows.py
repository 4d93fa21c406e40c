"""What Redis holds of the source's rows: of accounts, of their redemptions, and of codes."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from typing import Any, cast

import orjson
import ormsgpack
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors.errors import DependencyDown
from connectors.proven import redis_hook
from connectors.settings import Settings, required
from connectors.topics import Topic
from stream_processors import feature_store
from stream_processors.feature_store.wire import usage_id_of
from stream_processors.reconcile.rows import (
    Held,
    Key,
    Store,
    account_digest,
    code_digest,
    redemption_digest,
)
from stream_processors.reconcile.walk import Among

_AT_ONCE = 500
"""Accounts in one call of the script: Redis does nothing else meanwhile."""

_SCANNED = 1_000
_TIMEOUT_S = 10.0
_NOT_INDEXED = 1
_LABELS = {None: None, False: None, "0": False, "1": True}

_Row = tuple[str, Held]
_Account = tuple[list[_Row], list[_Row]]
"""The account's own row, if it has one, and its redemptions."""


class RedisRows:
    """See :class:`stream_processors.reconcile.walk.Copy`; a portion of accounts at a time.

    All methods raise :class:`DependencyDown` while Redis is away.
    """

    store: Store = Store.REDIS

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        source = resources.files(feature_store).joinpath("held.lua").read_text()
        self._held = redis.register_script(source)

    @classmethod
    def of(cls, settings: Settings) -> "RedisRows":
        """Of the configured Redis; connects with the first question.

        Raises:
            SettingsError: the password is not set.
        """
        return cls(
            Redis(
                host=settings.redis_host,
                port=settings.redis_port,
                password=required(settings.redis_password, "redis_password"),
                redis_connect_func=redis_hook(settings.owners),
                socket_timeout=_TIMEOUT_S,
                socket_connect_timeout=_TIMEOUT_S,
                retry=Retry(NoBackoff(), 1),
            )
        )

    def every(self) -> Iterator[tuple[Topic, Held]]:
        """All rows of all tables."""
        for users, codes in self._scan(lambda _: True):
            accounts, terms = self._ask(users, codes)
            for rows, redemptions in accounts:
                yield from ((Topic.USERS, held) for _, held in rows)
                yield from ((Topic.PROMO_USAGES, held) for _, held in redemptions)
            yield from ((Topic.PROMO_CODES, held) for _, held in terms)

    def keys(self, table: Topic, among: Among) -> Iterator[Key]:
        """The keys of what is held of a table."""
        for users, codes in self._scan(among):
            yield from self._keys(table, users, codes)

    def page(self, table: Topic, cursor: int, most: int) -> tuple[int, list[Key]]:
        """About so many of the keys behind a place, and the next place; 0 begins, and ends."""
        with _redis_answers():
            place, found = self._redis.scan(cursor, count=most)
        return int(place), list(self._keys(table, *_split(found, lambda _: True)))

    def find(self, table: Topic, keys: Collection[Key]) -> Mapping[str, Sequence[Held]]:
        """What is held of these keys with their owners, by primary key."""
        owners = sorted({key.owner for key in keys})
        found: defaultdict[str, list[Held]] = defaultdict(list)
        for at in range(0, len(owners), _AT_ONCE):
            some = owners[at : at + _AT_ONCE]
            is_code = table is Topic.PROMO_CODES
            accounts, terms = self._ask([], some) if is_code else self._ask(some, [])
            rows = terms if is_code else []
            for own, redemptions in accounts:
                rows += own if table is Topic.USERS else redemptions
            for row_id, held in rows:
                found[row_id].append(held)
        return found

    def _keys(self, table: Topic, users: list[str], codes: list[str]) -> Iterator[Key]:
        match table:
            case Topic.USERS:
                yield from (Key(user, user) for user in users)
            case Topic.PROMO_CODES:
                _, terms = self._ask([], codes)
                yield from (Key(writing, held.owner) for writing, held in terms)
            case _:
                accounts, _ = self._ask(users, [])
                for _, redemptions in accounts:
                    yield from (Key(row_id, held.owner) for row_id, held in redemptions)

    def _scan(self, among: Among) -> Iterator[tuple[list[str], list[str]]]:
        """Accounts and codes of which there is anything, portion by portion."""
        place = 0
        while True:
            with _redis_answers():
                place, found = self._redis.scan(place, count=_SCANNED)
            users, codes = _split(found, among)
            while users or codes:
                yield users[:_AT_ONCE], codes[:_AT_ONCE]
                users, codes = users[_AT_ONCE:], codes[_AT_ONCE:]
            if not place:
                return

    def _ask(self, users: list[str], codes: list[str]) -> tuple[list[_Account], list[_Row]]:
        if not users and not codes:
            return [], []
        question = ormsgpack.packb({"accounts": users, "codes": codes})
        with _redis_answers():
            reply = cast(bytes, self._held(args=[question]))
        accounts, terms = ormsgpack.unpackb(reply)
        return (
            [_account(user, *of) for user, of in zip(users, accounts or [], strict=True)],
            [
                _code(code, *writing)
                for code, writings in zip(codes, terms or [], strict=True)
                for writing in writings
            ],
        )


def _split(found: Sequence[Any], among: Among) -> tuple[list[str], list[str]]:
    names = [key.decode("utf-8", "surrogateescape") for key in found]
    users = {name[2:] for name in names if name.startswith(("a:", "z:"))}
    codes = {name[2:] for name in names if name.startswith("c:")}
    return [one for one in users if among(one)], [one for one in codes if among(one)]


def _account(
    user: str,
    version: int,
    profile: str | bool,
    label: str | bool | None,
    is_indexed: bool,
    redemptions: Sequence[Sequence[Any]],
) -> _Account:
    own = []
    if isinstance(profile, str):
        digest = account_digest(profile, _LABELS[label])
        own = [(user, Held(user, digest if is_indexed else digest ^ _NOT_INDEXED, version))]
    return own, [_redemption(user, *redemption) for redemption in redemptions]


def _redemption(user: str, usage: str, code: str, used_at: str, version: int) -> _Row:
    usage_id = usage_id_of(usage)
    digest = redemption_digest(usage_id, user, code, float(used_at))
    return str(usage_id), Held(user, digest, version)


def _code(code: str, writing: str, version: int, terms: str) -> _Row:
    return writing, Held(code, code_digest(writing, orjson.loads(terms)), version)


@contextmanager
def _redis_answers() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise DependencyDown(f"Redis: {error}") from error
