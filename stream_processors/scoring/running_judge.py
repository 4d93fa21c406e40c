"""Who judges now; a new bundle is taken over between two batches."""

import logging
from pathlib import Path

from connectors.errors import BundleError
from ml.bundle import CHALLENGER, CURRENT, Model, linked_version, load
from ml.policy import Policy
from ml.scorer import Judge

_log = logging.getLogger(__name__)


class RunningJudge:
    """Follows the links to the current bundle and to its challenger."""

    def __init__(self, models_dir: Path, policy: Policy) -> None:
        self._champion = _Linked(models_dir, CURRENT)
        self._challenger = _Linked(models_dir, CHALLENGER)
        self._judge = Judge(policy=policy)

    def current(self) -> Judge:
        """The judge to score with; before the first training by rules alone.

        One batch is scored by one judge, so every score carries the version of the one bundle
        that made it. A bundle that cannot be used is refused with a log line, and the one
        before it stays.
        """
        model, challenger = self._champion.model(), self._challenger.model()
        if model is not self._judge.model or challenger is not self._judge.challenger:
            self._judge = Judge(model, self._judge.policy, challenger)
        return self._judge


class _Linked:
    """The model that one link in the models' folder points to."""

    def __init__(self, models_dir: Path, link: str) -> None:
        self._models_dir, self._link = models_dir, link
        self._seen: str | None = None
        self._model: Model | None = None

    def model(self) -> Model | None:
        version = linked_version(self._models_dir, self._link)
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
            running = self._model.bundle.version if self._model else "none"
            where = {"link": self._link, "running": running}
            _log.error("bundle refused", extra={"why": str(error), **where})
        else:
            _log.info("bundle taken over", extra={"link": self._link, "version": version})
