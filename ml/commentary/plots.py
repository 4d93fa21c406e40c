"""The page's pictures, one idea each. Only this module draws.

The same findings give the same bytes, as :mod:`ml.training.plots` has it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ml.commentary.findings import Findings
from ml.commentary.share import Share
from ml.commentary.sizes import Month
from ml.training.plots import save, sheet

HONEST, ABUSER, OTHER = "#4878a8", "#c8442f", "#e0a030"
_MINUTE_S, _DAY_S = 60, 86_400
_TICKS_S = {
    _MINUTE_S: "1 min", 15 * _MINUTE_S: "15 min", 3_600: "1 h", _DAY_S: "1 day",
    30 * _DAY_S: "1 month", 365 * _DAY_S: "1 year", 5 * 365 * _DAY_S: "5 years",
}  # fmt: skip


def draw(found: Findings, folder: Path) -> None:
    """Write every picture of :data:`PICTURES` as a PNG file into an existing folder."""
    with mpl.rc_context(rc=mpl.rcParamsDefault):
        for name, picture in PICTURES.items():
            save(picture(found), folder / name)


def _over_time(found: Findings) -> Figure:
    figure, axes = sheet("month (UTC)", "rows in the month", height=3.4)
    signups = _sum(found.monthly.honest, found.monthly.abusers)
    span = _span(signups, found.monthly.redemptions)
    for counts, label, color in (
        (signups, "registrations", HONEST),
        (found.monthly.redemptions, "redemptions", OTHER),
    ):
        axes.step(_years(span), [counts.get(m, 0) for m in span], where="post", label=label,
                  color=color)  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


def _signals(found: Findings) -> Figure:
    figure, axes = sheet("share of the accounts that have it, with its 95 % interval", "", 5.2)
    reaches = found.signals.reaches[::-1]
    rows = np.arange(len(reaches))
    for shares, label, color, shift in (
        ([r.of_abusers for r in reaches], "abusers", ABUSER, 0.14),
        ([r.of_honest for r in reaches], "honest accounts", HONEST, -0.14),
    ):
        axes.errorbar(
            [share.value for share in shares], rows + shift, xerr=_bars(shares), fmt="o",
            capsize=2, color=color, label=label,
        )  # fmt: skip
    axes.set_yticks(rows, [reach.name for reach in reaches])
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axes.set_xlim(-0.02, 1.02)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.12))
    return figure


def _waits(found: Findings) -> Figure:
    figure, axes = sheet("from the sign-up to the first redemption", "accounts", height=3.6)
    edges = np.geomspace(_MINUTE_S, 6 * 365 * _DAY_S, 70)
    for them, label, color in (
        (found.waits.honest, "honest accounts", HONEST),
        (found.waits.abusers, "abusers", ABUSER),
    ):
        axes.hist(them, bins=edges.tolist(), color=color, label=label, alpha=0.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(list(_TICKS_S), list(_TICKS_S.values()))
    axes.set_xticks([], minor=True)
    axes.set_ylim(bottom=0.8)
    axes.legend(loc="upper left")
    return figure


def _reached(found: Findings) -> Figure:
    figure, axes = sheet("abusers", "", height=2.8)
    rows = [(reach.name, reach.of_abusers.successes, ABUSER) for reach in found.signals.separating]
    rows.append(("none of these", found.signals.none, "#888888"))
    names, counts, colors = zip(*rows[::-1], strict=True)
    axes.bar_label(axes.barh(names, counts, color=colors), padding=3)
    axes.set_xlim(0, max(counts) * 1.1)
    return figure


def _row_order(found: Findings) -> Figure:
    figure, axes = sheet("rows of the redemptions file, from its top", "share of the abusers met")
    percents = np.arange(len(found.order.curve)) / 100
    axes.plot(percents, found.order.curve, color=ABUSER, label="in the file's order")
    axes.plot([0, 1], [0, 1], color="gray", linestyle=":", label="in an order that tells nothing")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axes.legend(loc="lower right")
    return figure


def _calendar(found: Findings) -> Figure:
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    monthly = found.monthly
    span = _span(monthly.honest, monthly.abusers)
    slow = {month: n - monthly.fast.get(month, 0) for month, n in monthly.abusers.items()}
    at, width = _years(span), 1 / 13
    above.bar(at, [monthly.honest.get(m, 0) for m in span], width, color=HONEST, align="edge")
    above.set_ylabel("honest sign-ups")
    usual = [slow.get(m, 0) for m in span]
    below.bar(at, usual, width, color=ABUSER, align="edge", label="abusers")
    below.bar(at, [monthly.fast.get(m, 0) for m in span], width, usual, color=OTHER,
              align="edge", label="abusers that redeem at once")  # fmt: skip
    below.set_ylabel("abusers' sign-ups")
    below.set_xlabel("month of the sign-up (UTC)")
    below.set_ylim(0, max(monthly.abusers.values(), default=1) * 1.35)
    below.legend(loc="upper left", ncols=2)
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    return figure


PICTURES: Mapping[str, Callable[[Findings], Figure]] = {
    "over-time.png": _over_time,
    "signals.png": _signals,
    "waits.png": _waits,
    "reached.png": _reached,
    "row-order.png": _row_order,
    "calendar.png": _calendar,
}


def _bars(shares: Sequence[Share]) -> list[list[float]]:
    """What an interval reaches beyond its share, low and high."""
    ends = [(share.value, *share.interval) for share in shares]
    return [[value - low for value, low, _ in ends], [high - value for value, _, high in ends]]


def _sum(one: Mapping[Month, int], other: Mapping[Month, int]) -> dict[Month, int]:
    return {month: one.get(month, 0) + other.get(month, 0) for month in {**one, **other}}


def _span(*counted: Mapping[Month, int]) -> list[Month]:
    """Every month from the first to the last, the empty ones too, and one more."""
    known = [month for counts in counted for month in counts]
    first, last = (year * 12 + month - 1 for year, month in (min(known), max(known)))
    return [(n // 12, n % 12 + 1) for n in range(first, last + 2)]


def _years(span: Sequence[Month]) -> list[float]:
    return [year + (month - 1) / 12 for year, month in span]
