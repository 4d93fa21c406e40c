"""``python -m ml.commentary FOLDER --into docs/data-commentary.md``: the page and its pictures.

The pictures lie in a folder named as the page. The same data, and the same figures in
``benchmarks/results`` and the model's report, give the same bytes; only the table of effort
follows the size of the repository.
"""

import argparse
import sys
import time
from pathlib import Path

from connectors.command import explain, run_command
from connectors.errors import PromoError
from ml.commentary.findings import Findings, findings
from ml.commentary.page import page
from ml.commentary.plots import draw
from ml.commentary.shop import read_shop

REPOSITORY = Path(__file__).resolve().parents[2]


def write(found: Findings, into: Path) -> None:
    """Write the page, and its pictures beside it."""
    folder = into.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    draw(found, folder)
    into.write_text(page(found), encoding="utf-8")


def main() -> int:
    """Count, measure and write; 1 and one line on standard error if there is nothing to tell."""
    parser = argparse.ArgumentParser(prog="python -m ml.commentary")
    parser.add_argument("folder", type=Path, help="CSV files")
    parser.add_argument("--into", type=Path, required=True, help="the page")
    asked = parser.parse_args()
    started = time.monotonic()
    try:
        write(findings(read_shop(asked.folder), REPOSITORY), asked.into)
    except PromoError as error:
        print(f"commentary: {explain(error)}", file=sys.stderr)
        return 1
    print(f"commentary: {asked.into} in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    run_command(main)
