"""``python -m grafana``: writes the generated files."""

import argparse
import time
from collections.abc import Sequence

from grafana import build


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m grafana", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="write grafana/generated from the dashboards in Python")
    parser.parse_args(argv)
    return _build()


def _build() -> int:
    began = time.monotonic()
    changed = build.write()
    for name in changed:
        print(f"  {name}")
    what = f"{len(changed)} of {len(build.documents())} files changed" if changed else "no change"
    print(f"{build.GENERATED.name}: {what}, {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
