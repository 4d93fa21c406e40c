"""``python -m warehouse.gateway``: serve the warehouse until SIGTERM."""

import os
import sys
import time
from collections.abc import Mapping

from connectors.errors import PromoError
from connectors.settings import Settings, load_settings
from warehouse.gateway.confinement import confine, forget_environment

# Before chdb is imported: the engine takes its time zone from the process.
os.environ["TZ"] = "UTC"
time.tzset()


def shut_in(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Leave this process its own folder and port; False where the kernel cannot.

    Comes before the engine is imported: that starts threads, which would not be shut in.
    """
    data = (settings.state_dir / "clickhouse").resolve()
    scratch = data / "gateway" / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"] = str(scratch)  # where chdb tries itself while it is imported
    forget_environment()
    has_socket = environment.get("LISTEN_FDS") == "1"
    return confine(data, None if has_socket else settings.clickhouse_port)


def main() -> None:
    """Serve with the settings of the environment; one line and status 1 on a known error."""
    try:
        settings = load_settings()
        if not shut_in(settings, os.environ):
            print(
                "gateway: this kernel has no Landlock: SQL is kept from files by less", flush=True
            )
        from warehouse.gateway.server import serve, users_of

        serve(settings, users_of(settings))
    except PromoError as error:
        sys.exit(f"gateway: {error}")


if __name__ == "__main__":
    main()
