"""What a log line says of an error: where it arose and of which kind, never whose row it was."""

import logging
import sys

import orjson

from connectors.errors import DependencyDown, PromoError
from stream_processors.logs import JsonFormatter


def logged(error: Exception) -> str:
    """The field ``error`` of a line about an error that was raised here."""
    try:
        raise error
    except Exception:
        record = logging.LogRecord("l", logging.ERROR, "p", 1, "m", (), sys.exc_info())
    return str(orjson.loads(JsonFormatter().format(record))["error"])


def test_an_unexpected_errors_text_stays_out() -> None:
    line = logged(KeyError("anna@example.org"))
    assert "KeyError" in line
    assert "in logged" in line
    assert "anna" not in line


def test_our_own_errors_say_what_to_do() -> None:
    assert logged(PromoError("fix the setting")).endswith("PromoError: fix the setting")


def test_the_error_behind_an_error_is_named_without_its_text() -> None:
    error = DependencyDown("ClickHouse: away")
    error.__cause__ = ValueError("anna@example.org")
    line = logged(error)
    assert "DependencyDown: ClickHouse: away" in line
    assert "ValueError" in line
    assert "anna" not in line
