"""When a change was known to the scoring workers at the latest, as scorings tell. Pure.

A commit's time says when a change can have reached the feature store at the earliest. When it
did is not written anywhere, but an account's own scoring is made from a read that follows the
change: a registration is known before its account's first scoring, a redemption before the
first scoring that counts it. A scoring reads first and is dated afterwards, so a change that
shows within :data:`READ_BEFORE_US` before another account's scoring may still be missing there.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from ml.store import CAP
from warehouse.scorings import Scoring

READ_BEFORE_US = 5_000_000
"""What a batch may take between reading the feature store and dating its scorings; far more than
it does, because a machine may pause."""

NEVER = 2**63


_Known = tuple[int, int, float, str]
"""Of a scoring: revision, event time, redemptions that were counted, trigger."""


class Arrivals:
    """The scorings of all accounts, as far as they tell what was known by then."""

    def __init__(self) -> None:
        self._known: defaultdict[str, list[_Known]] = defaultdict(list)

    def note(self, scoring: Scoring) -> None:
        """Take a scoring down; each account's come in order."""
        counted = scoring.features.get("redemptions") or 0.0
        self._known[scoring.user_id].append(
            (scoring.revision, scoring.event_time_us, counted, scoring.trigger)
        )

    def is_change(self, user_id: str, committed_at_us: int) -> bool:
        """Whether an account had been scored before its row was committed as it is now."""
        known = self._known.get(user_id)
        return known is not None and known[0][0] < committed_at_us

    def next_trigger(self, scoring: Scoring) -> str | None:
        """What made the account be scored after a scoring; None if it was its last."""
        known = self._known.get(scoring.user_id, ())
        return next((why for revision, *_, why in known if revision > scoring.revision), None)

    def account_by(self, user_id: str, committed_at_us: int) -> int:
        """By when a change of an account, or of its links, was known at the latest."""
        known = self._known.get(user_id, ())
        return next((revision for revision, *_ in known if revision >= committed_at_us), NEVER)

    def redemption_by(
        self, user_id: str, used_at_us: int, committed_at_us: int, all_used_at_us: Sequence[int]
    ) -> int:
        """By when a redemption was known at the latest.

        ``all_used_at_us`` are the account's redemptions in order: a scoring that counts as many
        as there are up to its event time counts this one.
        """
        for revision, event_time_us, counted, _ in self._known.get(user_id, ()):
            there = min(CAP, bisect_right(all_used_at_us, event_time_us))
            if revision >= committed_at_us and event_time_us >= used_at_us and counted >= there:
                return revision
        return NEVER


def may_be_missing(known_by_us: int, scoring: Scoring) -> bool:
    """Whether a change that was known by then may be missing in a scoring."""
    return known_by_us > scoring.revision - READ_BEFORE_US
