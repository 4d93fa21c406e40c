"""One training from history to a published bundle, with the time that each step took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.errors import BundleError
from connectors.profile import conventions_of
from connectors.settings import Settings
from ml.bundle import Bundle, current_version, load, write
from ml.policy_file import load_policy
from ml.training.comparison import Comparison, compare, measured
from ml.training.evaluate import REPEATS, evaluate
from ml.training.examples import Examples, examples_of
from ml.training.folder import read_folder
from ml.training.history import History, read_warehouse
from ml.training.money import costs_of
from ml.training.publication import bundle_of
from ml.training.replay import replay
from ml.training.report import write_report
from ml.training.study import Study, study_of
from ml.training.succession import challenge, take_over
from ml.training.summary import summary
from warehouse.client import reader

REPORT = "report"
"""The report's folder within the bundle's."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of the new bundle.

    Attributes:
        challenger: it is only tried in shadow.
        force: it becomes current even if it is worse.
    """

    challenger: bool = False
    force: bool = False


def train(settings: Settings, wish: Wish = Wish()) -> Bundle:
    """Train from the warehouse's history, evaluate, and publish unless it is worse.

    A model that is worse than the running one, or that is wished for as a challenger, is
    tried in shadow.

    Raises:
        TrainingError: there are no labels, or too few.
        PolicyError: the policy file says what a policy cannot.
        DependencyDown: ClickHouse does not answer.
    """
    return _train(settings, wish, lambda: read_warehouse(reader(settings)))


def train_from_folder(settings: Settings, folder: Path, wish: Wish = Wish()) -> Bundle:
    """As :func:`train`, from CSV files; raises LoadError where they cannot be read."""
    return _train(settings, wish, lambda: read_folder(folder, conventions_of(settings)))


def study_folder(settings: Settings, folder: Path, report: Path, repeats: int) -> Study:
    """Evaluate on CSV files and write the report; publishes nothing."""
    steps, conventions = _Steps(), conventions_of(settings)
    study, _ = _studied(settings, steps, lambda: read_folder(folder, conventions), repeats)
    with steps.timed("report"):
        write_report(study, report)
    return study


def _train(settings: Settings, wish: Wish, read: Callable[[], History]) -> Bundle:
    steps, models_dir = _Steps(), settings.models_dir
    study, examples = _studied(settings, steps, read, REPEATS)
    bundle = bundle_of(study, examples, datetime.now(UTC))
    with steps.timed("comparison"):
        comparison = _compared(settings, bundle, examples)
    folder = write(bundle, models_dir)
    with steps.timed("report"):
        page = write_report(study, folder / REPORT)
    print(summary(study, bundle, steps.seconds))
    print(_publish(models_dir, bundle, comparison, wish))
    print(f"model: {folder}\nreport: {page}")
    return bundle


def _studied(
    settings: Settings, steps: "_Steps", read: Callable[[], History], repeats: int
) -> tuple[Study, Examples]:
    costs, policy = costs_of(settings), load_policy(settings.policy_file)
    threads = settings.training_threads
    with steps.timed("history"):
        history = read()
    with steps.timed("replay"):
        examples = examples_of(replay(history), policy.rules)
    with steps.timed("evaluation"):
        evaluation = evaluate(examples, costs, threads, repeats=repeats)
    with steps.timed("fit and checks"):
        study = study_of(history, examples, evaluation, costs, policy, threads)
    return study, examples


def _compared(settings: Settings, bundle: Bundle, examples: Examples) -> Comparison:
    version = current_version(settings.models_dir)
    if version is None:
        return Comparison(False, "there was none before")
    try:
        running = load(settings.models_dir, version)
    except BundleError as error:
        return Comparison(False, f"the running model cannot be compared: {error}")
    candidate = measured(bundle.metrics, bundle.training_digest)
    assert candidate is not None
    return compare(candidate, running, examples, settings.training_threads)


def _publish(models_dir: Path, bundle: Bundle, comparison: Comparison, wish: Wish) -> str:
    """Give the bundle its part to play; says which, and why."""
    running = current_version(models_dir)
    if wish.challenger and running is not None:
        challenge(models_dir, bundle.version)
        return f"challenger of {running}, as wished: {comparison.why}"
    if comparison.worse and not wish.force:
        challenge(models_dir, bundle.version)
        return (
            f"NOT published, worse than {running}, which stays: {comparison.why}. It is tried in"
            " shadow as challenger; `make promote` or `make train FORCE=1` publishes it anyway"
        )
    take_over(models_dir, bundle.version)
    how = "although it is worse, as wished" if comparison.worse else "not worse than the one before"
    return f"published, {how if running else 'the first model'}: {comparison.why}"


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
