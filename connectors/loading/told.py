"""What the audit log is told of a load: counts, nothing of a line. Pure."""

from pathlib import Path

from connectors.audit import Action, AuditEntry
from connectors.loading.summary import FileCounts, LoadSummary
from connectors.loading.tables import Table

ACTOR = "operator"
"""Whoever may run the loader has the source's password; no client of the API loads."""


def told(summary: LoadSummary, folder: Path, at_us: int) -> AuditEntry:
    """The entry of a load that has ended.

    Its detail is ``{"files": {"users.csv": {"accepted": …, "duplicates": …, "rejected": {reason:
    …}}, …}, "codes_in_conflict": …}``; the last one only where promo codes were loaded.

    Args:
        summary: what the load did.
        folder: where the files were; the log gets its last name.
        at_us: when it ended, microseconds since 1970 UTC.
    """
    files = {counts.table.file: _counted(counts) for counts in summary.files}
    codes = Table.PROMO_CODES in {counts.table for counts in summary.files}
    return AuditEntry(
        Action.LOAD,
        folder.resolve().name,
        at_us,
        ACTOR,
        key_id="",
        detail={
            "files": files,
            **({"codes_in_conflict": summary.codes_in_conflict} if codes else {}),
        },
    )


def _counted(counts: FileCounts) -> dict[str, int | dict[str, int]]:
    return {
        "accepted": counts.accepted,
        "duplicates": counts.duplicates,
        "rejected": {reason.value: count for reason, count in counts.rejected.items()},
    }
