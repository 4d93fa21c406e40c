"""``python -m api.access``: make, list and revoke API keys."""

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta

from api.access.key_file import held, read, write
from api.access.keys import Key, Scope
from connectors.command import explain, run_command
from connectors.errors import KeyFileError, PromoError
from connectors.settings import Settings, load_settings

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def create(settings: Settings, asked: argparse.Namespace) -> None:
    """Make a key and show it, once: the key on standard output, all about it on standard error."""
    if not _NAME.fullmatch(asked.name):
        raise KeyFileError("NAME is the client's: a-z, 0-9, dot, dash, underscore, 64 at most")
    now = datetime.now(UTC)
    expires = now + timedelta(days=asked.days) if asked.days else None
    with held(settings.api_key_hashes):
        ring, key, text = read(settings.api_key_hashes).with_new(
            asked.name, _scopes(asked.scopes), asked.per_minute or None, expires, now
        )
        write(settings.api_key_hashes, ring)
    print(text, flush=True)
    _remark("Shown this once; only its hash is kept. A running API knows it within two seconds.")
    _remark(_line(key, now))
    others = [one.key_id for one in ring.live(now) if one.name == key.name and one is not key]
    if others:
        _remark(f"{key.name} has an older live key too: once this one is in use, end the other:")
        _remark(f"  make api-key-revoke ID={others[0]}")


def revoke(settings: Settings, asked: argparse.Namespace) -> None:
    """End a key."""
    with held(settings.api_key_hashes):
        now = datetime.now(UTC)
        ring, key = read(settings.api_key_hashes).without(asked.id, now)
        write(settings.api_key_hashes, ring)
    print("Revoked; a running API refuses it within two seconds.")
    print(_line(key, now))


def listing(settings: Settings, _: argparse.Namespace) -> None:
    """Every key, the ended ones too."""
    now = datetime.now(UTC)
    for key in read(settings.api_key_hashes).keys:
        print(_line(key, now))
    if settings.api_key or settings.api_key_file.exists():
        print("and the operator's key (PROMO_API_KEY): all scopes, no limit")


def _scopes(text: str) -> list[Scope]:
    try:
        return [Scope(scope) for scope in text.split(",")]
    except ValueError:
        raise KeyFileError(f"SCOPES are some of {','.join(Scope)}, comma-separated") from None


def _remark(text: str) -> None:
    print(text, file=sys.stderr)


def _line(key: Key, now: datetime) -> str:
    state = "live" if key.is_live(now) else "revoked" if key.revoked_at else "expired"
    limit = "no limit" if key.per_minute is None else f"{key.per_minute} a minute"
    until = f"until {key.expires_at:%Y-%m-%d %H:%M}" if key.expires_at else "no end"
    since = f"since {key.created_at:%Y-%m-%d %H:%M}"
    return f"  {key.key_id}  {key.name}  {state}  {','.join(key.scopes)}  {limit}  {since}, {until}"


def main() -> int:
    """Run one command; a refusal says what to do instead."""
    parser = argparse.ArgumentParser(prog="python -m api.access", description=__doc__)
    commands = parser.add_subparsers(required=True)
    new = commands.add_parser("create", help=create.__doc__)
    new.add_argument("--name", required=True, help="the client's")
    new.add_argument("--scopes", required=True, help=f"some of {','.join(Scope)}")
    new.add_argument("--per-minute", type=int, default=6_000, help="requests; 0 is no limit")
    new.add_argument("--days", type=int, default=0, help="until it ends; 0 is never")
    new.set_defaults(run=create)
    old = commands.add_parser("revoke", help=revoke.__doc__)
    old.add_argument("--id", required=True, help="as `list` shows it")
    old.set_defaults(run=revoke)
    commands.add_parser("list", help=listing.__doc__).set_defaults(run=listing)
    asked = parser.parse_args()
    try:
        asked.run(load_settings(), asked)
    except PromoError as error:
        print(explain(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run_command(main)
