"""Sweeps, ``promo.sweeps``: whom it concerns whether an identifier counts, scored again.

A value that strangers share may be a hundred thousand accounts'. Whoever applies the decision
begins a sweep; whoever gets a sweep's message passes a page of accounts on to their owners, by
``promo.rescore``, and the rest of the sweep to whoever comes next. So each batch makes less work
than it does, and a registration waits behind a page at most. The message is acknowledged after
page and rest are delivered: a kill repeats a page, which changes nothing.
"""

import orjson

from connectors.errors import PoisonMessage
from connectors.topics import Topic
from stream_processors.delivery import Outgoing
from stream_processors.feature_store.identifier_wire import Sweep

PAGE = 100
"""Accounts that a batch passes on: half of those that it can score, so no backlog grows."""


def share_of_page(sweeps: int) -> int:
    """How many accounts each of so many sweeps may pass on in one batch: at least one."""
    return max(1, PAGE // max(1, sweeps))


def encode(sweep: Sweep) -> Outgoing:
    """The message for ``promo.sweeps``; all of a sweep are in one partition."""
    return Outgoing(
        Topic.SWEEPS,
        f"{sweep.kind}:{sweep.hashed}".encode(),
        orjson.dumps(
            {
                "kind": sweep.kind,
                "hash": sweep.hashed,
                "decision": sweep.decision,
                "after": sweep.after,
            }
        ),
    )


def decode(value: bytes | None) -> Sweep:
    """Read a message of ``promo.sweeps``.

    Raises:
        PoisonMessage: it is none.
    """
    try:
        fields = orjson.loads(value or b"")
        kind, hashed, decision = fields["kind"], fields["hash"], fields["decision"]
        after = None if fields["after"] is None else (int(fields["after"][0]), fields["after"][1])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise PoisonMessage("decode", f"not a sweep: {type(error).__name__}") from None
    texts = (kind, hashed, decision, *(after[1:] if after else ()))
    if not all(isinstance(text, str) for text in texts):
        raise PoisonMessage("decode", "a sweep with wrong types")
    return Sweep(kind, hashed, decision, after)
