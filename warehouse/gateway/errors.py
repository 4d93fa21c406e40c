"""ClickHouse's error codes, and the HTTP status that fits each."""

import re

READONLY = (164, "READONLY")
SYNTAX_ERROR = (62, "SYNTAX_ERROR")
NOT_IMPLEMENTED = (48, "NOT_IMPLEMENTED")
BAD_ARGUMENTS = (36, "BAD_ARGUMENTS")
UNKNOWN_FORMAT = (73, "UNKNOWN_FORMAT")
INCORRECT_DATA = (117, "INCORRECT_DATA")
AUTHENTICATION_FAILED = (516, "AUTHENTICATION_FAILED")
ACCESS_DENIED = (497, "ACCESS_DENIED")
TOO_LARGE = (314, "QUERY_IS_TOO_LARGE")
ABORTED = (236, "ABORTED")
TOO_MANY = (202, "TOO_MANY_SIMULTANEOUS_QUERIES")
TIMEOUT_EXCEEDED = (159, "TIMEOUT_EXCEEDED")
SETTING_CONSTRAINT_VIOLATION = (452, "SETTING_CONSTRAINT_VIOLATION")
UNKNOWN_EXCEPTION = (1002, "UNKNOWN_EXCEPTION")

_STATUS_CODES: dict[int, frozenset[int]] = {
    # What the client can repair in its text or data.
    400: frozenset(
        {6, 25, 26, 27, 33, 36, 38, 41, 42, 43, 44, 53, 62, 69, 70, 72, 117, 131}
        | {167, 168, 306, 344, 363, 452, 456, 457, 472, 675, 676}
    ),
    # Who may not, or is not who it says.
    403: frozenset({164, 192, 193, 446, 497, 512, 516}),
    # Names that do not exist.
    404: frozenset({16, 46, 47, 50, 56, 60, 63, 73, 81, 115, 336}),
    408: frozenset({159}),
    413: frozenset({314}),
    501: frozenset({48}),
    503: frozenset({202, 236, 439}),
}
_ENGINE_ERROR = re.compile(
    r"Code:\s*(?P<code>\d+)\.\s*DB::\w+:\s*(?P<text>.*)\((?P<name>[A-Z][A-Z0-9_]+)\)", re.DOTALL
)


class GatewayError(Exception):
    """A refusal as a ClickHouse server words it: code, message, name of the code."""

    def __init__(self, code: int, text: str, name: str) -> None:
        super().__init__(code, text, name)
        self.code, self.text, self.name = code, text, name

    def __str__(self) -> str:
        return f"Code: {self.code}. DB::Exception: {self.text} ({self.name})"

    @property
    def status(self) -> int:
        """The HTTP status for the code; 500 where no other fits."""
        return next((s for s, codes in _STATUS_CODES.items() if self.code in codes), 500)


def refusal(code: tuple[int, str], text: str) -> GatewayError:
    """An error that the gateway itself raises."""
    return GatewayError(code[0], text, code[1])


def from_engine(error: Exception) -> GatewayError:
    """chDB raises text only: take code and name out of it, and drop what it wraps around."""
    found = _ENGINE_ERROR.search(str(error))
    if found is None:
        return refusal(UNKNOWN_EXCEPTION, str(error))
    return GatewayError(int(found["code"]), found["text"].strip(), found["name"])
