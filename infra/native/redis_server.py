"""Redis: its configuration, the command that runs it."""

import os

from connectors.settings import Settings, required
from infra.native.layout import Layout

# noeviction: the store may not forget an account; a full memory must be seen instead.
CONFIG = """\
bind {host}
port {port}
protected-mode yes
requirepass {password}
dir {data}
daemonize no
supervised no
# Its process keeps command line and environment, by which a leftover is known.
set-proc-title no
logfile ""
appendonly yes
appendfsync everysec
aof-use-rdb-preamble yes
save ""
maxmemory-policy noeviction
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
# A long Lua batch is work, not a fault.
busy-reply-threshold 15000
"""


def prepare_redis(settings: Settings, layout: Layout) -> None:
    """Write the configuration, which has the password and so is private; idempotent."""
    data = layout.data / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    config = CONFIG.format(
        host=settings.redis_host,
        port=settings.redis_port,
        password=required(settings.redis_password, "redis_password"),
        data=_quoted(str(data)),
    )
    path = layout.run / "redis.conf"
    path.touch(mode=0o600)
    os.chmod(path, 0o600)
    path.write_text(config)


def redis_command(program: str, layout: Layout) -> list[str]:
    """The server's command line, for the supervisor."""
    return [program, str(layout.run / "redis.conf")]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
