"""``python -m infra.docker.health URL``: a container's health, in a twentieth of a second.

The exit code is 0 if the address answers well and does not say that its worker has halted.
Nothing but the standard library is imported: every container asks this every few seconds.
"""

import sys
import urllib.error
import urllib.request

HALTED = "promo_halted 1.0"
"""The line in a worker's metrics once too many dead letters halted it."""

TIMEOUT_S = 3.0


def main() -> int:
    """Ask; say what is wrong."""
    (url,) = sys.argv[1:]
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            halted = HALTED in answer.read().decode(errors="replace").splitlines()
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        print(f"{url}: {error}")
        return 1
    if halted:
        print("halted by too many dead letters: look at them, fix what sends them, restart this")
    return int(halted)


if __name__ == "__main__":
    sys.exit(main())
