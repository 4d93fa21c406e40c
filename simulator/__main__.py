"""``python -m simulator``: seeded traffic with known attackers into PostgreSQL."""

import argparse
import sys

from rich.console import Console

from connectors.command import explain, run_command
from connectors.console import Meter
from connectors.drain import show_drain
from connectors.errors import PromoError
from connectors.settings import load_settings
from simulator.honest import HONEST
from simulator.packs import PACKS
from simulator.plan import HISTORY_EVENTS, LABELLED, Plan, history, live
from simulator.play import Played, play


def main(arguments: list[str] | None = None) -> int:
    """Play, and say what was played; the exit code is 0 when all is well."""
    options = _parser().parse_args(arguments)
    try:
        settings, plan = load_settings(), _plan(options)
        with Meter() as meter:
            played = play(settings, plan, lambda done, n: meter.advance("play", done, n, "events"))
        print_played(plan, played)
        if options.wait:
            show_drain(settings, played.lsn)
    except PromoError as error:
        print(f"simulator: {explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("simulator: interrupted; what was played stays", file=sys.stderr)
        return 130
    return 0


def print_played(plan: Plan, played: Played, console: Console | None = None) -> None:
    """Print the counts, and where the truth is."""
    out = console or Console(highlight=False)
    kind = "live" if plan.is_live else f"history of {plan.span.days} days"
    out.print(f"played {plan.pack.name}, seed {plan.seed}, {kind}, in {played.seconds:.1f} s:")
    total = sum(played.accounts.values())
    out.print(f"  {total:,} accounts, {played.redemptions:,} redemptions and refused attempts")
    out.print(f"  {played.attackers:,} accounts of attackers, {played.labelled:,} of them labelled")
    for role, count in played.accounts.items():
        if role != HONEST:
            out.print(f"    {role}: {count:,}")
    if played.new_rows < played.events:
        out.print(f"  {played.events - played.new_rows:,} events were there already")
    out.print(f"  who is who: {played.truth}", soft_wrap=True)


def _plan(options: argparse.Namespace) -> Plan:
    if options.history is None:
        return live(options.pack, options.seed, options.rate, options.seconds, options.labelled)
    return history(options.pack, options.seed, options.history, options.events, options.labelled)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--pack", choices=PACKS, default="mixed", help="which attacks come")
    parser.add_argument("--seed", type=int, default=1, help="the same seed adds nothing twice")
    parser.add_argument("--rate", type=float, default=50, help="events per second")
    parser.add_argument("--seconds", type=float, default=60, help="how long the play is")
    parser.add_argument(
        "--history", type=float, metavar="DAYS", help="past days, written at full speed instead"
    )
    parser.add_argument(
        "--events", type=int, default=HISTORY_EVENTS, help="how many events a history has"
    )
    parser.add_argument(
        "--labelled", type=float, default=LABELLED, help="share of attackers labelled by the end"
    )
    parser.add_argument("--wait", action="store_true", help="until the stream has drained")
    return parser


if __name__ == "__main__":
    run_command(main)
