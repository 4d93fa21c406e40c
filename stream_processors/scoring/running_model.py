"""The model that is running now; a new bundle is taken over between two batches."""

import logging
from pathlib import Path

from connectors.errors import BundleError
from ml.bundle import Model, current_version, load

_log = logging.getLogger(__name__)


class RunningModel:
    """Follows the link to the current bundle."""

    def __init__(self, models_dir: Path) -> None:
        self._models_dir = models_dir
        self._seen: str | None = None
        self._model: Model | None = None

    def current(self) -> Model | None:
        """The model to score with; None before the first training (rules alone).

        A bundle that cannot be used is refused with a log line, and the one before it stays.
        """
        version = current_version(self._models_dir)
        if version != self._seen:
            self._seen = version
            self._take_over(version)
        return self._model

    def _take_over(self, version: str | None) -> None:
        if version is None:
            self._model = None
            return
        try:
            self._model = Model(load(self._models_dir, version))
        except BundleError as error:
            running = self._model.bundle.version if self._model else "rules alone"
            _log.error("bundle refused", extra={"why": str(error), "running": running})
        else:
            _log.info("bundle taken over", extra={"version": version})
