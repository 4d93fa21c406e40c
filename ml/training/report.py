"""The report on a model: a page of Markdown, its pictures, its figures. The page is pure.

The same study gives the same bytes; there is no time of day in it, and no account's name.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ml.training import report_figures
from ml.training import report_text as text
from ml.training.evaluate import Method, Stage
from ml.training.figures import Figures
from ml.training.levels import Caught
from ml.training.reliability import reliability
from ml.training.study import Study

FILE = "README.md"
_SHOWN_RECALLS = ("0.50", "0.67", "0.75")


def write_report(study: Study, folder: Path) -> Path:
    """Write the page, its pictures and its figures; returns the page."""
    # Here, because whoever only asks for the tables need not load what draws.
    from ml.training import plots

    folder.mkdir(parents=True, exist_ok=True)
    plots.draw(study, folder)
    page = folder / FILE
    page.write_text(report(study))
    (folder / report_figures.FILE).write_bytes(report_figures.figures_of(study))
    return page


def report(study: Study) -> str:
    """The page."""
    sections = (
        [text.INTRODUCTION],
        ["## The data", "", *_data(study)],
        ["## Does it know what it must not know?", "", text.LEAKS, "", *_leaks(study)],
        ["## Cross-validation", "", text.cross_validation(study), "", *ranking_table(study)],
        ["![Precision over recall](precision-recall.png)"],
        [text.METHODS, "", *levels_table(study)],
        ["## In the order of time", "", *_in_time(study)],
        ["## Calibration", "", text.calibration(study), "", *_reliability(study)],
        ["![Believed against seen](reliability.png)"],
        ["## Thresholds from money", "", text.thresholds(study)],
        [thresholds_sentence(study), "", *_costs(study)],
        ["![Cost over the thresholds](cost.png)"],
        ["## What the model looks at", "", *_importances(study)],
        ["![Importance](importance.png)"],
        ["## Who is not found, and why", "", *_missed(study)],
    )
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def ranking_table(study: Study) -> list[str]:
    """Average precision with its deviation, and operating points, by method and stage."""
    evaluation = study.evaluation
    rows = [
        _ranking(
            stage,
            method,
            evaluation.figures[method, stage],
            f" ± {evaluation.deviations[method, stage].average_precision:.3f}",
        )
        for stage in Stage
        for method in Method
        if (method, stage) in evaluation.figures
    ]
    return _table(_RANKING, rows)


def levels_table(study: Study) -> list[str]:
    """What the levels hold, out of fold."""
    return _levels(study.levels)


def _levels(levels: Sequence[Caught]) -> list[str]:
    rows = ((level.level.value, f"{level.abusers:,}", f"{level.honest:,}") for level in levels)
    return _table(("level (model and rules, nobody labelled)", "abusers", "honest accounts"), rows)


def thresholds_sentence(study: Study) -> str:
    """Where the levels begin."""
    chosen = study.evaluation.thresholds
    return (
        f"A level begins at the probability {chosen.medium:.3f} (medium), {chosen.high:.3f}"
        f" (high: challenge), {chosen.critical:.3f} (critical: deny)."
    )


_RANKING = (
    "stage",
    "scored by",
    "average precision",
    "ROC AUC",
    "Brier",
    "log loss",
    *(f"precision at recall {recall}" for recall in _SHOWN_RECALLS),
)


def _ranking(stage: Stage, method: Method, found: Figures, spread: str) -> tuple[str, ...]:
    return (
        stage.value,
        method.value,
        f"{found.average_precision:.3f}{spread}",
        f"{found.roc_auc:.3f}",
        f"{found.brier:.4f}",
        f"{found.log_loss:.4f}",
        *(f"{found.precision_at_recall[recall]:.3f}" for recall in _SHOWN_RECALLS),
    )


def _data(study: Study) -> list[str]:
    data = study.data
    return _table(
        ("what", "how many"),
        (
            ("accounts", f"{data.accounts:,}"),
            ("of them labelled", f"{data.labelled:,}"),
            ("of them abusers", f"{data.abusers:,} ({data.abusers / data.labelled:.2%})"),
            ("sharing a device, phone or mailbox with another account", f"{data.linked:,}"),
            ("counted redemptions", f"{data.redemptions:,}"),
            ("sign-ups", f"{_day(data.first_us)} to {_day(data.last_us)}"),
            ("digest", data.digest),
        ),
    )


def _leaks(study: Study) -> list[str]:
    found = study.leaks
    return _table(
        ("check", "found", "would be, without a leak"),
        (
            (
                "average precision with labels dealt anew",
                _measured(found.shuffled),
                f"about {found.base_rate:.3f}, the share of abusers",
            ),
            (
                "ROC AUC of telling early from late honest sign-ups by all features together",
                _measured(found.calendar_auc),
                "about 0.5",
            ),
            (
                "the feature that follows the calendar most, its rank correlation",
                f"{found.calendar_feature}, {found.calendar_correlation:.3f}",
                "about 0",
            ),
            (
                "rows differ when the same events come in another order",
                _yes(found.order_matters),
                "no",
            ),
            ("rows differ when every label is turned round", _yes(found.labels_matter), "no"),
        ),
    )


def _in_time(study: Study) -> list[str]:
    found = study.in_time
    if found is None:
        return ["Too few labelled accounts of each kind before or after the cut to measure this."]
    rows = (
        _ranking(stage, method, figures, "")
        for (method, stage), figures in sorted(
            found.figures.items(), key=lambda item: list(Stage).index(item[0][1])
        )
    )
    opening = text.in_time(found, _day(found.cut_us))
    return [opening, "", *_table(_RANKING, rows), "", *_levels(found.levels)]


def _reliability(study: Study) -> list[str]:
    evaluation = study.evaluation
    header = ("probability", "accounts", "abusers", "mean probability", "seen", "95 % interval")
    rows = (
        (
            f"{one.begins:g} to {one.ends:.3g}",
            f"{one.accounts:,}",
            f"{one.abusers:,}",
            f"{one.believed:.4f}",
            f"{one.share:.4f}",
            f"{one.low:.4f} to {one.high:.4f}",
        )
        for one in reliability(evaluation.labels, evaluation.out_of_fold[Method.MODEL])
    )
    return _table(header, rows)


def _costs(study: Study) -> list[str]:
    rows = ((what, f"{cost:,.2f}") for what, cost in text.costs_of_doing(study))
    return _table(("what is done by the model's probability", "cost of 1,000 accounts"), rows)


def _importances(study: Study) -> list[str]:
    rows = ((name, f"{share:.1%}") for name, share in study.importances.items())
    return _table(("feature", "share of the gain"), rows)


def _missed(study: Study) -> list[str]:
    found = study.missed
    rows = ((kind.feature, f"{kind.abusers:,}", f"{kind.found:,}") for kind in found.kinds)
    table = _table(("unusual value of", "abusers", "of them found"), rows)
    return [text.missed(found), "", *table, "", text.plain(found)]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (header, ("---",) * len(header), *rows)]


def _day(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).date().isoformat()


def _measured(found: float | None) -> str:
    return "too few accounts" if found is None else f"{found:.3f}"


def _yes(found: bool) -> str:
    return "yes" if found else "no"
