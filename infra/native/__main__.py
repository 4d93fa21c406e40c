"""``python -m infra.native prepare|up|down|restart|…``: see ``make help``."""

import argparse
import signal
import subprocess
import sys

from connectors.command import explain, run_command
from connectors.errors import PromoError, StackError
from connectors.rewind import NAMES
from connectors.settings import Settings, load_settings
from infra.native import stack
from infra.native.found import print_found
from infra.native.layout import layout_of
from infra.native.replay import replay
from infra.native.status import print_status

SHOWN_LINES = "40"
INTERRUPTED = (
    "\ninterrupted: what runs, runs on; `make status` shows it, `make up` or `make down` goes on"
)


def main() -> int:
    """Run one command; the exit code is 0 when all is well."""
    parser = argparse.ArgumentParser(prog="python -m infra.native", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="start what is not running")
    starting.add_argument("parts", nargs="*", help="only these, and what they need")
    preparing = commands.add_parser(
        "prepare", help="install what is missing, fetch the jars, start nothing"
    )
    preparing.add_argument("--tests", action="store_true", help="what only the tests need too")
    commands.add_parser("found", help="print what was found so far and where to look")
    commands.add_parser("down", help="stop everything cleanly")
    restarting = commands.add_parser("restart", help="stop one part and start it again")
    restarting.add_argument("part")
    restarting.add_argument("--kill", action="store_true", help="do not ask it to end first")
    commands.add_parser("status", help="show every part; exit code 1 if one is ill")
    logs = commands.add_parser("logs", help="follow the logs")
    logs.add_argument("part", nargs="?", help="of one part only")
    replaying = commands.add_parser("replay", help="have a group of workers read everything again")
    replaying.add_argument("group", choices=NAMES)
    cleaning = commands.add_parser("clean", help="remove data, models, secrets, logs")
    cleaning.add_argument("--force", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    try:
        return _run(arguments)
    except PromoError as error:
        print(explain(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
        return 130


def _run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    match arguments.command:
        case "up":
            stack.up(settings, parts=arguments.parts or None)
        case "prepare":
            stack.prepare(layout_of(settings), for_tests=arguments.tests)
        case "found":
            print_found(settings)
        case "down":
            stack.down(settings)
        case "restart":
            stack.restart_part(settings, arguments.part, kill=arguments.kill)
        case "status":
            return 0 if print_status(settings) else 1
        case "logs":
            return _follow(settings, arguments.part)
        case "replay":
            replay(settings, arguments.group)
        case "clean":
            return _clean(arguments.force)
    return 0


def _follow(settings: Settings, part: str | None) -> int:
    folder = layout_of(settings).logs
    files = sorted(str(file) for file in folder.glob(f"{part or '*'}.log"))
    if not files:
        whose = stack.part_named(settings, part).name if part else "any part"
        raise StackError(f"there is no log of {whose} in {folder}: `make up` starts the stack")
    code = subprocess.run(["tail", "-n", SHOWN_LINES, "-F", *files], check=False).returncode
    return 0 if code == -signal.SIGPIPE else code


def _clean(force: bool) -> int:
    settings = load_settings()
    stack.refuse_to_clean_what_runs(settings)
    folder = layout_of(settings).state
    question = f"Remove all data, models, secrets and logs in {folder}? [y/N] "
    if not force and _answer(question) not in ("y", "yes"):
        print("nothing was removed")
        return 1
    for removed in stack.clean(settings):
        print(f"removed {removed}")
    return 0


def _answer(question: str) -> str:
    try:
        return input(question).strip().lower()
    except EOFError:  # nobody is there to answer
        return ""


if __name__ == "__main__":
    run_command(main)
