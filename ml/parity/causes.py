"""What may have been missing when an account was scored. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ml.parity.arrivals import Arrivals, may_be_missing
from ml.parity.standing import Standing, Usage
from ml.store import HOUR_US, Link, Redemption
from warehouse.scorings import Scoring

LAG_US = HOUR_US
"""How long an erasure or a withdrawal may have been under way; no scoring tells when it came."""


CHANGED_LAG_US = 60_000_000
"""The same for a row or a decision that was changed: the account's next scoring need not be the
one that the change asked for."""

_RESCORE = "rescore"


class Kind(StrEnum):
    """Kinds of late events."""

    REGISTRATION = "registration"
    UPDATE = "update"
    REDEMPTION = "redemption"
    LINK_DECISION = "link decision"
    IDENTIFIER_DECISION = "identifier decision"
    ERASURE = "erasure"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """A late event: its kind, and whose it is (a redemption's usage id, an identifier's kind)."""

    kind: Kind
    identity: str


Dated = tuple[Cause | None, int]
"""A late event, None where it was surely known, and by when it was known at the latest."""


class Causes:
    """Tells late events: they may have been missing in one scoring, and hold today."""

    def __init__(self, standing: Standing, arrivals: Arrivals) -> None:
        self._standing = standing
        self._arrivals = arrivals
        self._changed: list[tuple[int, str]] | None = None

    def account(self, scoring: Scoring, user_id: str) -> Dated:
        """The account's row, if it may have been missing or another one."""
        committed = self._standing.accounts[user_id]
        known_by = self._arrivals.account_by(user_id, committed)
        kind = Kind.REGISTRATION
        if self._arrivals.is_change(user_id, committed):
            known_by, kind = max(known_by, committed + CHANGED_LAG_US), Kind.UPDATE
        return (Cause(kind, user_id) if may_be_missing(known_by, scoring) else None), known_by

    def own_update(self, scoring: Scoring) -> Cause | None:
        """A change of the scored account's own row that may have been missing."""
        cause, _ = self.account(scoring, scoring.user_id)
        return cause if cause is not None and cause.kind is Kind.UPDATE else None

    def perhaps_own_update(self, scoring: Scoring) -> Iterator[Cause]:
        """A change of the scored account's row that overtook its registration on the way.

        Both were committed before the first scoring, so that alone does not tell; but the change
        made the account be scored again, and that was not because of a redemption or a label.
        """
        cause, _ = self.account(scoring, scoring.user_id)
        if cause is not None and self._arrivals.next_trigger(scoring) == _RESCORE:
            yield Cause(Kind.UPDATE, scoring.user_id)

    def link_decision(self, scoring: Scoring, other: str) -> Dated:
        """A decision on links of the scored account or the other, not known by then."""
        decided = self._standing.decided_us(scoring.user_id, other)
        if decided is None:
            return None, 0
        known_by = max(
            self._arrivals.account_by(scoring.user_id, decided), decided + CHANGED_LAG_US
        )
        named = scoring.user_id if scoring.user_id in self._standing.decisions else other
        cause = Cause(Kind.LINK_DECISION, named)
        return (cause if may_be_missing(known_by, scoring) else None), known_by

    def identifier_decision(self, scoring: Scoring, link: Link, hashed: str) -> Dated:
        """A word on whether an identifier of the account counts, not known by then."""
        decided = self._standing.words.get((link, hashed))
        if decided is None:
            return None, 0
        known_by = max(
            self._arrivals.account_by(scoring.user_id, decided), decided + CHANGED_LAG_US
        )
        cause = Cause(Kind.IDENTIFIER_DECISION, link.value)
        return (cause if may_be_missing(known_by, scoring) else None), known_by

    def redemptions(
        self, scoring: Scoring, user_id: str, redemptions: Sequence[Redemption]
    ) -> dict[Redemption, tuple[Cause, int]]:
        """The account's redemptions that may have been missing, and by when each was known."""
        used = [redemption.used_at_us for redemption in redemptions]
        found = {}
        for redemption in redemptions:
            committed = self._standing.usages[redemption.usage_id].committed_at_us
            known_by = self._arrivals.redemption_by(user_id, redemption.used_at_us, committed, used)
            if may_be_missing(known_by, scoring):
                found[redemption] = Cause(Kind.REDEMPTION, str(redemption.usage_id)), known_by
        return found

    def gone_accounts(self, scoring: Scoring) -> Iterator[Cause]:
        """Accounts that may have shared identifiers then: erased or changed since."""
        for user_id, committed_at_us in sorted(self._standing.erased.items()):
            if committed_at_us + LAG_US > scoring.revision:
                yield Cause(Kind.ERASURE, user_id)
        for committed_at_us, user_id in self._changed_accounts():
            if committed_at_us + LAG_US > scoring.revision:
                yield Cause(Kind.UPDATE, user_id)

    def gone_redemptions(self, scoring: Scoring) -> Iterator[Cause]:
        """Redemptions that may have counted then: withdrawn, changed or moved since."""
        for usage_id, committed_at_us in sorted(self._standing.withdrawn.items()):
            if committed_at_us + LAG_US > scoring.revision:
                yield Cause(Kind.WITHDRAWAL, str(usage_id))
        for usage_id, usage in self._standing.usages.items():
            if usage.used_at_us <= scoring.event_time_us and self._may_have_moved(usage, scoring):
                yield Cause(Kind.REDEMPTION, str(usage_id))

    def _may_have_moved(self, usage: Usage, scoring: Scoring) -> bool:
        """Whether a redemption's row may have been changed, or moved elsewhere, after a scoring."""
        if usage.committed_at_us + CHANGED_LAG_US < scoring.revision:
            return False
        known_by = self._arrivals.account_by(usage.user_id, usage.committed_at_us)
        return may_be_missing(known_by, scoring)

    def _changed_accounts(self) -> list[tuple[int, str]]:
        if self._changed is None:
            self._changed = sorted(
                (committed_at_us, user_id)
                for user_id, committed_at_us in self._standing.accounts.items()
                if self._arrivals.is_change(user_id, committed_at_us)
            )
        return self._changed
