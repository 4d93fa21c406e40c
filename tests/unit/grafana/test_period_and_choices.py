"""What an address may say: periods as Grafana writes them, and values that a dashboard offers."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import UnfitChoice
from grafana.viewer.choices import LONGEST_VALUE, MOST_VALUES, choices
from grafana.viewer.period import Span, span
from grafana.viewer.shelf import every_board
from warehouse.period import FIRST

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOW_MS = 1_795_608_000_000
DAY_MS = 86_400_000
END_MS = 253_402_300_800_000  # where year 10000 would begin
BOARD = every_board()["promo-overview"]


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("now", NOW_MS),
        ("now-15m", NOW_MS - 900_000),
        ("now-1h", NOW_MS - 3_600_000),
        ("now-90d", NOW_MS - 90 * DAY_MS),
        ("now-2w", NOW_MS - 14 * DAY_MS),
        ("now-1y", NOW_MS - 365 * DAY_MS),
        ("0", 0),
        ("-1000", -1_000),
        ("1795608000000", NOW_MS),
        ("2026-11-25", NOW_MS - DAY_MS // 2),
        ("2026-11-25T12:00:00Z", NOW_MS),
        ("2026-11-25T13:00:00+01:00", NOW_MS),
        ("2026-11-25T12:00:00.250", NOW_MS + 250),
    ],
)
def test_moments_are_read_as_grafana_writes_them(text: str, ms: int) -> None:
    assert span("-999999999", text, NOW) == Span(-999_999_999, ms)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "now-", "now-1", "now+1d", "1e9", "now-1d/d", "٣"]
)
def test_other_moments_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UnfitChoice) as refused:
        span(text, "now", NOW)

    assert "`from`" in str(refused.value)
    assert not text or text not in str(refused.value).replace("now-90d", "")


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(UnfitChoice):
        span("now", "now-1d", NOW)


@given(st.from_regex(r"now-[0-9]{1,5}[smhdwMy]|-?[0-9]{1,15}", fullmatch=True))
def test_no_moment_leaves_what_the_warehouse_can_hold(text: str) -> None:
    found = span(text, "9" * 15, NOW)

    assert FIRST.timestamp() * 1000 <= found.from_ms <= found.to_ms <= END_MS


def test_the_longest_period_holds_every_moment_of_the_calendar() -> None:
    for end in ("9999-12-31T23:59:59.999999", "9" * 15):
        assert span("now-99999y", end, NOW) == Span(-62_135_596_800_000, END_MS)


def test_what_is_not_chosen_is_the_default() -> None:
    assert choices(BOARD, [("from", "now-1d")]) == {
        "code": ("__all",),
        "discount": ("__all",),
        "timezone": ("__all",),
        "per": ("auto",),
        "first_event": (),
        "last_event": (),
    }


@given(st.lists(st.text(max_size=LONGEST_VALUE), min_size=1, max_size=5))
def test_chosen_values_stay_as_they_are_and_all_among_them_is_all(values: list[str]) -> None:
    given = [("var-code", value) for value in values]

    assert choices(BOARD, given)["code"] == tuple(values) or "__all" in values
    assert choices(BOARD, [*given, ("var-code", "__all")])["code"] == ("__all",)


@pytest.mark.parametrize(
    "given",
    [
        [("var-codes", "x")],
        [("var-code", "x" * (LONGEST_VALUE + 1))],
        [("var-code", str(n)) for n in range(MOST_VALUES + 1)],
        [("var-per", "day'; DROP TABLE users")],
        [("var-per", "day"), ("var-per", "hour")],
    ],
)
def test_values_that_do_not_fit_are_refused_and_not_repeated(given: list[tuple[str, str]]) -> None:
    with pytest.raises(UnfitChoice) as refused:
        choices(BOARD, given)

    assert "DROP" not in str(refused.value)
