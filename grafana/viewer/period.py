"""The period that a page looks at, as Grafana's addresses write it. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.columns import microseconds
from connectors.errors import UnfitChoice
from warehouse.period import FIRST, LAST

_BACK = re.compile(r"now(?:-(?P<count>\d{1,5})(?P<unit>[smhdwMy]))?", re.ASCII)
_EPOCH_MS = re.compile(r"-?\d{1,15}", re.ASCII)
_DAYS = {"d": 1, "w": 7, "M": 30, "y": 365}
_SECONDS = {"s": 1, "m": 60, "h": 3_600}


@dataclass(frozen=True, slots=True)
class Span:
    """A period in milliseconds since 1970, both ends within it; the last reaches past year 9999."""

    from_ms: int
    to_ms: int


def span(begin: str, end: str, now: datetime) -> Span:
    """What ``from`` and ``to`` of an address mean.

    Args:
        begin, end: ``now``, ``now-90d`` (s, m, h, d, w, M = 30 d, y = 365 d), milliseconds since
            1970, or ISO 8601, in UTC where there is no offset.
        now: aware.

    Raises:
        UnfitChoice: one of them is none of these, or the end is before the beginning.
    """
    found = Span(_moment_ms("from", begin, now), _moment_ms("to", end, now))
    if found.from_ms > found.to_ms:
        raise UnfitChoice("`from` is later than `to`")
    return found


def _moment_ms(name: str, text: str, now: datetime) -> int:
    back = _BACK.fullmatch(text)
    if back is not None:
        return _ms(now - min(_ago(back), now - FIRST))
    if _EPOCH_MS.fullmatch(text):
        return min(max(int(text), _ms(FIRST)), _ms(LAST) + 1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        wanted = "now, now-90d, milliseconds since 1970, or ISO 8601"
        raise UnfitChoice(f"`{name}` has to be {wanted}") from None
    return _ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC), up=name == "to")


def _ago(back: re.Match[str]) -> timedelta:
    count, unit = int(back["count"] or 0), back["unit"] or "s"
    if unit in _DAYS:
        return timedelta(days=count * _DAYS[unit])
    return timedelta(seconds=count * _SECONDS[unit])


def _ms(moment: datetime, *, up: bool = False) -> int:
    """Cut to the millisecond before, or up to the one behind."""
    return -(-microseconds(moment) // 1_000) if up else microseconds(moment) // 1_000
