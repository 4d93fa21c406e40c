"""What the stream has found so far, and where to look: the end of ``make demo``."""

from pathlib import Path

import orjson
from clickhouse_connect.driver import Client
from rich.console import Console

from connectors.settings import Settings
from warehouse.client import clickhouse_answers, reader
from warehouse.period import period
from warehouse.queries import query

_SHOWN = 8


def print_found(settings: Settings) -> None:
    """Print counts, levels, the newest alerts, the top users and codes, and the addresses.

    Raises:
        DependencyDown: ClickHouse does not answer.
    """
    console = Console(highlight=False, soft_wrap=True)
    client = reader(settings)
    with clickhouse_answers():
        _print_counts(console, client)
        _print_alerts(console, client)
        _print_top(console, client)
    _print_model(console, settings.models_dir)
    _print_where(console, settings)


def _print_counts(console: Console, client: Client) -> None:
    stored = client.query(query("what_is_stored"))
    counts = dict(zip(stored.column_names, stored.result_rows[0], strict=True))
    levels = client.query(query("accounts_by_level")).result_rows
    console.print("\n[bold]Stored[/]")
    for name, count in counts.items():
        console.print(f"  {name.replace('_', ' '):<28} {count:>9,}")
    console.print("[bold]Accounts by level of risk[/]")
    for level, accounts in levels:
        console.print(f"  {level:<28} {accounts:>9,}")


def _print_alerts(console: Console, client: Client) -> None:
    alerts = client.query(query("standing_alerts"), parameters={"limit": _SHOWN}).result_rows
    console.print("[bold]Newest alerts[/]" if alerts else "[bold]No alert stands[/]")
    for user_id, score, level, reasons, value, event_time in alerts:
        money = "" if value is None else f"  {value:,.2f} at risk"
        console.print(f"  {score:.3f} {level:<8}  {user_id}  {event_time:%Y-%m-%d %H:%M}{money}")
        console.print(f"        {_because(reasons)}", style="dim")


def _because(reasons: str) -> str:
    return "; ".join(reason["description"] for reason in orjson.loads(reasons)[:2])


def _print_top(console: Console, client: Client) -> None:
    for title, name in (("Top users", "top_users"), ("Top codes", "top_codes")):
        found = client.query(query(name), parameters={"limit": 3, **period()}).result_rows
        shown = ", ".join(f"{row[0]} ({row[1]})" for row in found)
        console.print(f"[bold]{title} by redemptions[/]  {shown}")


def _print_model(console: Console, models_dir: Path) -> None:
    bundle = models_dir / "current" / "bundle.json"
    if not bundle.is_file():
        console.print("[bold]Model[/]  none yet, rules alone: make train")
        return
    described = orjson.loads(bundle.read_bytes())
    console.print(f"[bold]Model[/]  {described['version']}, cross-validated")
    for figures in described["metrics"]["figures"]:
        if figures["method"] == "model":
            recall = figures["precision_at_recall"]
            console.print(
                f"  {figures['stage']:<28} average precision {figures['average_precision']:.3f},"
                f" precision {recall['0.50']:.3f} at recall 0.50, {recall['0.67']:.3f} at 0.67"
            )


def _print_where(console: Console, settings: Settings) -> None:
    api = settings.api_url
    console.print("[bold]Where to look[/]")
    if settings.dashboards:
        console.print(f"  dashboards                 {api}/dashboards")
        console.print(f"    log in with the key in   {settings.api_key_file}")
    console.print(f"  API and its documentation  {api}/docs")
    console.print(
        f'  one account\'s risk         curl -H "X-API-Key: $(cat {settings.api_key_file})"'
        f" {api}/v1/users/<user id>/risk"
    )
    console.print(
        f"  ClickHouse (HTTP)          http://{settings.clickhouse_host}:"
        f"{settings.clickhouse_port}, user {settings.clickhouse_reader_user}"
    )
    console.print("  state of all parts         make status")
    console.print("  stop, losing nothing       make down")
