"""Why a score is what it is: a closed form that rules and the model both speak."""

from dataclasses import dataclass

from ml.store import Link, LinkedAccount


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """One account that stands behind a reason.

    Attributes:
        user_id: the other account.
        through: the kind of identifier that both share.
        since_us: since when both exist: the later sign-up, microseconds since 1970 UTC.
    """

    user_id: str
    through: Link
    since_us: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason behind a score.

    Attributes:
        code: stable name, ``rule.<name>`` or ``model.<feature>``.
        description: a sentence for a person, without personal data.
        contribution: for a rule its weight in [0, 1]; for the model the feature's share of
            the log-odds (SHAP value), positive only.
        evidence: the accounts that stand behind it; empty for the model.
    """

    code: str
    description: str
    contribution: float
    evidence: tuple[Evidence, ...] = ()


def evidence_of(
    own_created_at_us: int, link: Link, accounts: tuple[LinkedAccount, ...]
) -> tuple[Evidence, ...]:
    """Evidence for accounts linked through one kind of identifier."""
    return tuple(
        Evidence(account.user_id, link, max(own_created_at_us, account.created_at_us))
        for account in accounts
    )
