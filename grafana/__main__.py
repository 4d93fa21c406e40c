"""``python -m grafana``: writes the generated files, and brings dashboards into a Grafana."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from connectors.command import explain, run_command
from connectors.errors import PromoError, SettingsError
from connectors.settings import Settings, load_settings
from grafana import build
from grafana.provisioning import FOLDER_UID, Provisioned
from grafana.push.report import Outcome
from grafana.push.run import Wish, contact_of, push


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    chosen = _parser().parse_args(argv)
    try:
        if chosen.command == "push":
            return _push(chosen, load_settings())
        if chosen.command == "provisioning":
            return _provisioning(chosen.into, load_settings())
        return _build()
    except PromoError as error:
        print(explain(error), file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m grafana", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="write grafana/generated from the dashboards in Python")

    files = commands.add_parser(
        "provisioning", help="write the files that a Grafana reads at its start, by your settings"
    )
    files.add_argument("--into", type=Path, required=True, metavar="FOLDER")

    pushed = commands.add_parser(
        "push", help="bring all into a running Grafana; the token is in PROMO_GRAFANA_TOKEN"
    )
    pushed.add_argument("--url", default="", help="default: PROMO_GRAFANA_URL")
    pushed.add_argument("--dry-run", action="store_true", help="ask, and write nothing")
    pushed.add_argument("--folder-uid", default=FOLDER_UID, metavar="UID")
    pushed.add_argument(
        "--datasource-host",
        default="",
        metavar="HOST[:PORT]",
        help="where that Grafana finds ClickHouse; default: PROMO_CLICKHOUSE_HOST and _PORT",
    )
    pushed.add_argument("--no-datasource", action="store_true", help="its admin keeps it")
    pushed.add_argument("--no-alerts", action="store_true")
    pushed.add_argument(
        "--keep-range", action="store_true", help="do not begin at the shop's first event"
    )
    return parser


def _build() -> int:
    began = time.monotonic()
    changed = build.write()
    for name in changed:
        print(f"  {name}")
    what = f"{len(changed)} of {len(build.documents())} files changed" if changed else "no change"
    print(f"{build.GENERATED.name}: {what}, {time.monotonic() - began:.1f} s")
    return 0


def _provisioning(folder: Path, settings: Settings) -> int:
    contact = contact_of(settings)
    chosen = Provisioned(
        runbook=settings.runbook_url,
        webhook=bool(contact.webhook),
        emails=bool(contact.emails),
    )
    texts = build.documents(chosen, settings.value_currency)
    build.put(texts, folder)
    for name in texts:
        print(f"  {name}")
    print(f"{folder}: {len(texts)} files")
    return 0


def _push(chosen: argparse.Namespace, settings: Settings) -> int:
    url = chosen.url or settings.grafana_url
    if not url:
        raise SettingsError("say which Grafana: --url, or PROMO_GRAFANA_URL")
    wish = Wish(
        url,
        chosen.folder_uid,
        chosen.datasource_host,
        chosen.dry_run,
        not chosen.no_datasource,
        not chosen.no_alerts,
        chosen.keep_range,
    )
    done = push(wish, settings)
    return 1 if any(one.outcome is Outcome.FAILED for one in done) else 0


if __name__ == "__main__":
    run_command(main)
