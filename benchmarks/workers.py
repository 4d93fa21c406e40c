"""What a second scoring worker gains: one backlog, drained by one and by two, in turns.

Nothing else runs but Kafka and Redis: PostgreSQL and Connect have filled the topics and are
stopped; ClickHouse, the warehouse worker, the monitor and the API are not started.
"""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median

import orjson

from benchmarks.backlog import fill
from benchmarks.figures import Figure, Section, Table
from benchmarks.stages import Doing, Stage
from benchmarks.team import MACHINE, THIS, Drained, drain
from benchmarks.workbench import Workbench
from connectors.settings import Settings
from infra.native import stack as native

COPIES = 3
ROUNDS = 3
_MUCH = 0.1
"""Of the cores: if more is idle, it is not the processor that is waited for."""
MARK_TIMES = 1.6
TEAMS = (1, 2)
OTHERS = "anything else"
_COMPUTE_S = 2.0

Runs = Mapping[int, Sequence[Drained]]


def measure(bench: Workbench) -> Section:
    """Drain by one and by two, alternated, then once each sampled."""
    alone, together = (computing(processes) for processes in TEAMS)
    with bench.stack("workers", "redis", "connector") as settings:
        rows = fill(settings, bench.mix, COPIES)
        for part in ("connect", "postgres"):
            native.stop_part(settings, part)
        drain(settings, max(TEAMS))  # Java compiles what it runs often: not measured
        runs: dict[int, list[Drained]] = {team: [] for team in TEAMS}
        for number in range(ROUNDS):
            for team in TEAMS if number % 2 == 0 else TEAMS[::-1]:
                runs[team].append(drain(settings, team))
                print(f"  {team} workers: {runs[team][-1].rate:,.0f} rows/s", flush=True)
        stages = {team: _sampled(settings, team) for team in TEAMS}
    return Section(
        "A second scoring worker",
        [_figure(runs, together / alone)],
        (_drains(runs), _processor(runs), _ceiling(runs, together / alone), _waits(stages, runs)),
        _notes(bench, rows, settings.kafka_partitions),
    )


def computing(processes: int) -> float:
    """What so many processes hash in a second that do nothing else, all together."""
    with get_context("spawn").Pool(processes) as pool:
        pool.map(_hashes, [0.1] * processes, chunksize=1)  # all have been started
        return sum(pool.map(_hashes, [_COMPUTE_S] * processes, chunksize=1))


def _hashes(seconds: float) -> float:
    started, done, text = time.perf_counter(), 0, b""
    while (elapsed := time.perf_counter() - started) < seconds:
        for _ in range(1_000):
            text = hashlib.blake2b(text, digest_size=16).digest()
        done += 1_000
    return done / elapsed


def ratios(runs: Runs) -> list[float]:
    """How many times as fast two were as one, in each round."""
    one, two = (runs[team] for team in TEAMS)
    return [pair.rate / single.rate for single, pair in zip(one, two, strict=True)]


def _figure(runs: Runs, of_machine: float) -> Figure:
    found = ratios(runs)
    times = median(found)
    rates = {team: median(run.rate for run in runs[team]) for team in TEAMS}
    one, two = (_ours(_busy(runs[team])) for team in TEAMS)
    cores = _cores()
    return Figure(
        "backlog, two scoring workers, times one",
        f"{times:.2f} x ({min(found):.2f} to {max(found):.2f}): {rates[1]:,.0f} and"
        f" {rates[2]:,.0f} rows/s",
        {
            "times": times,
            "least": min(found),
            "most": max(found),
            "one_rows_per_s": rates[1],
            "two_rows_per_s": rates[2],
            "ceiling": cores / one,
            "two_processes_that_only_compute": of_machine,
            **_costs(runs),
        },
        f"≥ {MARK_TIMES} x",
        times >= MARK_TIMES,
        _waits_for(cores, two, _busy(runs[2])[OTHERS]),
    )


def _waits_for(cores: int, ours: float, others: float) -> str:
    """Why two are not faster, by how many cores they, Redis and Kafka, and other work keep busy."""
    idle = (cores - ours - others) / cores
    why = (
        "answers of Redis and Kafka, since each has one batch in flight"
        if idle > _MUCH
        else ("processor")
    )
    return (
        f"{why}: two with Redis and Kafka keep {ours:.2f} of {cores} cores busy, other work"
        f" {others:.2f}; the tables below"
    )


def _costs(runs: Runs) -> dict[str, float]:
    """Processor microseconds a source row, by process, with one worker and with two."""
    found = {}
    for team in TEAMS:
        for name, used in _cost_us(runs[team]).items():
            found[f"{name.replace(' ', '_')}_us_a_row_of_{team}"] = used
    return found


def _cost_us(runs: Sequence[Drained]) -> dict[str, float]:
    """Processor microseconds a source row: workers together, and each other process."""
    rows = sum(run.rows for run in runs)
    return {name: used / rows * 1e6 for name, used in _used_s(runs).items()}


def _busy(runs: Sequence[Drained]) -> dict[str, float]:
    """Cores kept busy."""
    seconds = sum(run.seconds for run in runs)
    return {name: used / seconds for name, used in _used_s(runs).items()}


def _used_s(runs: Sequence[Drained]) -> dict[str, float]:
    """Processor seconds of all runs."""

    def used(*names: str) -> float:
        return sum(run.cpu_s[name] for run in runs for name in names)

    workers = [f"worker {slot}" for slot in range(runs[0].workers)]
    others = ("redis", "kafka", THIS)
    return {
        "workers": used(*workers),
        **{name: used(name) for name in others},
        OTHERS: used(MACHINE) - used(*workers, *others),
        MACHINE: used(MACHINE),
    }


def _drains(runs: Runs) -> Table:
    rows = []
    for number, found in enumerate(ratios(runs)):
        for team in TEAMS if number % 2 == 0 else TEAMS[::-1]:
            run = runs[team][number]
            rows.append(
                (
                    str(team),
                    f"{run.seconds:.1f}",
                    f"{run.rate:,.0f}",
                    f"{run.rows:,}",
                    f"{run.rescores:,}",
                    " / ".join(f"{rows:,}" for rows in run.source_rows),
                    " / ".join(f"{ended:.1f}" for ended in run.ended_s),
                    f"{found:.2f}" if team == max(TEAMS) else "",
                )
            )
    headings = ("workers", "seconds", "rows/s", "rows", "rescores")
    return Table(
        "Drains, in the order in which they ran",
        (*headings, "rows of each", "each done after s", "times one"),
        rows,
    )


def _processor(runs: Runs) -> Table:
    cores = _cores()
    columns = {team: _busy(runs[team]) for team in TEAMS}
    costs = {team: _cost_us(runs[team]) for team in TEAMS}
    rows = [
        (
            name,
            *(f"{columns[team][name] / cores:.0%}" for team in TEAMS),
            *(f"{costs[team][name]:.0f}" for team in TEAMS),
        )
        for name in columns[1]
    ]
    idle = [f"{1 - columns[team][MACHINE] / cores:.0%}" for team in TEAMS]
    return Table(
        f"Processor time, as a share of {cores} cores, and microseconds a source row",
        ("process", "share, one", "share, two", "µs a row, one", "µs a row, two"),
        [*rows, ("idle", *idle, "", "")],
    )


def _ceiling(runs: Runs, of_machine: float) -> Table:
    one, two = (_ours(_busy(runs[team])) for team in TEAMS)
    grown = _ours(_cost_us(runs[2])) / _ours(_cost_us(runs[1]))
    others = [_busy(runs[team])[OTHERS] / _cores() for team in TEAMS]
    scripts = [mean(run.scripts_s / run.seconds for run in runs[team]) for team in TEAMS]
    rows = [
        ("two processes that only compute, times one", f"{of_machine:.2f}"),
        (f"cores busy for one worker (it, Redis, Kafka), of {_cores()}", f"{one:.2f}"),
        ("so at one worker's cost a row, two can be at most, times one", f"{_cores() / one:.2f}"),
        ("a row's cost with two workers, times that with one", f"{grown:.2f}"),
        ("so at two workers' cost a row, times one", f"{_cores() / one / grown:.2f}"),
        ("cores busy for two workers", f"{two:.2f}"),
        ("share of the cores that anything else took: one, two", _shares(others)),
        ("share of the time that Redis is in a script: one, two", _shares(scripts)),
        ("so Redis alone would allow, times one worker's rate", f"{1 / scripts[0]:.1f}"),
    ]
    return Table("What this machine leaves", ("what", "measured"), rows)


def _ours(used: Mapping[str, float]) -> float:
    """What the workers, Redis, Kafka and this process used of it."""
    return used[MACHINE] - used[OTHERS]


def _shares(found: Sequence[float]) -> str:
    return ", ".join(f"{share:.0%}" for share in found)


def _waits(stages: Mapping[int, Sequence[Counter[tuple[str, str]]]], runs: Runs) -> Table:
    """Wall time of a worker by stage, in microseconds for each row that it handles itself."""
    us = {team: mean(run.seconds * team / run.rows for run in runs[team]) * 1e6 for team in TEAMS}

    def cells(stage: str) -> tuple[str, ...]:
        found = []
        for team in TEAMS:
            shares = [_share(counts, stage) for counts in stages[team]]
            busy, waits = (mean(pair) for pair in zip(*shares, strict=True))
            found += [f"{busy * us[team]:.0f}", f"{waits * us[team]:.0f}"]
        return tuple(found)

    return Table(
        "Where a worker's time goes (sampled), microseconds of wall time for each of its rows",
        ("stage", "one: works", "one: waits", "each of two: works", "each of two: waits"),
        [(stage, *cells(stage)) for stage in (*Stage, "all")],
    )


def _share(counts: Counter[tuple[str, str]], stage: str) -> tuple[float, float]:
    """Shares of a worker's whole time in which a stage works, and in which it waits."""
    total = sum(counts.values()) or 1
    mine = {kind: n for kind, n in counts.items() if stage in (kind[0], "all")}
    waits = sum(n for (_, doing), n in mine.items() if doing == Doing.NOTHING)
    return (sum(mine.values()) - waits) / total, waits / total


def _sampled(settings: Settings, team: int) -> list[Counter[tuple[str, str]]]:
    files = [Path(settings.state_dir) / f"stages-{team}-{slot}.json" for slot in range(team)]
    drain(settings, team, files)
    found = []
    for file in files:
        counts: Counter[tuple[str, str]] = Counter()
        for stage, doing, number in orjson.loads(file.read_bytes()):
            counts[stage, doing] += number
        found.append(counts)
    return found


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _notes(bench: Workbench, rows: int, partitions: int) -> tuple[str, ...]:
    data = "the Noaat data" if bench.mix.is_noaat else "seeded data"
    return (
        f"A backlog of {rows:,} source rows ({data}, {COPIES} copies with identifiers of their"
        f" own) in {partitions} partitions a topic, the same for all; two workers have half of"
        " the partitions each before the clock starts.",
        "PostgreSQL and Connect are stopped, the warehouse worker, the monitor, the API and"
        " ClickHouse not started: only Kafka, Redis, the workers and this process run.",
        "Rows are source rows: the same for one and for two, while the requests to score an"
        " account again that they cause (rescores) depend on who meets whom in a batch.",
        "Processor time is user and system time; waits in the last table include waiting for a"
        " core. Idle is what no process of the machine used.",
    )
