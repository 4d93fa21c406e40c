"""docs/scaling.md says what was measured, and its calculations are what it says they are."""

from dataclasses import replace

import pytest

from benchmarks import capacity
from benchmarks.capacity import PARTS, Measured, limits
from benchmarks.scaling_page import PAGE, page

COST = {f"{part}_us": 100.0 for part in PARTS}
SHOP = Measured(
    registration={
        **COST,
        "Redis: memory bytes": 3_000.0,
        "Kafka: promo.public.users bytes": 400.0,
        "Kafka: promo.public.promo_usages bytes": 0.0,
        "Kafka: promo.risk_scores bytes": 200.0,
        "Kafka: promo.abuse_alerts bytes": 9.0,
        "promo.risk_scores messages": 1.0,
    },
    redemption={
        **COST,
        "redis_us": 300.0,
        "Redis: memory bytes": 500.0,
        "Kafka: promo.public.users bytes": 0.0,
        "Kafka: promo.public.promo_usages bytes": 250.0,
        "Kafka: promo.risk_scores bytes": 400.0,
        "Kafka: promo.abuse_alerts bytes": 9.0,
        "promo.risk_scores messages": 2.0,
    },
    workers={"one_rows_per_s": 3_000.0, "redis_us_a_row_of_2": 50.0},
    postgres_per_s=7_000.0,
    debezium_per_s=15_000.0,
    sustained_per_s=1_500.0,
    cores=2,
    partitions=4,
)


def row(table_rows: object, first: str) -> tuple[str, ...]:
    (found,) = [r for r in table_rows if r[0].startswith(first)]  # type: ignore[attr-defined]
    return tuple(found)


def test_the_page_has_the_figures_of_the_files() -> None:
    text = PAGE.read_text()
    assert page(text) == text, "python -m benchmarks.scaling_page"


def test_a_section_that_nobody_makes_is_refused() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        page(PAGE.read_text() + "\n<!-- begin nonsense -->\n<!-- end nonsense -->\n")


def test_what_ends_first_stands_first_and_is_bold_where_it_is_over_its_limit() -> None:
    rows = capacity.breaking(SHOP).rows
    assert [one.rows_per_s for one in limits(SHOP)] == sorted(o.rows_per_s for o in limits(SHOP))
    assert rows[0][0] == "all parts on one machine of 2 cores"
    assert row(rows, "Redis")[1:2] == ("20,000",)
    assert row(rows, "Redis")[3:6] == ("2%", "15%", "**150%**")
    slower = replace(SHOP, debezium_per_s=1_000.0)
    assert limits(slower)[0].what == "Debezium, one task"


def test_a_parts_cores_are_its_rate_times_its_cost_at_seventy_percent() -> None:
    rows = capacity.cores(SHOP).rows
    # (100 + 300) / 2 = 200 µs; 3,000 rows/s take 0.6 s a second.
    assert row(rows, "Redis")[1:] == ("200", "0.1", "0.9", "8.6")


def test_workers_are_as_many_as_keep_up_at_seventy_percent() -> None:
    assert [r[2:] for r in capacity.workers_needed(SHOP).rows] == [
        ("1", "4"), ("2", "4"), ("15", "30"),
    ]  # fmt: skip


def test_an_accounts_bytes_are_its_rows_and_its_newest_score() -> None:
    rows = capacity.growth(SHOP).rows
    assert row(rows, "Redis") == ("Redis, memory", "3,500", "3.5 GB", "35.0 GB", "350 GB")
    # 400 + 250 of rows, 600 / 3 of the score that stays; alerts go after days.
    assert row(rows, "Kafka")[1] == "850"
