"""What the audit log is told of a load: counts, nothing of a line. Pure."""

from collections.abc import Mapping
from pathlib import Path

from connectors.audit import Action, AuditEntry, Detail
from connectors.loading.identifiers import IdentifierCounts
from connectors.loading.summary import FileCounts, LoadSummary
from connectors.loading.tables import Table

ACTOR = "operator"
"""Whoever may run the loader has the source's password; no client of the API loads."""


def told(summary: LoadSummary, folder: Path, at_us: int) -> AuditEntry:
    """The entry of a load that has ended.

    Its detail is ``{"files": {"users.csv": {"accepted": …, "duplicates": …, "rejected": {reason:
    …}}, …}, "codes_in_conflict": …, "identifiers": {"device": {"sharing": …, "placeholders": {word:
    …}}, …}}``; the last two only where promo codes and users were loaded.

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
            **({"identifiers": _shared(summary.identifiers)} if summary.identifiers else {}),
        },
    )


def _shared(identifiers: Mapping[str, IdentifierCounts]) -> dict[str, Detail]:
    return {
        kind: {"sharing": counts.sharing, "placeholders": dict(counts.placeholders)}
        for kind, counts in identifiers.items()
    }


def _counted(counts: FileCounts) -> dict[str, int | dict[str, int]]:
    return {
        "accepted": counts.accepted,
        "duplicates": counts.duplicates,
        "rejected": {reason.value: count for reason, count in counts.rejected.items()},
    }
