"""Structured logs: one JSON object a line on standard error, for the supervisor to rotate.

An unexpected error's own text stays out: a library's may quote the row or the statement that it
failed on, and with it a person. Where it arose, and of which kind it is, tells enough; the message
that did it is named by its position.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.errors import PromoError

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """``{"at", "level", "logger", "message", …extra, "error"}``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON; ``extra`` fields appear under their own names."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = told(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def told(error: BaseException) -> str:
    """An error, and those behind it: where each arose, its kind, and its text if that is ours."""
    parts = []
    cause: BaseException | None = error
    while cause is not None:
        text = f": {cause}" if isinstance(cause, PromoError) else ""
        where = "".join(traceback.format_tb(cause.__traceback__))
        parts.append(f"{where}{type(cause).__qualname__}{text}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n\nafter:\n".join(parts)


def configure(level: str) -> None:
    """Log to standard error at a level; noisy libraries only from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("faust", "mode", "aiokafka", "asyncio", "httpx", "stream_processors.faust_app"):
        logging.getLogger(name).setLevel(logging.WARNING)
