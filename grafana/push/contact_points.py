"""The ways on which alerts are told: those that the settings name, and no others of ours."""

from collections.abc import Iterator

from grafana_client import GrafanaApi

from grafana.contact import NAME, WAYS, Contact, receivers
from grafana.push.compare import covers
from grafana.push.objects import Document, Item, from_file
from grafana.push.server import asked, told


def wanted_ways(api: GrafanaApi, contact: Contact) -> Iterator[Item]:
    """The ways of the contact point; they stay editable in Grafana."""
    for wanted in _ways(contact):
        yield _contact_point(api, wanted)


def stale_ways(api: GrafanaApi, contact: Contact) -> Iterator[Item]:
    """Ways that an earlier push made and that are wanted no more; rules must have let go of them.

    Raises:
        GrafanaError: Grafana does not tell which there are.
    """
    alerting = api.alertingprovisioning
    kept = {wanted["uid"] for wanted in _ways(contact)}
    for point in asked(lambda: alerting.get_contactpoints(NAME)) or ():
        if point["uid"] in WAYS and point["uid"] not in kept:
            yield _removed(api, point)


def _ways(contact: Contact) -> Iterator[Document]:
    return ({"name": NAME, **receiver} for receiver in receivers(contact))


def _contact_point(api: GrafanaApi, wanted: Document) -> Item:
    alerting, uid = api.alertingprovisioning, wanted["uid"]

    def find() -> Document | None:
        found = asked(lambda: alerting.get_contactpoints(NAME)) or ()
        return next((point for point in found if point["uid"] == uid), None)

    return Item(
        "contact point",
        uid,
        find=find,
        same=lambda theirs: covers(theirs, wanted),
        create=lambda: told(lambda: alerting.create_contactpoint(wanted, True)),
        change=lambda _: told(lambda: alerting.update_contactpoint(uid, wanted, True)),
        by_file=from_file,
    )


def _removed(api: GrafanaApi, point: Document) -> Item:
    uid = point["uid"]
    return Item(
        "contact point",
        uid,
        find=lambda: point,
        same=lambda _: False,
        create=lambda: None,
        change=lambda _: told(lambda: api.alertingprovisioning.delete_contactpoint(uid)),
        by_file=from_file,
        removes=True,
    )
