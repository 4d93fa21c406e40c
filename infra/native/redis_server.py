"""Redis: its configuration, the command that runs it."""

from connectors.settings import Settings, required
from infra.config import Template, rendered
from infra.native.accounts import write_private
from infra.native.layout import Layout


def prepare_redis(settings: Settings, layout: Layout) -> None:
    """Write the configuration, which has the password and so is private; idempotent."""
    config = rendered(
        Template.REDIS,
        host=settings.redis_host,
        port=settings.redis_port,
        data=_quoted(str(layout.data / "redis")),
        memory=0,
    )
    password = required(settings.redis_password, "redis_password")
    write_private(layout.run / Template.REDIS, f"{config}requirepass {password}\n")


def redis_command(program: str, layout: Layout) -> list[str]:
    """The server's command line, for the supervisor."""
    return [program, str(layout.run / Template.REDIS)]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
