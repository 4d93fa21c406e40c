"""``python -m stream_processors.dead_letters_cli [--replay]``: see ``make help``."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

from connectors.command import explain, run_command
from connectors.errors import PromoError
from connectors.moments import iso
from connectors.settings import Settings, load_settings
from stream_processors.dead_letters_cli.entries import Entry, consumer_of, letters, newest
from stream_processors.dead_letters_cli.replay import replay

HEADINGS = ("failed at (UTC)", "position", "stage", "bytes", "sent again", "reason")
LONGEST_REASON = 100


def main() -> int:
    """List or replay; the exit code is 0 when it could be done."""
    parser = argparse.ArgumentParser(description="dead letters: what was set aside and why")
    parser.add_argument("--replay", action="store_true", help="send again what was not yet")
    again = parser.parse_args().replay
    try:
        settings = load_settings()
        if again:
            _replay(settings)
        else:
            show(listed(settings))
    except PromoError as error:
        print(f"dead letters: {explain(error)}", file=sys.stderr)
        return 1
    return 0


def listed(settings: Settings) -> list[Entry]:
    """What lies in the dead-letter topic: one entry for each original position.

    Raises:
        DependencyDown: Kafka does not answer.
    """
    consumer = consumer_of(settings)
    try:
        return newest(letter.entry for letter in letters(consumer))
    finally:
        consumer.close()


def show(entries: Sequence[Entry]) -> None:
    """Print a count by reason, then every entry; none of its bytes."""
    waiting = sum(not entry.replayed for entry in entries)
    print(f"{len(entries)} dead letters, {waiting} of them not sent again (REPLAY=1 does)")
    reasons = Counter((entry.topic, entry.stage, entry.reason) for entry in entries)
    for (topic, stage, reason), count in reasons.most_common():
        print(f"{count:>8}  {topic}  {stage}: {reason[:LONGEST_REASON]}")
    if entries:
        _table([HEADINGS, *(_cells(entry) for entry in entries)])


def _cells(entry: Entry) -> tuple[str, ...]:
    return (
        iso(entry.failed_at_us)[:19].replace("T", " "),
        f"{entry.topic}-{entry.partition}@{entry.offset}",
        entry.stage,
        f"{entry.size:,}",
        "yes" if entry.replayed else "no",
        entry.reason[:LONGEST_REASON],
    )


def _table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    print()
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _replay(settings: Settings) -> None:
    started = time.monotonic()
    done = replay(settings)
    print(f"{done.sent} dead letters sent again ({time.monotonic() - started:.1f} s)")
    left = {
        "not sent: a newer row of the same key came after it": done.superseded,
        "not sent: the same message, set aside twice": done.repeated,
        "not sent: its topic is not of this pipeline": done.foreign,
    }
    for why, count in left.items():
        if count:
            print(f"{count} {why}")


if __name__ == "__main__":
    run_command(main)
