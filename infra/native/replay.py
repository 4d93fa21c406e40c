"""Have one group of workers read everything again that the topics keep."""

import time

from connectors.drain import show_drain
from connectors.rewind import NAMES, rewind
from connectors.settings import Settings
from infra.native import stack


def replay(settings: Settings, name: str) -> int:
    """Stop a group's workers, set it back, start them, and return when it has drained.

    A replay changes no result: it brings back what a store has lost. Redis, emptied, is rebuilt
    by ``scoring``; ClickHouse, emptied, by ``warehouse``. While it runs, answers are of what has
    been read so far.

    Args:
        settings: of a stack that is up.
        name: ``scoring`` or ``warehouse``.

    Returns:
        How many messages were read again.

    Raises:
        StackError: a worker does not stop or not start, or others of its group run elsewhere.
        DependencyDown: Kafka does not answer.
        DrainStalled: the workers do not get on.
    """
    started = time.monotonic()
    workers = workers_of(settings, name)
    try:
        for worker in workers:
            stack.stop_part(settings, worker)
        messages = rewind(settings, NAMES[name])
        print(f"{name} reads {messages:,} messages again", flush=True)
    finally:
        for worker in workers:
            stack.start_part(settings, worker)
    show_drain(settings, None)
    print(f"replayed in {time.monotonic() - started:.1f} s")
    return messages


def workers_of(settings: Settings, name: str) -> list[str]:
    """The parts of the native stack that make up a group."""
    if name == "scoring":
        return [f"scoring-{slot}" for slot in range(settings.scoring_workers)]
    return [name]
