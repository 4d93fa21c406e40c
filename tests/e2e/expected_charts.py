"""The task's four charts, computed with pandas from the CSV files alone."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True, slots=True)
class Charts:
    """What the dashboard has to show.

    Attributes:
        top_users, top_codes: the ten with most redemptions, and how many; ties sort by id.
        redemptions, registrations: counts by the month's first day, ``YYYY-MM-DD`` in UTC.
    """

    top_users: dict[str, int]
    top_codes: dict[str, int]
    redemptions: dict[str, int]
    registrations: dict[str, int]


def expected_charts(folder: Path) -> Charts:
    """Read the three files as the loader understands them: identical lines count once."""
    users = pd.read_csv(folder / "users.csv", dtype="string")
    usages = pd.read_csv(folder / "promo_usages.csv", dtype="string").drop_duplicates()
    redeemed = usages[usages["used_promo"].str.lower().isin(["true", "t"])]
    return Charts(
        top_users=_most(redeemed["user_id"]),
        top_codes=_most(redeemed["promo_code"]),
        redemptions=_by_month(redeemed["used_at"]),
        registrations=_by_month(users.drop_duplicates("user_id")["created_at"]),
    )


def _most(values: pd.Series) -> dict[str, int]:
    counts = values.value_counts().rename_axis("id").reset_index(name="n")
    ranked = counts.sort_values(["n", "id"], ascending=[False, True]).head(10)
    return dict(zip(ranked["id"].astype(str), ranked["n"].astype(int), strict=True))


def _by_month(moments: pd.Series) -> dict[str, int]:
    months = pd.to_datetime(moments, format="mixed", utc=True).dt.strftime("%Y-%m-01")
    return {str(month): int(n) for month, n in months.value_counts().sort_index().items()}
