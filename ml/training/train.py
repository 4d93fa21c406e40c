"""One training from history to a published bundle, with the time that each step took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from connectors.settings import Settings
from ml.bundle import Bundle, publish
from ml.training.evaluate import evaluate
from ml.training.examples import examples_of
from ml.training.fit import learn
from ml.training.folder import read_folder
from ml.training.history import History, read_warehouse
from ml.training.publication import bundle_of
from ml.training.replay import replay
from ml.training.report import FILE, report
from ml.training.thresholds import choose_thresholds
from warehouse.client import reader


def train(settings: Settings) -> Bundle:
    """Train from the warehouse's history, evaluate, and make the bundle current.

    Raises:
        TrainingError: there are no labels, or too few.
        DependencyDown: ClickHouse does not answer.
    """
    return _train(settings, lambda: read_warehouse(reader(settings)))


def train_from_folder(settings: Settings, folder: Path) -> Bundle:
    """As :func:`train`, from CSV files; raises LoadError where they cannot be read."""
    return _train(settings, lambda: read_folder(folder))


def _train(settings: Settings, read: Callable[[], History]) -> Bundle:
    steps, threads = _Steps(), settings.training_threads
    with steps.timed("history"):
        history = read()
    with steps.timed("replay"):
        examples = examples_of(replay(history))
    with steps.timed("evaluation"):
        evaluation = evaluate(examples, threads)
    with steps.timed("fit"):
        learned = learn(examples, examples.everyone, threads)
        thresholds = choose_thresholds(evaluation.labels, evaluation.out_of_fold)
    now = datetime.now(UTC)
    bundle = bundle_of(learned, thresholds, evaluation, history.digest, now)
    text = report(bundle, steps.seconds)
    folder = publish(bundle, settings.models_dir)
    (folder / FILE).write_text(text)
    print(f"{text}\nmodel: {folder}")
    return bundle


class _Steps:
    """Says what is being done, and how long it took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[step] = time.monotonic() - started
        print(f"training: {step} {self.seconds[step]:.1f} s", flush=True)
