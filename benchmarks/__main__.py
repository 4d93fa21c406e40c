"""``python -m benchmarks [name …]``: measure, print, and write into ``benchmarks/results``.

Without names: all figures of speed; ``--survival``: all figures of survival. ``readme`` measures
nothing: it writes the documents' tables of figures again from what was measured.
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import (
    access,
    answers,
    capture,
    costs,
    dashboards,
    drain,
    freshness,
    health,
    latency,
    mass,
    outages,
    page,
    readme,
    revision,
    startup,
    sustained,
    workers,
)
from benchmarks.figures import Section
from benchmarks.machine import describe
from benchmarks.neighbours import watched
from benchmarks.report import Outcome, write_results
from benchmarks.workbench import Workbench
from connectors.command import explain, run_command
from connectors.errors import FiguresError
from connectors.settings import load_settings

# Those that share the live stack follow each other, the heaviest last.
SPEED: Mapping[str, Callable[[Workbench], Section]] = {
    "startup": startup.measure,
    "access": access.measure,
    "dashboards": dashboards.measure,
    "drain": drain.measure,
    "workers": workers.measure,
    "capture": capture.measure,
    "costs": costs.measure,
    "latency": latency.measure,
    "revision": revision.measure,
    "mass": mass.measure,
    "freshness": freshness.measure,
    "page": page.measure,
    "answers": answers.measure,
    "sustained": sustained.measure,
}
SURVIVAL: Mapping[str, Callable[[Workbench], Section]] = {
    "outages": outages.measure,
    "health": health.measure,
}
BENCHMARKS = {**SPEED, **SURVIVAL}


def main() -> int:
    """Run the named benchmarks, or all; 1 if one failed (not if a figure misses its mark)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--survival", action="store_true", help="instead of speed")
    asked = parser.parse_args()
    if asked.names == ["readme"]:
        return _write_documents()
    survives = asked.survival or (asked.names and set(asked.names) <= set(SURVIVAL))
    suite, whole = ("survival", SURVIVAL) if survives else ("speed", SPEED)
    names = asked.names or list(whole)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    machine = describe()
    with (
        tempfile.TemporaryDirectory(prefix="promo-bench-") as scratch,
        Workbench(Path(scratch), load_settings().noaat_dir) as bench,
    ):
        outcomes = [_run(name, bench) for name in BENCHMARKS if name in names]
    stem = suite if names == list(whole) else f"{suite}-" + "-".join(names)
    text, data = write_results(stem, f"Figures of {suite}", machine, outcomes)
    print(f"\n{text.read_text()}\nwritten: {text}, {data}")
    return 1 if any(outcome.failure for outcome in outcomes) else 0


def _write_documents() -> int:
    try:
        readme.write()
    except FiguresError as error:
        print(explain(error), file=sys.stderr)
        return 1
    return 0


def _run(name: str, bench: Workbench) -> Outcome:
    load, started = os.getloadavg()[0], time.monotonic()
    print(f"{name} (load average {load:.2f})", flush=True)
    section, failure = None, ""
    try:
        with watched(bench.scratch) as others:
            section = BENCHMARKS[name](bench)
    except Exception as error:  # the process's edge: the other figures are still wanted
        traceback.print_exc()
        failure = f"failed: {type(error).__name__}: {error}"
    seconds = time.monotonic() - started
    print(f"{name}: {seconds:.0f} s", flush=True)
    return Outcome(name, section, failure, load, seconds, others)


if __name__ == "__main__":
    run_command(main)
