"""Restart the connector's task when it has failed: Connect by itself never does.

``python -m connectors.debezium.watch`` watches for ever; the monitor calls :meth:`check`.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from connectors.debezium.rest import ConnectorHealth, ConnectRest
from connectors.errors import DependencyDown
from connectors.settings import Settings, load_settings

log = logging.getLogger(__name__)

RESTART_PAUSE_S = 3.0
PERIOD_S = 5.0


class ConnectorWatch:
    """Looks at the connector when asked, and starts it again when it has failed.

    Args:
        rest: the Connect worker.
        clock: seconds, never going back.
    """

    def __init__(self, rest: ConnectRest, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest = rest
        self._clock = clock
        self._last_restart = -RESTART_PAUSE_S
        self._last: ConnectorHealth | None = None

    @classmethod
    def of(cls, settings: Settings) -> "ConnectorWatch":
        """A watch over the configured Connect worker."""
        return cls(ConnectRest(settings))

    def check(self) -> ConnectorHealth:
        """The connector's state; a failed one has been told to restart.

        Never raises for a Connect worker that is away. Restarts are at least
        :data:`RESTART_PAUSE_S` apart. Takes up to the client's timeout.
        """
        health = self._rest.health()
        if health.failed:
            health = self._restart(health)
        if health != self._last:
            level = logging.INFO if health.healthy else logging.WARNING
            log.log(level, "connector %s, task %s %s", health.connector, health.task, health.trace)
        self._last = health
        return health

    def _restart(self, health: ConnectorHealth) -> ConnectorHealth:
        if self._clock() - self._last_restart < RESTART_PAUSE_S:
            return health
        self._last_restart = self._clock()
        try:
            self._rest.restart_failed()
        except DependencyDown as error:
            log.warning("the failed connector could not be restarted: %s", error)
            return health
        log.warning("connector restarted after: %s", health.trace)
        return replace(health, restarted=True)


def main() -> None:
    """Watch the configured connector until interrupted."""
    logging.basicConfig(level=logging.INFO)
    watch = ConnectorWatch.of(load_settings())
    while True:
        watch.check()
        time.sleep(PERIOD_S)


if __name__ == "__main__":
    main()
