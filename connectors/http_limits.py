"""What one HTTP connection may hold, and for how long."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What connections may hold, and for how long.

    Attributes:
        head_bytes: request line and headers, and whatever else of a request is no body.
        headers: lines of a head.
        pipelined: requests that may wait behind the one that is being answered.
        connections: open at once in a process. Beyond it whoever keeps us waiting longest is let
            go of, so that a health check finds room; only where everybody is being answered is a
            new one refused.
        head_s: from a connection's beginning, or a head's first byte, to the head's last byte.
        body_stall_s: without a byte of a body that is expected.
        body_s: from the head's last byte to the body's.
        unread_s: in which a client that has an answer to read must have taken
            ``unread_bytes`` of it, or the whole of it.
    """

    head_bytes: int = 64 * 1024
    headers: int = 256
    pipelined: int = 256
    connections: int = 500
    head_s: float = 10.0
    body_stall_s: float = 10.0
    body_s: float = 60.0
    unread_s: float = 8.0
    unread_bytes: int = 48 * 1024
