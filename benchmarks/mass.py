"""How long a registration waits behind a mass of redemptions that were one transaction.

Not in seconds, which depend on the machine: in what the worker publishes of the mass between the
registration's arrival in its topic and its score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from confluent_kafka import Message

from benchmarks.figures import Figure, Section
from benchmarks.workbench import Workbench
from connectors.topics import Topic
from stream_processors.scoring.__main__ import BATCH
from tests.conftest import running_stack, stack_settings
from tests.e2e.pipeline import Pipeline
from tests.reading import eventually

ACCOUNTS, CODES = 3_000, 4
"""So many accounts redeem so many codes each, in one transaction."""

MOST_BATCHES = 5
"""A batch that is in work has to end, and another may be on its way."""

PATIENCE_S = 300.0
_LATE = "comes after the mass"


@dataclass(frozen=True, slots=True)
class Wait:
    """What happened to the registration that came after the mass.

    Attributes:
        before, meanwhile, after: scorings of the mass that were published before it arrived, while
            it waited for its score, and after that.
        seconds: how long it waited.
    """

    before: int
    meanwhile: int
    after: int
    seconds: float


def measure(bench: Workbench) -> Section:
    """On a stack of its own that scores by rules."""
    settings = stack_settings(bench.scratch / "mass")
    with running_stack(settings, "scoring-0", "connector") as ready:
        return _section(wait_behind_a_mass(Pipeline(ready)))


def wait_behind_a_mass(pipeline: Pipeline) -> Wait:
    """Let accounts redeem all at once, then somebody sign up, and look who was served first."""
    pipeline.run(
        "INSERT INTO users (user_id, created_at) SELECT 'of the mass ' || n, now()"
        " FROM generate_series(1, %s) n",
        ACCOUNTS,
    )
    eventually(
        lambda: len(pipeline.messages(Topic.RISK_SCORES)) >= ACCOUNTS,
        "the accounts are scored",
        timeout_s=PATIENCE_S,
    )
    pipeline.run(
        "INSERT INTO promo_usages (user_id, promo_code, used_at, used_promo)"
        " SELECT 'of the mass ' || n, 'MASS' || code, now(), true"
        " FROM generate_series(1, %s) n, generate_series(1, %s) code",
        ACCOUNTS,
        CODES,
    )
    pipeline.sign_up(_LATE)
    eventually(lambda: pipeline.risk(_LATE) is not None, "its score", timeout_s=PATIENCE_S)
    eventually(lambda: _is_over(pipeline), "the mass is scored", timeout_s=PATIENCE_S)
    return _wait(
        pipeline.messages(Topic.USERS, _LATE.encode()), pipeline.messages(Topic.RISK_SCORES)
    )


def _is_over(pipeline: Pipeline) -> bool:
    scores = [_score(message) for message in pipeline.messages(Topic.RISK_SCORES)]
    complete = {one["user_id"] for one in scores if one["features"]["redemptions"] == CODES}
    return len(complete) == ACCOUNTS


def _score(message: Message) -> dict[str, Any]:
    return dict(orjson.loads(message.value() or b""))


def _wait(arrivals: Sequence[Message], scores: Sequence[Message]) -> Wait:
    arrived_ms = min(map(_sent_ms, arrivals))
    scored_ms = min(_sent_ms(one) for one in scores if one.key() == _LATE.encode())
    mass = [_sent_ms(one) for one in scores if _score(one)["trigger"] == "redemption"]
    return Wait(
        sum(at < arrived_ms for at in mass),
        sum(arrived_ms <= at < scored_ms for at in mass),
        sum(at >= scored_ms for at in mass),
        (scored_ms - arrived_ms) / 1_000,
    )


def _sent_ms(message: Message) -> int:
    return message.timestamp()[1]


def _section(wait: Wait) -> Section:
    figure = Figure(
        "a registration behind a mass of redemptions: scorings of the mass that go before it",
        f"{wait.meanwhile:,} (in {wait.seconds:.1f} s; {wait.after:,} came after it)",
        {
            "before": wait.before,
            "meanwhile": wait.meanwhile,
            "after": wait.after,
            "waited_s": wait.seconds,
        },
        f"at most {MOST_BATCHES} batches of {BATCH}",
        wait.meanwhile <= MOST_BATCHES * BATCH,
        "registrations that are read before the other topics' backlog",
    )
    return Section(
        "A mass of redemptions in one transaction",
        (figure,),
        notes=(
            f"{ACCOUNTS:,} accounts redeem {CODES} codes each in one transaction, one more signs up"
            f" in the next; {wait.before:,} of their scorings were published before its message"
            " was in its topic. By rules alone; the stack has nothing but what scoring needs.",
        ),
    )
