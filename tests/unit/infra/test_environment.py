"""The virtual environment holds what the lock names, and nothing takes another's place."""

from importlib import import_module
from importlib.metadata import version


def test_urllib3_is_itself_and_not_what_would_copy_itself_over_it() -> None:
    assert import_module("urllib3").__version__ == version("urllib3")
