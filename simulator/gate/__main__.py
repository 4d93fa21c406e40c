"""``python -m simulator.gate``: play every pack against a live stack of its own, and judge it."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from connectors.command import explain, run_command
from connectors.console import Meter
from connectors.errors import PromoError, SimulationError
from connectors.settings import Settings, load_settings
from infra.native.apart import running_stack, stack_settings
from infra.native.layout import REPOSITORY
from ml.policy_file import load_policy
from ml.scorer import Judge
from simulator.gate.cast import MIXED, packs_named, tales
from simulator.gate.core import Core
from simulator.gate.document import document
from simulator.gate.figures import figures
from simulator.gate.floors import checks
from simulator.gate.play import Arena, GatePlay, play
from simulator.gate.report import Report, print_report, write_report
from simulator.gate.stream import Stack

RESULTS = REPOSITORY / "benchmarks" / "results"
PAGE = REPOSITORY / "docs" / "attacks.md"
ENOUGH = 10
"""Seeds from which on figures are worth a page."""

PARTS = ("scoring-0", "connector")
"""The parts that the gate needs, with all they need."""

RULES, CURRENT = "rules", "current"
RULES_ALONE = "rules alone"


def main(arguments: list[str] | None = None) -> int:
    """Play and report; the exit code is 0 when every floor holds."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.core and options.model != RULES:
        parser.error("--core judges by rules alone")
    try:
        report = _report(options)
    except PromoError as error:
        print(f"gate: {explain(error)}", file=sys.stderr)
        return 1
    print_report(report, Console(highlight=False, width=150))
    if not options.core:
        print(f"written: {', '.join(map(str, _written(report, options)))}")
    return 1 if report.broken else 0


def judged(arena: Arena, pack: str, seeds: range, judge: str = RULES_ALONE) -> Report:
    """Play packs of some seeds, and measure.

    Raises:
        SimulationError: no such pack, or the stack has seen this play.
        DrainStalled: the stream stands still.
        DependencyDown: a part does not answer.
    """
    told = tales(packs_named(pack), seeds)
    with Meter() as meter:
        played: GatePlay = play(
            arena, told, lambda done, total: meter.advance("attack", done, total, "events")
        )
    found = figures(played.ledger)
    return Report(len(seeds), judge, played.events, found, checks(found))


def _written(report: Report, options: argparse.Namespace) -> list[Path]:
    is_usual = options.model == RULES and options.policy is None and options.first == 1
    if options.pack != MIXED or not is_usual:
        return list(write_report(report, RESULTS, "attack-part"))
    files = list(write_report(report, RESULTS))
    if options.seeds >= ENOUGH:
        PAGE.write_text(document(report))
        files.append(PAGE)
    return files


def _report(options: argparse.Namespace) -> Report:
    packs_named(options.pack)
    seeds = range(options.first, options.first + options.seeds)
    policy, judge = load_policy(options.policy), RULES_ALONE
    if options.policy is not None:
        judge = f"{RULES_ALONE}, by the policy in {options.policy.name}"
    if options.core:
        return judged(Core(Judge(policy=policy)), options.pack, seeds, judge)
    with tempfile.TemporaryDirectory(prefix="promo-gate-") as scratch:
        file = options.policy and options.policy.absolute()
        settings = stack_settings(Path(scratch) / "state", policy_file=file)
        if options.model == CURRENT:
            judge = _with_model(load_settings().models_dir, settings.models_dir)
        with running_stack(settings, *PARTS) as running:
            return _judged_live(running, options.pack, seeds, judge)


def _judged_live(settings: Settings, pack: str, seeds: range, judge: str) -> Report:
    # A function of its own: its Kafka clients are gone before the broker is.
    with Stack(settings) as stack:
        return judged(stack, pack, seeds, judge)


def _with_model(source: Path, target: Path) -> str:
    """Give the stack the bundle that is running elsewhere; its version."""
    current = source / "current"
    if not current.exists():
        raise SimulationError(f"there is no model at {current}: `make train` first")
    shutil.copytree(source, target, symlinks=True)
    return f"rules and the model {current.resolve().name}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator.gate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds are played")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--pack", default=MIXED, help="one pack only; mixed is all")
    parser.add_argument(
        "--model",
        choices=(RULES, CURRENT),
        default=RULES,
        help="rules alone, or with the configured stack's running model",
    )
    parser.add_argument("--policy", type=Path, help="a policy file other than the standard")
    parser.add_argument(
        "--core",
        action="store_true",
        help="by the pure core without a stack: quick, for trying weights; writes nothing",
    )
    return parser


if __name__ == "__main__":
    run_command(main)
