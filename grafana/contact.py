"""Who is told of alerts. Pure.

A contact point is named by the rules themselves, so the organisation's own tree of notification
policies, which is one object for everybody, stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NAME = "Promo Sentinel"


@dataclass(frozen=True, slots=True)
class Contact:
    """Where alerts go; what is empty is not told.

    Attributes:
        webhook: an address that JSON is posted to.
        emails: addresses, comma-separated.
    """

    webhook: str = ""
    emails: str = ""

    @property
    def receiver(self) -> str:
        """The contact point's name; empty where nobody is told."""
        return NAME if self.webhook or self.emails else ""


def receivers(contact: Contact) -> Sequence[dict[str, Any]]:
    """The ways of the contact point, as Grafana writes them in files."""
    found = []
    if contact.webhook:
        settings = {"url": contact.webhook, "httpMethod": "POST"}
        found.append(_receiver("webhook", settings))
    if contact.emails:
        found.append(_receiver("email", {"addresses": contact.emails, "singleEmail": False}))
    return found


def _receiver(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    uid = f"promo-sentinel-{kind}"
    return {"uid": uid, "type": kind, "settings": settings, "disableResolveMessage": False}
