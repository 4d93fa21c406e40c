"""API keys for tests, made as an operator makes them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from connectors.settings import Settings
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of
from tests.reading import eventually


def keys_command(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """``python -m api.access …`` for a stack."""
    environment = os.environ | environment_of(settings, layout_of(settings))
    return subprocess.run(
        [sys.executable, "-m", "api.access", *words],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


def new_key(settings: Settings, name: str, scopes: str, **more: int) -> str:
    """A key that the running API knows."""
    options = [f"--{option.replace('_', '-')}={value}" for option, value in more.items()]
    made = keys_command(settings, "create", "--name", name, "--scopes", scopes, *options)
    assert made.returncode == 0, made.stderr
    key = made.stdout.splitlines()[0]
    with asking(settings, key) as client:
        eventually(
            lambda: client.get("/v1/no-such-route").status_code != httpx.codes.UNAUTHORIZED,
            "the new key is known",
        )
    return key


def keys_of(settings: Settings, name: str) -> list[str]:
    """The ids of a client's keys, the oldest first."""
    listed = keys_command(settings, "list").stdout
    return [line.split()[0] for line in listed.splitlines() if line.split()[1:2] == [name]]


def revoke(settings: Settings, key_id: str) -> None:
    """End a key."""
    ended = keys_command(settings, "revoke", "--id", key_id)
    assert ended.returncode == 0, ended.stderr


@contextmanager
def asking(settings: Settings, key: str) -> Iterator[httpx.Client]:
    """A client that sends this key."""
    with httpx.Client(
        base_url=settings.api_url, headers={"X-API-Key": key}, timeout=10, trust_env=False
    ) as client:
        yield client
