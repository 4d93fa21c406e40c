"""Redis: its configuration, the command that runs it."""

import os

from connectors.settings import Settings, required
from infra.config import Template, rendered
from infra.native.layout import Layout


def prepare_redis(settings: Settings, layout: Layout) -> None:
    """Write the configuration, which has the password and so is private; idempotent."""
    data = layout.data / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    config = rendered(
        Template.REDIS,
        host=settings.redis_host,
        port=settings.redis_port,
        data=_quoted(str(data)),
        memory=0,
    )
    password = required(settings.redis_password, "redis_password")
    path = layout.run / Template.REDIS
    path.touch(mode=0o600)
    os.chmod(path, 0o600)
    path.write_text(f"{config}requirepass {password}\n")


def redis_command(program: str, layout: Layout) -> list[str]:
    """The server's command line, for the supervisor."""
    return [program, str(layout.run / Template.REDIS)]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
