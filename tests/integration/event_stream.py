"""Listening to Server-Sent Events."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

PATH = "/v1/alerts/stream"


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two empty lines; comments under the name of nothing."""

    fields: dict[str, str]

    @property
    def alert(self) -> dict[str, Any] | None:
        """The alert, None where there is no data."""
        return orjson.loads(self.fields["data"]) if "data" in self.fields else None


@dataclass(slots=True)
class Listener:
    """An open stream; ``last_id`` as a client would remember it."""

    blocks: Iterator[Block]
    last_id: str = ""
    seen: list[Block] = field(default_factory=list)

    def next(self) -> Block:
        """The next block, keep-alives too."""
        block = next(self.blocks)
        self.last_id = block.fields.get("id", self.last_id)
        self.seen.append(block)
        return block

    def alerts(self, count: int) -> list[dict[str, Any]]:
        """The next alerts."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            alert = self.next().alert
            if alert is not None:
                found.append(alert)
        return found

    def rest(self) -> list[dict[str, Any]]:
        """All alerts until the stream ends by itself."""
        found = []
        try:
            while True:
                alert = self.next().alert
                if alert is not None:
                    found.append(alert)
        except StopIteration:
            return found


@contextmanager
def listening(api: httpx.Client, last_id: str = "", **parameters: Any) -> Iterator[Listener]:
    """A stream that has begun: what is published within the block comes."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with api.stream("GET", PATH, params=parameters, headers=headers, timeout=20) as answer:
        if answer.status_code != httpx.codes.OK:
            answer.read()
        assert answer.status_code == httpx.codes.OK, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        listener = Listener(_blocks(answer.iter_lines()))
        listener.next()
        yield listener


def _blocks(lines: Iterator[str]) -> Iterator[Block]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        else:
            yield Block(fields)
            fields = {}
