"""What benchmarks share: a scratch folder, traffic, a trained model, a running stack."""

import contextlib
import io
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType

from benchmarks.mix import Mix
from benchmarks.pace import write_all
from connectors.drain import wait_drained
from connectors.settings import Settings
from ml.training.train import train_from_folder
from tests.conftest import running_stack, stack_settings
from tests.models import publish_small_model


class Workbench:
    """A context manager; what was started is stopped when it ends.

    Args:
        scratch: an empty folder.
        noaat: the folder of the Noaat data, which may be missing.
    """

    def __init__(self, scratch: Path, noaat: Path) -> None:
        self.scratch = scratch
        self._noaat = noaat
        self._running = ExitStack()

    def __enter__(self) -> "Workbench":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.close()

    @cached_property
    def mix(self) -> Mix:
        """The traffic."""
        return Mix(self._noaat, self.scratch / "traffic")

    @cached_property
    def live(self) -> Settings:
        """A complete running stack with a model; started once, warm and drained.

        Warm: a copy of the mix went through. Java compiles what it runs often, and until it has
        (half a minute at 300 rows a second), the parts compete with its compiler for the cores.
        """
        settings = self._running.enter_context(self.stack("live"))
        write_all(settings, self.mix.codes)
        write_all(settings, self.mix.copy())
        wait_drained(settings)
        return settings

    @contextmanager
    def stack(self, name: str, *parts: str, **more: object) -> Iterator[Settings]:
        """A running stack of its own, with the model; no ``parts`` means all."""
        settings = stack_settings(self.scratch / name, **more)
        shutil.copytree(self._models, settings.models_dir, symlinks=True)
        with running_stack(settings, *parts) as ready:
            yield ready

    @cached_property
    def _models(self) -> Path:
        settings = stack_settings(self.scratch / "training")
        if self.mix.is_noaat:
            with contextlib.redirect_stdout(io.StringIO()):
                train_from_folder(settings, self._noaat)
        else:
            publish_small_model(settings.models_dir)
        return settings.models_dir
