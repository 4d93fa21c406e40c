"""Moments as arrays: all that fits, folds and figures are computed from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from connectors.errors import TrainingError
from ml.features.catalog import COMMON_COLUMNS, vector
from ml.features.feature import Common, Fact
from ml.policy import combine
from ml.rules.book import RULES, findings
from ml.rules.rule import Rule
from ml.store import STRONG_LINKS, Neighbourhood, identifiers
from ml.training.replay import Moment

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]
_MISSING = -1


@dataclass(frozen=True, slots=True)
class Values:
    """One fact of every row: ``codes[row]`` is an index into ``values``, -1 where unknown."""

    values: tuple[str, ...]
    codes: NDArray[np.intp]

    def shares(self, common: Common, fact: Fact) -> Numbers:
        """The column of shares, shape ``(rows,)``."""
        known = [common.share(fact, value) for value in self.values]
        return np.array([*known, common.share(fact, None)])[self.codes]


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows in event time, several of each account; arrays of shape ``(rows,)``.

    Attributes:
        user_ids: names of the accounts, by account number.
        accounts: each row's account number.
        labels: 1.0 abuser, 0.0 not, NaN unknown.
        clusters: number of the group of accounts linked by a strong identifier, at any time.
        at_registration: the account's first row.
        newest: the account's last row.
        by_rules: the rules' score alone.
        registered_at_us: sign-up of each row's account.
        facts: facts whose meaning depends on what is common.
        uncommon: vectors ``(rows, features)``, NaN in the columns of shares.
    """

    user_ids: tuple[str, ...]
    accounts: NDArray[np.intp]
    labels: Numbers
    clusters: NDArray[np.intp]
    at_registration: Mask
    newest: Mask
    by_rules: Numbers
    registered_at_us: NDArray[np.int64]
    facts: Mapping[Fact, Values]
    uncommon: Numbers

    @property
    def labelled(self) -> Mask:
        """Rows of accounts whose label is known."""
        return ~np.isnan(self.labels)

    @property
    def everyone(self) -> Mask:
        """All rows."""
        return np.ones(len(self.accounts), dtype=bool)

    @property
    def weights(self) -> Numbers:
        """One over the number of the account's rows, so that every account counts once."""
        return 1.0 / np.bincount(self.accounts)[self.accounts]

    def only(self, rows: Mask) -> "Examples":
        """The examples of some accounts alone; ``rows`` has all rows of each of them."""
        return replace(
            self,
            accounts=self.accounts[rows],
            labels=self.labels[rows],
            clusters=self.clusters[rows],
            at_registration=self.at_registration[rows],
            newest=self.newest[rows],
            by_rules=self.by_rules[rows],
            registered_at_us=self.registered_at_us[rows],
            facts={fact: replace(one, codes=one.codes[rows]) for fact, one in self.facts.items()},
            uncommon=self.uncommon[rows],
        )

    def vectors(self, common: Common) -> Numbers:
        """The vectors ``(rows, features)``, equal to :func:`ml.features.catalog.vector`'s."""
        vectors = self.uncommon.copy()
        for fact, column in COMMON_COLUMNS.items():
            vectors[:, column] = self.facts[fact].shares(common, fact)
        return vectors


def examples_of(moments: Iterable[Moment], rules: Sequence[Rule] = RULES) -> Examples:
    """Compute everything that does not depend on a fold, once.

    Args:
        moments: in event time.
        rules: of the policy that is in force.

    Raises:
        TrainingError: there is no account at all.
    """
    taken = list(moments)
    if not taken:
        raise TrainingError("there are no accounts yet: `make load` or `make simulate` first")
    numbers: dict[str, int] = {}
    accounts = np.array([numbers.setdefault(m.user_id, len(numbers)) for m in taken], dtype=np.intp)
    neighbourhoods = [moment.neighbourhood for moment in taken]
    return Examples(
        user_ids=tuple(numbers),
        accounts=accounts,
        labels=np.array([_number(moment.label) for moment in taken]),
        clusters=_clusters(neighbourhoods, accounts)[accounts],
        at_registration=_first_of_each(accounts),
        newest=_first_of_each(accounts[::-1])[::-1],
        by_rules=np.array(
            [combine(0.0, findings(known, rules).reasons) for known in neighbourhoods]
        ),
        registered_at_us=np.array(
            [known.profile.created_at_us for known in neighbourhoods], dtype=np.int64
        ),
        facts={fact: _values(neighbourhoods, fact) for fact in COMMON_COLUMNS},
        uncommon=np.stack([vector(known, Common()) for known in neighbourhoods]),
    )


def _number(label: bool | None) -> float:
    return float("nan") if label is None else float(label)


def _first_of_each(accounts: NDArray[np.intp]) -> Mask:
    first = np.zeros(len(accounts), dtype=bool)
    first[np.unique(accounts, return_index=True)[1]] = True
    return first


def _values(neighbourhoods: Sequence[Neighbourhood], fact: Fact) -> Values:
    numbers: dict[str, int] = {}
    codes = [
        _MISSING if value is None else numbers.setdefault(value, len(numbers))
        for value in (getattr(known.profile, fact) for known in neighbourhoods)
    ]
    return Values(tuple(numbers), np.array(codes, dtype=np.intp))


def _clusters(
    neighbourhoods: Sequence[Neighbourhood], accounts: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Union-find over strong identifiers: the root of each account."""
    parents = list(range(int(accounts.max()) + 1))

    def root(account: int) -> int:
        while parents[account] != account:
            parents[account] = account = parents[parents[account]]
        return account

    holders: dict[tuple[str, str], int] = {}
    for account, known in zip(accounts.tolist(), neighbourhoods, strict=True):
        for link, hashed in identifiers(known.profile).items():
            if link in STRONG_LINKS:
                parents[root(account)] = root(holders.setdefault((link, hashed), account))
    return np.array([root(account) for account in range(len(parents))], dtype=np.intp)
