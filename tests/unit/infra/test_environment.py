"""The virtual environment holds what the lock names, and nothing takes another's place."""

import importlib.metadata

import urllib3


def test_urllib3_is_itself_and_not_what_would_copy_itself_over_it() -> None:
    assert urllib3.__version__ == importlib.metadata.version("urllib3")
