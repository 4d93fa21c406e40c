"""``python -m ml.training [FOLDER]``: train, evaluate and publish a model.

From the warehouse's history, or, with a folder of CSV files, from those.
"""

import argparse
import os
import sys
from pathlib import Path

from connectors.command import explain, run_command
from connectors.errors import PromoError
from connectors.settings import load_settings
from ml.training.train import Wish, train, train_from_folder


def main() -> int:
    """Run a training; 1 and one line on standard error if there is nothing to learn from."""
    parser = argparse.ArgumentParser(prog="python -m ml.training", description=train.__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="CSV files instead of the warehouse")
    parser.add_argument("--challenger", action="store_true", help="only try it in shadow")
    parser.add_argument("--force", action="store_true", help="publish it even if it is worse")
    asked = parser.parse_args()
    wish = Wish(asked.challenger, asked.force)
    os.umask(0o027)  # the users that judge read a model by its group, others nothing
    try:
        settings = load_settings()
        if asked.folder is None:
            train(settings, wish)
        else:
            train_from_folder(settings, asked.folder, wish)
    except PromoError as error:
        print(f"training: {explain(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run_command(main)
