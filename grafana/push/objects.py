"""Everything that a push brings, each object found, compared and written in its own way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grafana_client import GrafanaApi

from grafana.alerts import all_rules
from grafana.alerts.rule import Surroundings, in_api
from grafana.contact import NAME
from grafana.panels.target import DATASOURCE_UID
from grafana.provisioning import FOLDER
from grafana.push.compare import covers
from grafana.push.server import asked, provisioned_by_file, told

Document = Mapping[str, Any]

_MESSAGE = "Promo Sentinel: python -m grafana push"


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a Grafana.

    Attributes:
        kind, name: what to call it.
        find: what Grafana has of it, None if nothing.
        same: whether that is as it should be.
        create: writes it anew.
        change: writes it over what was found.
        by_file: whether what was found belongs to a file on Grafana's machine.
        removes: whether to change it is to remove it.
    """

    kind: str
    name: str
    find: Callable[[], Document | None]
    same: Callable[[Document], bool]
    create: Callable[[], None]
    change: Callable[[Document], None]
    by_file: Callable[[Document], bool] = lambda _: False
    removes: bool = False

    def write(self, theirs: Document | None) -> None:
        """Create it, or change what was found.

        Raises:
            GrafanaError: Grafana refuses; the message says why.
        """
        if theirs is None:
            self.create()
        else:
            self.change(theirs)

    def refuse_if_by_file(self, theirs: Document | None) -> None:
        """Say so before Grafana does.

        Raises:
            GrafanaError: a file on Grafana's machine provisions it.
        """
        if theirs is not None and self.by_file(theirs):
            raise provisioned_by_file()


def folder(api: GrafanaApi, uid: str) -> Item:
    """The folder of dashboards and alerts; whoever renames it may."""
    return Item(
        "folder",
        uid,
        find=lambda: asked(lambda: api.folder.get_folder(uid)),
        same=lambda _: True,
        create=lambda: told(lambda: api.folder.create_folder(FOLDER, uid)),
        change=lambda _: None,
    )


def datasource(api: GrafanaApi, wanted: Document, password: Callable[[], str]) -> Item:
    """ClickHouse. Its password is only asked for when it is written; its name may be another."""
    body = {name: value for name, value in wanted.items() if name != "name"}

    def same(theirs: Document) -> bool:
        has_password = bool((theirs.get("secureJsonFields") or {}).get("password"))
        return has_password and covers(theirs, body)

    def with_password(document: Document) -> dict[str, Any]:
        return {**document, "secureJsonData": {"password": password()}}

    def change(theirs: Document) -> None:
        changed = with_password({**body, "name": theirs["name"]})
        told(lambda: api.datasource.update_datasource_by_uid(DATASOURCE_UID, changed))

    def create() -> None:
        made = with_password(wanted)
        told(lambda: api.datasource.create_datasource(made))

    return Item(
        "datasource",
        DATASOURCE_UID,
        find=lambda: asked(lambda: api.datasource.get_datasource_by_uid(DATASOURCE_UID)),
        same=same,
        create=create,
        change=change,
        by_file=lambda theirs: bool(theirs.get("readOnly")),
    )


def dashboard(api: GrafanaApi, wanted: Document, folder_uid: str) -> Item:
    """A dashboard; what was changed by hand is set back, and stays in Grafana's versions."""
    uid = wanted["uid"]
    body = {
        "dashboard": {**wanted, "id": None},
        "folderUid": folder_uid,
        "overwrite": True,
        "message": _MESSAGE,
    }

    def same(theirs: Document) -> bool:
        # A newer Grafana may have brought the document to its own version of the schema.
        asked_for = {name: value for name, value in wanted.items() if name != "schemaVersion"}
        is_there = theirs["meta"].get("folderUid") == folder_uid
        return is_there and covers(theirs["dashboard"], asked_for)

    def write() -> None:
        told(lambda: api.dashboard.update_dashboard(body))

    return Item(
        "dashboard",
        uid,
        find=lambda: asked(lambda: api.dashboard.get_dashboard(uid)),
        same=same,
        create=write,
        change=lambda _: write(),
        by_file=lambda theirs: bool(theirs["meta"].get("provisioned")),
    )


def alert_rules(api: GrafanaApi, around: Surroundings, folder_uid: str) -> Iterator[Item]:
    """The alert rules; they stay editable in Grafana, and the next push sets them back."""
    for rule in all_rules():
        yield _alert_rule(api, in_api(rule, around, folder_uid))


def _alert_rule(api: GrafanaApi, wanted: Document) -> Item:
    alerting, uid = api.alertingprovisioning, wanted["uid"]
    # Grafana puts the token's own organisation in its place.
    compared = {name: value for name, value in wanted.items() if name != "orgID"}

    def same(theirs: Document) -> bool:
        told_us = (theirs.get("notification_settings") or {}).get("receiver")
        told_no_more = told_us == NAME and "notification_settings" not in wanted
        return not told_no_more and covers(theirs, compared)

    return Item(
        "alert rule",
        uid,
        find=lambda: asked(lambda: alerting.get_alertrule(uid)),
        same=same,
        create=lambda: told(lambda: alerting.create_alertrule(wanted, True)),
        change=lambda _: told(lambda: alerting.update_alertrule(uid, wanted, True)),
        by_file=from_file,
    )


def from_file(theirs: Document) -> bool:
    """Whether a rule or a contact point belongs to a file on Grafana's machine."""
    return theirs.get("provenance") == "file"
