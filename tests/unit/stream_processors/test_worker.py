"""What a worker does with batches that fail: driven with a processor that fails on demand."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DeadLetterCeiling, PoisonMessage
from stream_processors.crashes import MOST, Crashes
from stream_processors.intake import FaustIntake, Message
from stream_processors.metrics import Metrics
from stream_processors.worker import Worker
from tests.unit.stream_processors.messages import garbage

MESSAGES = 4


class Ended(BaseException):
    """Stands for the end of the process."""


class Stream:
    """A Faust stream of four messages that come at once, as far as a worker uses it."""

    def __init__(self) -> None:
        self.left = MESSAGES
        self.channel = SimpleNamespace(queue=SimpleNamespace(empty=lambda: self.left == 0))
        self.acknowledged: list[int] = []

    async def events(self) -> AsyncIterator[SimpleNamespace]:
        for offset in range(MESSAGES):
            self.left -= 1
            yield SimpleNamespace(message=garbage(offset))

    async def ack(self, event: SimpleNamespace) -> None:
        self.acknowledged.append(event.message.offset)


class Faulty:
    """A processor that raises an error at one offset, so many times."""

    def __init__(self, offset: int = -1, error: Exception | None = None, times: int = 99) -> None:
        self.offset, self.error, self.times = offset, error or RuntimeError(), times
        self.done: list[int] = []
        self.aside: list[tuple[int, str]] = []

    async def process(self, messages: Sequence[Message]) -> None:
        offsets = [message.offset for message in messages]
        if self.offset in offsets and self.times:
            self.times -= 1
            raise self.error
        self.done += offsets

    async def set_aside(self, message: Message, poison: PoisonMessage) -> None:
        self.aside.append((message.offset, poison.stage))


@pytest.fixture
def crashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crashes:
    def end(code: int) -> None:
        raise Ended(code)

    monkeypatch.setattr("os._exit", end)
    return Crashes(tmp_path / "crashes.json")


async def acknowledged(processor: Faulty, crashes: Crashes) -> list[int]:
    """The offsets that a worker acknowledges of one batch of four."""
    stream = Stream()
    await Worker(processor, crashes, Metrics()).run(FaustIntake(stream, size=10))
    return stream.acknowledged


async def test_a_batch_that_works_is_processed_at_once_and_acknowledged(crashes: Crashes) -> None:
    processor = Faulty()
    assert await acknowledged(processor, crashes) == [0, 1, 2, 3]
    assert processor.done == [0, 1, 2, 3]


async def test_an_error_that_is_gone_at_the_second_try_harms_nobody(crashes: Crashes) -> None:
    processor = Faulty(2, times=1)
    assert await acknowledged(processor, crashes) == [0, 1, 2, 3]
    assert processor.done == [0, 1, 2, 3]
    assert processor.aside == []


async def test_the_message_that_fails_ends_the_process_after_those_before_it(
    crashes: Crashes,
) -> None:
    processor = Faulty(2)
    with pytest.raises(Ended):
        await acknowledged(processor, crashes)
    assert processor.done == [0, 1]
    assert processor.aside == []


async def test_the_third_crash_sets_the_message_aside_and_goes_on(crashes: Crashes) -> None:
    for _ in range(2):
        with pytest.raises(Ended):
            await acknowledged(Faulty(2), crashes)
    processor = Faulty(2)

    assert await acknowledged(processor, crashes) == [0, 1, 2, 3]

    assert processor.aside == [(2, "crash")]
    assert processor.done == [0, 1, 3]
    assert crashes.count(garbage(2)) == 1


async def test_a_ceiling_halts_after_acknowledging_what_came_before(crashes: Crashes) -> None:
    processor, stream, metrics = Faulty(2, DeadLetterCeiling("too many")), Stream(), Metrics()
    running = asyncio.create_task(
        Worker(processor, crashes, metrics).run(FaustIntake(stream, size=10))
    )

    await asyncio.wait([running], timeout=0.2)

    assert not running.done()
    assert stream.acknowledged == processor.done == [0, 1]
    assert metrics.registry.get_sample_value("promo_halted") == 1
    running.cancel()


class Deadly(Faulty):
    """A processor that every batch with one of some messages ends."""

    def __init__(self, offsets: set[int], aside: list[int]) -> None:
        super().__init__()
        self.offsets, self.all_aside = offsets, aside

    async def process(self, messages: Sequence[Message]) -> None:
        if self.offsets & {message.offset for message in messages}:
            raise RuntimeError
        self.done += [message.offset for message in messages]

    async def set_aside(self, message: Message, poison: PoisonMessage) -> None:
        self.all_aside.append(message.offset)


@given(deadly=st.sets(st.integers(0, MESSAGES - 1)))
async def test_every_message_that_crashes_is_set_aside_once_on_its_third_crash(
    deadly: set[int],
) -> None:
    aside: list[int] = []
    ends = 0
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("os._exit", _end)
        while True:
            processor = Deadly(deadly, aside)
            try:
                done = await acknowledged(processor, Crashes(Path(folder) / "crashes.json"))
                break
            except Ended:
                ends += 1
                assert ends <= (MOST - 1) * len(deadly)
    assert done == list(range(MESSAGES))
    assert aside == sorted(deadly)
    assert ends == (MOST - 1) * len(deadly)
    assert processor.done == [n for n in range(MESSAGES) if n not in deadly]


def _end(code: int) -> None:
    raise Ended(code)
