"""Who is told of alerts. Pure.

A contact point is named by the rules themselves, so the organisation's own tree of notification
policies, which is one object for everybody, stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NAME = "Promo Sentinel"

_WEBHOOK, _EMAIL = "promo-sentinel-webhook", "promo-sentinel-email"
WAYS = frozenset({_WEBHOOK, _EMAIL})
"""uids of all ways that there can be."""


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
        settings: dict[str, Any] = {"url": contact.webhook, "httpMethod": "POST"}
        found.append(_receiver(_WEBHOOK, "webhook", settings))
    if contact.emails:
        settings = {"addresses": contact.emails, "singleEmail": False}
        found.append(_receiver(_EMAIL, "email", settings))
    return found


def _receiver(uid: str, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"uid": uid, "type": kind, "settings": settings, "disableResolveMessage": False}
