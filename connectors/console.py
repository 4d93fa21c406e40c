"""Progress on the console: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

LINE_EVERY_S = 5.0


class Meter:
    """Shows how far steps are, and how fast; a context manager.

    Args:
        console: where to; default: standard error, so that what is printed stays readable.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr, highlight=False)
        self._steps: dict[str, _Step] = {}
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} {task.fields[unit]}"),
            TextColumn("{task.fields[rate]:,.0f}/s"),
            TimeElapsedColumn(),
            console=self._console,
        )

    def __enter__(self) -> "Meter":
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def advance(self, step: str, done: int, total: int, unit: str = "") -> None:
        """A step is at ``done`` of ``total``; called as often as one likes."""
        now = time.monotonic()
        known = self._steps.get(step)
        if known is None:
            task = self._bars.add_task(step, total=total, unit=unit, rate=0.0)
            known = self._steps[step] = _Step(task, now)
        rate = done / max(now - known.started, 0.001)
        self._bars.update(known.task, completed=done, total=total, rate=rate)
        if not self._console.is_terminal and known.is_due(now, done >= total):
            self._console.print(f"  {step}: {done:,}/{total:,} {unit} ({rate:,.0f}/s)")


class _Step:
    def __init__(self, task: TaskID, started: float) -> None:
        self.task = task
        self.started = started
        self._printed = started
        self._finished = False

    def is_due(self, now: float, finished: bool) -> bool:
        """Whether a line is due: now and then, and once at the end."""
        due = not self._finished and (finished or now - self._printed >= LINE_EVERY_S)
        if due:
            self._printed, self._finished = now, finished
        return due
