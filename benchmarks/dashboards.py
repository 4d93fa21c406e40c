"""How long every panel of every dashboard takes in a warehouse with a busy shop's two years.

The panels' own SQL, resolved and asked as the built-in page does, one at a time. Filling takes a
minute, measuring ten; ``BENCH_USERS`` makes the warehouse smaller (five redemptions a user).
"""

import asyncio
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from api.dashboards import MOST_ROWS
from api.warehouse_reader import WarehouseReader
from benchmarks.big_warehouse.fill import fill
from benchmarks.big_warehouse.merging import hold_merges, merge_all
from benchmarks.big_warehouse.sizes import USERS, Sizes
from benchmarks.figures import Figure, Section, Table, percentile
from benchmarks.workbench import Workbench
from connectors.errors import DependencyDown
from connectors.settings import Settings
from grafana.viewer.board import Board
from grafana.viewer.choices import choices
from grafana.viewer.macros import Question, resolve
from grafana.viewer.period import span
from grafana.viewer.shelf import every_board
from infra.native.apart import running_stack, stack_settings
from warehouse.client import reader

DEFAULT_S, EVERYTHING_S = 1.0, 2.0
AFTER_FAILURE_S = 2.0
"""After one the page refuses what is asked for a second."""
RUNS, FEWER_RUNS = 15, 5
"""Of what has a mark, and of what stands beside it."""
AHEAD = timedelta(minutes=40)
"""How far the rows reach into the future: panels that ask for the newest samples by the clock shall
find some until the last run; they read more of them than in life."""
_BUSIEST_SUSPECT = """
SELECT user_id FROM promo_usages WHERE user_id IN (SELECT user_id FROM standing_accounts)
GROUP BY user_id ORDER BY count() DESC LIMIT 1
"""
_CHOSEN = {"timezone": "America/New_York", "discount": "percentage"}
"""What a reader filters by: the most common of each, which leaves most to be counted."""


class Asked(StrEnum):
    """For which rows a panel is asked."""

    DEFAULT = "default range"
    EVERYTHING = "everything"
    FILTERED = "everything, filtered"


Name = tuple[str, str]
"""A dashboard's uid and a panel's title."""
Times = Mapping[tuple[Name, Asked], Sequence[float]]
"""Seconds of every run."""


@dataclass(frozen=True, slots=True)
class Case:
    """One panel's question, asked in one way."""

    name: Name
    asked: Asked
    question: Question


def measure(bench: Workbench) -> Section:
    """Fill, ask every panel before any merge and after all."""
    sizes = Sizes(int(os.environ.get("BENCH_USERS", USERS)))
    settings = stack_settings(bench.scratch / "big-warehouse")
    with running_stack(settings, "clickhouse") as ready:
        hold_merges(ready)
        until, started = datetime.now(UTC).replace(microsecond=0) + AHEAD, time.monotonic()
        fill(ready, sizes, until)
        fill_s = time.monotonic() - started
        found = cases(ready, until)
        unmerged = asyncio.run(ask(ready, found, FEWER_RUNS))
        merge_all(ready)
        merged = asyncio.run(ask(ready, found, RUNS))
    return _section(sizes, fill_s, merged, unmerged)


def cases(settings: Settings, until: datetime) -> Sequence[Case]:
    """Every panel of every dashboard that asks something, in each way.

    Args:
        settings: of a stack with a filled warehouse.
        until: the moment of its newest rows, which is "now" to the panels.
    """
    with reader(settings) as client:
        user = client.command(_BUSIEST_SUSPECT)
    return [case for board in every_board().values() for case in _cases(board, str(user), until)]


def _cases(board: Board, user: str, until: datetime) -> Iterator[Case]:
    named = {variable.name for variable in board.variables}
    own = [("var-user", user)] if "user" in named else []
    filters = [(f"var-{name}", value) for name, value in _CHOSEN.items() if name in named]
    for asked in Asked:
        if asked is Asked.FILTERED and not filters:
            continue
        begin = board.since if asked is Asked.DEFAULT else "now-2y"
        given = own + filters if asked is Asked.FILTERED else own
        period, chosen = span(begin, "now", until), choices(board, given)
        for panel in board.panels:
            if panel.target is not None:
                question = resolve(panel.target.sql, period, chosen)
                yield Case((board.uid, panel.title), asked, question)


async def ask(settings: Settings, found: Sequence[Case], runs: int) -> Times:
    """How long each case takes, in seconds; one run before those that count."""
    warehouse = WarehouseReader(settings)
    times: dict[tuple[Name, Asked], Sequence[float]] = {}
    started = time.monotonic()
    try:
        for case in found:
            seconds = [await _once(warehouse, case) for _ in range(runs + 1)]
            times[case.name, case.asked] = seconds[1:]
    finally:
        await warehouse.close()
    print(f"  {len(times)} questions asked ({time.monotonic() - started:.0f} s)", flush=True)
    return times


async def _once(warehouse: WarehouseReader, case: Case) -> float:
    """Seconds until the answer; infinite where the page would have given up."""
    started = time.perf_counter()
    try:
        await warehouse.table(case.question.sql, case.question.parameters, MOST_ROWS)
    except DependencyDown as error:
        print(f"  {case.name}, {case.asked}: {error}", flush=True)
        await asyncio.sleep(AFTER_FAILURE_S)
        return math.inf
    return time.perf_counter() - started


def _section(sizes: Sizes, fill_s: float, merged: Times, unmerged: Times) -> Section:
    marks = {Asked.DEFAULT: DEFAULT_S, Asked.EVERYTHING: EVERYTHING_S, Asked.FILTERED: EVERYTHING_S}
    names = list(dict.fromkeys(name for name, _ in merged))
    return Section(
        "Dashboards over two years of a busy shop",
        [_figure(asked, mark, merged, unmerged) for asked, mark in marks.items()],
        [Table("", _HEADINGS, [_row(name, merged, unmerged) for name in names])],
        (
            f"{sizes.users:,} users, {5 * sizes.users:,} redemptions, {3 * sizes.users // 2:,}"
            f" scorings, {sizes.batches} inserts a table and {sizes.batches // 20} again, filled in"
            f" {fill_s:.0f} s.",
            f"{RUNS} runs, one panel at a time; before any merge, which is worse than life,"
            f" {FEWER_RUNS}. A user's panels are of the flagged account that redeemed most.",
        ),
    )


def _figure(asked: Asked, mark_s: float, merged: Times, unmerged: Times) -> Figure:
    slowest_s, (_, title) = max(
        (percentile(seconds, 0.95), name) for (name, how), seconds in merged.items() if how is asked
    )
    before_s = max(percentile(s, 0.95) for (_, how), s in unmerged.items() if how is asked)
    return Figure(
        f"slowest panel, {asked}",
        f"p95 {slowest_s:.2f} s ({title}); before any merge {before_s:.2f} s",
        {"p95_s": slowest_s, "unmerged_p95_s": before_s},
        f"< {mark_s:.0f} s",
        slowest_s < mark_s,
    )


_HEADINGS = (
    "dashboard", "panel", "default p50 ms", "default p95 ms", "everything p95 ms",
    "filtered p95 ms", "unmerged: default p95 ms", "everything p95 ms",
)  # fmt: skip


def _row(name: Name, merged: Times, unmerged: Times) -> tuple[str, ...]:
    return (
        *name,
        _cell(merged, name, Asked.DEFAULT, 0.5),
        *(_cell(merged, name, asked, 0.95) for asked in Asked),
        _cell(unmerged, name, Asked.DEFAULT, 0.95),
        _cell(unmerged, name, Asked.EVERYTHING, 0.95),
    )


def _cell(times: Times, name: Name, asked: Asked, share: float) -> str:
    seconds = times.get((name, asked))
    if not seconds:
        return ""
    found = percentile(seconds, share)
    return f"{found * 1000:,.0f}" if math.isfinite(found) else "given up"
