"""``python -m ml.training.model_report FOLDER --into DIR``: the report on CSV files, no more."""

import argparse
import sys
from pathlib import Path

from connectors.command import explain, run_command
from connectors.errors import PromoError
from connectors.settings import load_settings
from ml.training.train import study_folder

REPEATS = 10
"""More than a training takes: this is for reading, not for publishing."""


def main() -> int:
    """Write the report; 1 and one line on standard error if there is nothing to learn from."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.model_report")
    parser.add_argument("folder", type=Path, help="CSV files")
    parser.add_argument("--into", type=Path, required=True, help="folder of the report")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="of the cross-validation")
    asked = parser.parse_args()
    try:
        study_folder(load_settings(), asked.folder, asked.into, asked.repeats)
    except PromoError as error:
        print(f"report: {explain(error)}", file=sys.stderr)
        return 1
    print(f"report: {asked.into}")
    return 0


if __name__ == "__main__":
    run_command(main)
