"""``python -m ml.training.takeover promote|rollback``: change which model judges."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.command import explain, run_command
from connectors.errors import BundleError, PromoError
from connectors.settings import load_settings
from ml.bundle import load
from ml.training.comparison import measured
from ml.training.succession import Change, promote, roll_back

_DOES = {"promote": promote, "rollback": roll_back}


def main() -> int:
    """Change it and say what judges now; 1 and one line on standard error if it cannot be."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.takeover", description=__doc__)
    parser.add_argument("what", choices=sorted(_DOES))
    what = parser.parse_args().what
    try:
        models_dir = load_settings().models_dir
        print(told(models_dir, _DOES[what](models_dir)))
    except PromoError as error:
        print(f"{what}: {explain(error)}", file=sys.stderr)
        return 1
    return 0


def told(models_dir: Path, change: Change) -> str:
    """Both models with their figures."""
    lines = [f"current: {change.bundle.version}, {_figure(change.bundle.metrics)}"]
    if change.before is not None:
        lines.append(f"before:  {change.before}, {_figure_of(models_dir, change.before)}")
    return "\n".join(lines)


def _figure_of(models_dir: Path, version: str) -> str:
    try:
        return _figure(load(models_dir, version).metrics)
    except BundleError as error:
        return str(error)


def _figure(metrics: Mapping[str, Any]) -> str:
    found = measured(metrics, "")
    if found is None:
        return "without figures"
    return (
        f"average precision {found.average_precision:.3f} with redemptions known, cross-validated"
        f" on {metrics.get('accounts', '?')} labelled accounts ({metrics.get('abusers', '?')}"
        " abusers)"
    )


if __name__ == "__main__":
    run_command(main)
