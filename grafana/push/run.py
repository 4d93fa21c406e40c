"""One push: everything in order, each object told of."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from grafana_client import GrafanaApi

from connectors.errors import GrafanaError, PromoError, SettingsError
from connectors.settings import Settings, required
from grafana.alerts.rule import Surroundings
from grafana.build import boards, panel_ids
from grafana.contact import Contact
from grafana.currency import in_currency
from grafana.panels.target import DATASOURCE_UID
from grafana.provisioning import FOLDER_UID, datasource_of
from grafana.push import contact_points, objects
from grafana.push.beginning import known_history, ranging_over
from grafana.push.objects import Item
from grafana.push.report import Done, Outcome, line, summary
from grafana.push.server import asked, connect

_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Wish:
    """What to push where.

    Attributes:
        url: of the Grafana.
        folder_uid: of the folder there.
        datasource_host: where that Grafana finds ClickHouse, as ``host`` or ``host:port``;
            empty takes it from the settings.
        dry_run: ask, and write nothing.
        datasource, alerts: whether to push them, too.
        keep_range: leave the dashboards' default ranges alone.
    """

    url: str
    folder_uid: str = FOLDER_UID
    datasource_host: str = ""
    dry_run: bool = False
    datasource: bool = True
    alerts: bool = True
    keep_range: bool = False


def push(wish: Wish, settings: Settings, say: Callable[[str], object] = print) -> Sequence[Done]:
    """Push everything; what fails does not keep the rest from being pushed.

    Args:
        wish: what to push where.
        settings: the token, ClickHouse, whom to tell of alerts, the currency.
        say: takes each line of the report.

    Raises:
        GrafanaError: nothing can be pushed there at all; the message says what to do.
        SettingsError: the token is missing.
    """
    began = time.monotonic()
    api = connect(wish.url, required(settings.grafana_token, "grafana_token"))
    say(f"{wish.url}{': a dry run, nothing is written' if wish.dry_run else ''}")
    done = []
    for item in _items(api, wish, settings, say):
        done.append(_put(item, wish.dry_run))
        say(line(done[-1], wish.dry_run))
    if wish.datasource and not wish.dry_run:
        say(f"  {_health(api)}")
    say(f"{summary(done)}, {time.monotonic() - began:.1f} s")
    return done


def _put(item: Item, dry_run: bool) -> Done:
    try:
        theirs = item.find()
        if theirs is not None and item.same(theirs):
            return Done(item.kind, item.name, Outcome.UNCHANGED)
        item.refuse_if_by_file(theirs)
        if not dry_run:
            item.write(theirs)
    except PromoError as error:
        return Done(item.kind, item.name, Outcome.FAILED, str(error))
    changed = Outcome.REMOVED if item.removes else Outcome.CHANGED
    return Done(item.kind, item.name, Outcome.CREATED if theirs is None else changed)


def _items(
    api: GrafanaApi, wish: Wish, settings: Settings, say: Callable[[str], object]
) -> Iterator[Item]:
    """Whatever an object needs stands before it."""
    contact = contact_of(settings)
    yield objects.folder(api, wish.folder_uid)
    if wish.datasource:
        yield _datasource(api, wish, settings, say)
    documents = boards()
    for document in _prepared(documents, wish, settings, say):
        yield objects.dashboard(api, document, wish.folder_uid)
    if wish.alerts:
        yield from contact_points.wanted_ways(api, contact)
        around = Surroundings(panel_ids(documents), settings.runbook_url, contact.receiver)
        yield from objects.alert_rules(api, around, wish.folder_uid)
        yield from contact_points.stale_ways(api, contact)


def contact_of(settings: Settings) -> Contact:
    """Whom the settings name for alerts.

    Raises:
        SettingsError: what is to be posted to is no address.
    """
    webhook = settings.grafana_webhook_url
    url = "" if webhook is None else webhook.get_secret_value()
    if url and not url.startswith(("http://", "https://")):
        raise SettingsError("PROMO_GRAFANA_WEBHOOK_URL begins with http:// or https://")
    return Contact(url, ",".join(settings.alert_emails))


def _datasource(
    api: GrafanaApi, wish: Wish, settings: Settings, say: Callable[[str], object]
) -> Item:
    host, _, port = wish.datasource_host.partition(":")
    host = host or settings.clickhouse_host
    if host in _HERE and urlsplit(wish.url).hostname not in _HERE:
        say(f"  Grafana will look for ClickHouse at {host}, its own machine: --datasource-host?")
    if port and not port.isdigit():
        raise SettingsError(f"--datasource-host {wish.datasource_host}: the port is no number")
    wanted = datasource_of(
        host,
        int(port or settings.clickhouse_port),
        settings.clickhouse_reader_user,
        settings.clickhouse_database,
    )
    secret = settings.clickhouse_reader_password
    return objects.datasource(api, wanted, lambda: required(secret, "clickhouse_reader_password"))


def _prepared(
    documents: Mapping[str, Mapping[str, Any]],
    wish: Wish,
    settings: Settings,
    say: Callable[[str], object],
) -> Iterator[Mapping[str, Any]]:
    whole = None
    if not wish.keep_range:
        whole, why_not = known_history(settings)
        if whole is None:
            say(f"  default ranges are kept: {why_not}")
    for document in documents.values():
        priced = in_currency(document, settings.value_currency)
        yield priced if whole is None else ranging_over(priced, whole)


def _health(api: GrafanaApi) -> str:
    try:
        answer = asked(lambda: api.datasource.health(DATASOURCE_UID)) or {}
    except GrafanaError as error:
        return f"Grafana cannot ask ClickHouse: {error}"
    return f"Grafana asks ClickHouse: {answer.get('message') or answer.get('status') or 'no word'}"
