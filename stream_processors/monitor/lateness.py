"""From ages to what is said: which stage no heartbeat reaches, and what to do. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.pipeline_health import Problem
from stream_processors.monitor.ages import Stage, StageAge

_OWN_S = 10.0
"""A stage is late by itself if it is so much later than the one before it."""

_BEFORE: Mapping[Stage, Stage] = {
    Stage.CONNECTOR: Stage.POSTGRES,
    Stage.SCORING: Stage.CONNECTOR,
    Stage.REDIS: Stage.CONNECTOR,
    Stage.WAREHOUSE: Stage.CONNECTOR,
    Stage.CLICKHOUSE: Stage.CONNECTOR,
}

_STORES: Mapping[Stage, Stage] = {Stage.SCORING: Stage.REDIS, Stage.WAREHOUSE: Stage.CLICKHOUSE}
"""A worker that waits for its store takes nothing more: both are late, and one of them is named."""


@dataclass(frozen=True, slots=True)
class Known:
    """What else is known when something is late.

    Attributes:
        down: parts that do not answer.
        waits_for: dependencies that each worker waits for.
        owners: the scoring worker of each partition, as far as one was seen.
    """

    down: frozenset[str] = frozenset()
    waits_for: Mapping[str, frozenset[str]] = field(default_factory=dict)
    owners: Mapping[int, str] = field(default_factory=dict)


def late_stages(ages: Sequence[StageAge], known: Known) -> list[Problem]:
    """The stages that are late by themselves, in their order, without what follows from them."""
    by_stage = {age.stage: age for age in ages}
    problems: list[Problem] = []
    for stage in (Stage.POSTGRES, Stage.CONNECTOR, Stage.SCORING, Stage.WAREHOUSE):
        age = by_stage[_STORES.get(stage, stage)]
        late = _late_by_itself(age, by_stage.get(_BEFORE.get(stage, Stage.POSTGRES)), stage)
        if late:
            problems.append(_problem(stage, late, known))
    return problems


def _late_by_itself(age: StageAge, before: StageAge | None, stage: Stage) -> tuple[int, ...]:
    if before is None or stage is Stage.POSTGRES:
        return age.late
    return tuple(
        n for n in age.late if age.by_partition[n] > before.by_partition.get(n, 0.0) + _OWN_S
    )


def _problem(stage: Stage, late: tuple[int, ...], known: Known) -> Problem:
    match stage:
        case Stage.POSTGRES:
            return Problem(
                stage,
                "PostgreSQL takes no heartbeat",
                "is it up, does it take writes? `make up`, `make logs PART=postgres`",
            )
        case Stage.CONNECTOR:
            return Problem(
                stage,
                "no row leaves PostgreSQL: Debezium brings none into Kafka",
                "mend what `make status` says of the publication, the slot and the connector; if it"
                " says nothing of them, `make restart PART=connect`",
            )
        case Stage.WAREHOUSE | Stage.CLICKHOUSE:
            return _of_worker(Stage.WAREHOUSE, Stage.CLICKHOUSE, ("warehouse",), "", known)
        case _:
            names = tuple(sorted({known.owners.get(n, "scoring-0") for n in late}))
            partitions = " (partition " + ", ".join(map(str, late)) + ")"
            return _of_worker(Stage.SCORING, Stage.REDIS, names, partitions, known)


def _of_worker(
    stage: Stage, store: Stage, workers: tuple[str, ...], where: str, known: Known
) -> Problem:
    stuck = [name for name in workers if name in known.down]
    waits = frozenset[str]().union(*(known.waits_for.get(n, frozenset()) for n in workers))
    if store.value in known.down | waits:
        return Problem(
            store,
            f"no row arrives in {store}{where}: it does not answer, {', '.join(workers)} waits",
            f"`make up`; if it hangs, `make restart PART={store} KILL=1`",
        )
    restart = "; ".join(f"`make restart PART={name} KILL=1`" for name in stuck or workers)
    if waits:
        return Problem(
            stage,
            f"no row gets through {', '.join(workers)}{where}: it waits for {', '.join(waits)}",
            f"`make status` says what is wrong there; else {restart}",
        )
    state = "does not answer" if stuck else "does not get on"
    return Problem(
        stage,
        f"no row gets through {', '.join(stuck or workers)}{where}: it {state}",
        f"{restart}; halted or slow: `make logs`, `make dead-letters`",
    )
