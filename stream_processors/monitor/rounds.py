"""Looking at all parts at once, however slow some of them are."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from connectors.errors import DependencyDown
from stream_processors.monitor.probes import Probe
from stream_processors.monitor.samples import Sample, own

PATIENCE_S = 3.0
_log = logging.getLogger(__name__)


class Rounds:
    """Asks every probe in a thread of its own; a change of state is logged once."""

    def __init__(self, probes: Sequence[Probe], patience_s: float = PATIENCE_S) -> None:
        self._probes = probes
        self._patience_s = patience_s
        self._pool = ThreadPoolExecutor(len(probes), thread_name_prefix="probe")
        self._asked: dict[str, asyncio.Future[Sequence[Sample]]] = {}
        self._up: dict[str, bool] = {}

    async def look(self) -> list[Sample]:
        """What all parts showed, and of each whether it is up.

        A part that does not answer in time is down, and is not asked again before it has.
        """
        loop = asyncio.get_running_loop()
        for probe in self._probes:
            if probe.part not in self._asked:
                self._asked[probe.part] = loop.run_in_executor(self._pool, probe.look)
        await asyncio.wait(self._asked.values(), timeout=self._patience_s)
        return [sample for probe in self._probes for sample in self._answer(probe.part)]

    def _answer(self, part: str) -> list[Sample]:
        shown: Sequence[Sample] = ()
        why = f"no answer within {self._patience_s:.0f} s"
        if self._asked[part].done():
            try:
                shown, why = self._asked.pop(part).result(), ""
            except DependencyDown as error:
                why = str(error)
        self._tell(part, why)
        return [*shown, own(part, "promo_part_up", 0.0 if why else 1.0)]

    def _tell(self, part: str, why: str) -> None:
        up = not why
        if up != self._up.get(part, True):
            word = "up" if up else "down"
            _log.warning("%s is %s", part, word, extra={"part": part, "why": why})
        self._up[part] = up

    def close(self) -> None:
        """Ask nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
