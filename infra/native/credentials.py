"""Secrets that the native stack makes on its first start, one file each."""

import secrets
from pathlib import Path
from typing import get_args

from pydantic import SecretStr

from connectors.settings import FROM_ELSEWHERE, Settings
from infra.native.accounts import write_private
from infra.native.hash_key import refuse_other_hash_key
from infra.native.layout import Layout

SECRET_BYTES = 24


def secret_fields() -> list[str]:
    """Names of all settings that are secrets of the stack itself."""
    return [
        name
        for name, field in Settings.model_fields.items()
        if name not in FROM_ELSEWHERE
        and (field.annotation is SecretStr or SecretStr in get_args(field.annotation))
    ]


def ensure_secrets(settings: Settings, layout: Layout) -> Settings:
    """Make every secret that is not set, and show the API key in ``api-key``; idempotent.

    A value that the settings carry wins and is written down, so that every part reads the
    same; otherwise a file that is there is kept, and a missing one gets a random value.

    Returns:
        The settings with every secret filled in.

    Raises:
        StackError: the hash key is another than the one that the stores were filled with.
    """
    filled = {}
    for name in secret_fields():
        given: SecretStr | None = getattr(settings, name)
        path = layout.secrets / f"promo_{name}"
        text = given.get_secret_value() if given else _kept(path) or _random()
        if name == "hash_key":
            refuse_other_hash_key(layout, text, _kept(path))
        # Java takes a file's bytes as they are: a line end that an editor left has to go.
        if not path.exists() or path.read_text() != text:
            write_private(path, text)
        filled[name] = SecretStr(text)
    key_file = layout.state / "api-key"
    if _kept(key_file) != filled["api_key"].get_secret_value():
        write_private(key_file, filled["api_key"].get_secret_value())
    return settings.model_copy(
        update=filled | {"state_dir": layout.state, "cache_dir": layout.cache}
    )


def _random() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def _kept(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""
