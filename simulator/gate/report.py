"""A play's figures as a table for people, as Markdown and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from simulator.gate.cast import Kind
from simulator.gate.figures import Figures, Share
from simulator.gate.floors import Check

ATTACK_HEADINGS = (
    "pack", "accounts", "caught", "at registration", "first caught (median, worst)",
    "time to catch", "saved", "lost", "floor",
)  # fmt: skip
HONEST_HEADINGS = ("pack", "accounts", "challenged", "denied", "ever flagged", "ceiling")
_SECONDS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True, slots=True)
class Report:
    """A play, and by what it was judged.

    Attributes:
        seeds: how many were played.
        judge: ``rules alone``, or the bundle's version.
        events: how many were played.
        figures: pack by pack.
        checks: the floors.
    """

    seeds: int
    judge: str
    events: int
    figures: Sequence[Figures]
    checks: Sequence[Check]

    @property
    def broken(self) -> list[Check]:
        """Floors that do not hold."""
        return [check for check in self.checks if not check.holds]


def print_report(report: Report, console: Console) -> None:
    """Print the tables, and every floor that is broken."""
    console.print(_summary(report))
    for title, headings, rows in _tables(report):
        table = Table(title=title, title_justify="left")
        for number, heading in enumerate(headings):
            table.add_column(heading, justify="left" if number == 0 else "right")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for check in report.broken:
        console.print(f"[bold red]broken[/]: {check}")
    if not report.broken:
        console.print(f"all {len(report.checks)} floors hold")


def write_report(report: Report, folder: Path, stem: str = "attack") -> tuple[Path, Path]:
    """Write ``<stem>.md`` and ``<stem>.json``; equal plays give equal files."""
    folder.mkdir(parents=True, exist_ok=True)
    text, data = folder / f"{stem}.md", folder / f"{stem}.json"
    text.write_text(markdown(report))
    data.write_bytes(orjson.dumps(_document(report), option=orjson.OPT_INDENT_2) + b"\n")
    return text, data


def markdown(report: Report) -> str:
    """The whole report as text."""
    return "\n".join(lines(report)) + "\n"


def lines(report: Report, *, title: bool = True) -> Iterator[str]:
    """The same, line by line."""
    if title:
        yield from ("# Attacks among honest people", "")
    yield _summary(report)
    for heading, headings, rows in _tables(report):
        yield ""
        yield f"## {heading}"
        yield ""
        yield "| " + " | ".join(headings) + " |"
        yield "| --- |" + " ---: |" * (len(headings) - 1)
        for row in rows:
            yield "| " + " | ".join(row) + " |"
    yield ""
    yield "## Floors"
    yield ""
    for check in report.checks:
        yield f"- {'holds' if check.holds else '**broken**'}: {check}"


def _summary(report: Report) -> str:
    accounts = sum(one.accounts for one in report.figures)
    return (
        f"{report.seeds} seeds, {accounts:,} accounts, {report.events:,} events,"
        f" judged by {report.judge}."
    )


def _tables(report: Report) -> Iterator[tuple[str, Sequence[str], list[tuple[str, ...]]]]:
    attacks = [one for one in report.figures if one.pack.kind.is_attack]
    honest = [one for one in report.figures if not one.pack.kind.is_attack]
    if attacks:
        yield "Attacks", ATTACK_HEADINGS, [_attack_row(one, report.checks) for one in attacks]
    if honest:
        rows = [_honest_row(one, report.checks) for one in honest]
        rows += _all_honest(report)
        yield "Honest people", HONEST_HEADINGS, rows


def _attack_row(one: Figures, checks: Sequence[Check]) -> tuple[str, ...]:
    worst = "never" if None in one.first_caught else str(max(n or 0 for n in one.first_caught))
    middle = one.median_first_caught
    return (
        one.pack.name,
        f"{one.accounts:,}",
        percent(one.flagged),
        percent(one.at_registration),
        f"{'never' if middle is None else f'{middle:g}'}, {worst}",
        span(one.median_caught_after_s),
        f"{one.saved:,.0f}",
        f"{one.lost:,.0f}",
        _verdict([check for check in checks if check.pack == one.pack.name]),
    )


def _honest_row(one: Figures, checks: Sequence[Check]) -> tuple[str, ...]:
    return (
        one.pack.name,
        f"{one.accounts:,}",
        percent(one.challenged),
        percent(one.denied),
        percent(one.ever_flagged),
        _verdict([check for check in checks if check.pack == one.pack.name]),
    )


def _all_honest(report: Report) -> Iterator[tuple[str, ...]]:
    mine = [one for one in report.figures if one.pack.kind is Kind.HONEST]
    if len(mine) > 1:

        def total(shares: Sequence[Share]) -> str:
            return percent(Share(sum(s.count for s in shares), sum(s.of for s in shares)))

        yield (
            "all honest packs",
            f"{sum(one.accounts for one in mine):,}",
            total([one.challenged for one in mine]),
            total([one.denied for one in mine]),
            total([one.ever_flagged for one in mine]),
            _verdict([check for check in report.checks if check.pack == "all honest packs"]),
        )


def _verdict(checks: Sequence[Check]) -> str:
    if not checks:
        return ""
    if any(not check.holds for check in checks):
        return "broken"
    return "as measured" if any("as measured" in check.what for check in checks) else "holds"


def percent(share: Share) -> str:
    """``12.3 %``, or nothing of nothing."""
    return "" if share.value is None else f"{share.value:.1%}".replace("%", " %")


def span(seconds: float | None) -> str:
    """A time in words; None is never."""
    if seconds is None:
        return "never"
    for size, name in _SECONDS:
        if seconds >= size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.0f} s"


def _document(report: Report) -> Mapping[str, object]:
    return {
        "seeds": report.seeds,
        "judge": report.judge,
        "events": report.events,
        "packs": [_pack(one) for one in report.figures],
        "floors": [
            {
                "pack": check.pack,
                "what": check.what,
                "count": check.measured.count,
                "of": check.measured.of,
                "bound": check.bound,
                "is_ceiling": check.is_ceiling,
                "holds": check.holds,
            }
            for check in report.checks
        ],
    }


def _pack(one: Figures) -> Mapping[str, object]:
    return {
        "pack": one.pack.name,
        "kind": one.pack.kind.value,
        "stories": one.stories,
        "accounts": one.accounts,
        "flagged": one.flagged.value,
        "challenged": one.challenged.value,
        "denied": one.denied.value,
        "ever_flagged": one.ever_flagged.value,
        "flagged_at_registration": one.at_registration.value,
        "first_caught": list(one.first_caught) if one.pack.kind.is_attack else [],
        "median_first_caught": one.median_first_caught,
        "median_caught_after_s": one.median_caught_after_s,
        "saved": float(one.saved),
        "lost": float(one.lost),
    }
