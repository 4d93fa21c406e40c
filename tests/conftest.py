"""A native stack of the tests' own: real services on free ports, in a temporary folder."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connectors.settings import Settings
from infra.native import stack as native
from infra.native.apart import CACHE, free_ports, running_stack, stack_settings, taken_down

__all__ = ["CACHE", "free_ports", "running_stack", "stack_settings", "taken_down"]


LONG_S = 20.0
"""A part that takes so long to stop did not do as it was told; it is killed after a minute."""


def _report(name: str, what: str, seconds: float) -> None:
    native.print_report(name, what, seconds)
    if what == "stopped" and seconds > LONG_S:
        warnings.warn(f"{name} took {seconds:.0f} s to stop", stacklevel=1)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a complete running stack, shared by all tests; leave it running.

    Tests that stop, kill or fill parts take :func:`own_stack` instead.
    """
    with running_stack(
        stack_settings(tmp_path_factory.mktemp("stack")), report=_report
    ) as settings:
        yield settings


@pytest.fixture(scope="session")
def partial_stack(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Settings]]:
    """A function that starts the named parts of one shared stack, once each, and what they need.

    ``partial_stack("redis")`` is up in half a second where the whole stack takes ten.
    """
    settings = stack_settings(tmp_path_factory.mktemp("partial"))

    def start(*parts: str) -> Settings:
        return native.up(settings, parts=parts)

    with taken_down(settings, report=_report):
        yield start


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Callable[..., Settings]]:
    """A function that starts the named parts of a stack that this test may do anything to."""
    with ExitStack() as started:

        def start(*parts: str, **more: object) -> Settings:
            settings = stack_settings(tmp_path / "state", **more)
            started.enter_context(taken_down(settings, report=_report))
            return native.up(settings, parts=parts or None)

        yield start
