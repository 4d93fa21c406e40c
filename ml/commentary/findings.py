"""Everything that the page says, counted once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.loading.tables import Table
from ml.commentary import traps
from ml.commentary.cited import Cited, cited
from ml.commentary.effort import Area, effort
from ml.commentary.fits import DEALT, REPEATS, Chance, average_precisions, beside_chance
from ml.commentary.fits import with_phones_as as phones_as
from ml.commentary.leftover import NEITHER, Test, attributes, compare
from ml.commentary.links import Links, links
from ml.commentary.phones import Phones, national, phones, shape_by_account
from ml.commentary.quality import Quality, quality
from ml.commentary.shop import Shop
from ml.commentary.signals import FAST, Reach, Signals, among, signals
from ml.commentary.sizes import Month, Sizes, months, sizes
from ml.commentary.waits import Waits, waits
from ml.training.evaluate import FOLDS
from ml.training.examples import examples_of
from ml.training.replay import replay


@dataclass(frozen=True, slots=True)
class Monthly:
    """Accounts and redemptions by month of UTC.

    Attributes:
        honest, abusers: sign-ups; ``fast`` are those of abusers that redeemed at once.
        redemptions: all.
    """

    honest: Mapping[Month, int]
    abusers: Mapping[Month, int]
    fast: Mapping[Month, int]
    redemptions: Mapping[Month, int]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Average precision of the model, out of fold.

    Attributes:
        early, late: at registration, and with redemptions known.
        cleaned_early, cleaned_late: where phones were brought into one format beforehand.
    """

    early: float
    late: float
    cleaned_early: float
    cleaned_late: float
    folds: int = FOLDS
    repeats: int = REPEATS
    dealt: int = DEALT


@dataclass(frozen=True, slots=True)
class Findings:
    """What was counted and measured; ``tests`` and ``chance`` are of the accounts without any
    separating signal."""

    sizes: Sizes
    monthly: Monthly
    signals: Signals
    waits: Waits
    tests: tuple[Test, ...]
    chance: Chance
    ranked: Ranked
    order: traps.RowOrder
    calendar: traps.Calendar
    phones: Phones
    links: Links
    quality: Quality
    cited: Cited
    effort: tuple[Area, ...]

    @property
    def tried(self) -> int:
        """Attributes that were compared."""
        return len(self.tests)

    @property
    def significant(self) -> int:
        """Those of them that differ after correction."""
        return sum(test.is_significant for test in self.tests)

    @property
    def neither(self) -> Test:
        """The attribute of having verified nothing."""
        return next(test for test in self.tests if test.attribute == NEITHER)

    @property
    def fast(self) -> Reach:
        """The signal of the fast redemption."""
        return self.signals.named(FAST)


def findings(shop: Shop, repository: Path) -> Findings:
    """Count and measure all of it; half a minute for ten thousand accounts.

    Raises:
        LoadError: a file of figures in the repository is not there.
        TrainingError: too few labelled accounts.
    """
    reached = signals(shop.accounts)
    left = among(shop.accounts, reached.untouched)
    examples = examples_of(replay(shop.history))
    cleaned = phones_as(examples, shape_by_account(shop, national))
    early, late = average_precisions(examples, examples.at_registration, examples.newest)
    cleaned_early, cleaned_late = average_precisions(
        cleaned, cleaned.at_registration, cleaned.newest
    )
    return Findings(
        sizes=sizes(shop),
        monthly=_monthly(shop),
        signals=reached,
        waits=waits(shop.accounts),
        tests=compare(
            attributes(shop),
            [account for account in left if account.is_abuser],
            [account for account in left if not account.is_abuser],
        ),
        chance=beside_chance(examples, reached.untouched),
        ranked=Ranked(early, late, cleaned_early, cleaned_late),
        order=traps.row_order(shop),
        calendar=traps.calendar(shop.accounts, reached.separating),
        phones=phones(shop),
        links=links(shop),
        quality=quality(shop),
        cited=cited(repository),
        effort=effort(repository),
    )


def _monthly(shop: Shop) -> Monthly:
    abusers = [account for account in shop.accounts if account.is_abuser]
    fast = {account.profile.user_id for account in traps.fast_ones(shop.accounts)}
    used = (row["used_at"] for row in shop.files[Table.PROMO_USAGES].kept)
    return Monthly(
        honest=months(a.signed_up for a in shop.accounts if not a.is_abuser),
        abusers=months(a.signed_up for a in abusers),
        fast=months(a.signed_up for a in abusers if a.profile.user_id in fast),
        redemptions=months(at for at in used if isinstance(at, datetime)),
    )
