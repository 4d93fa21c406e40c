"""*Abuse desk*: what its figures mean, on a handful of accounts that can be counted by hand."""

import uuid
from collections.abc import Callable, Iterator, Mapping

import pytest

from connectors.moments import iso
from connectors.settings import Settings
from tests.integration.board import Board, empty_board
from tests.warehouse_filling import empty
from tests.warehouse_rows import EXAMPLES
from warehouse.rows import Row, Table

IDENTIFIERS = ("device", "phone", "email", "canonical_email", "ip", "network")
ALONE: Mapping[str, str | None] = dict.fromkeys(IDENTIFIERS)
TOGETHER = {**ALONE, "device": "d1", "network": "n1"}


@pytest.fixture
def board(partial_stack: Callable[..., Settings]) -> Iterator[Board]:
    """Ann and Ben share a device, Cat too, but is not flagged; Dan was cleared; Eve is alone."""
    settings = partial_stack("clickhouse")
    empty(settings, Table.ABUSE_ALERTS, Table.LABELS)
    with empty_board(settings) as made:
        fill(made)
        yield made
        empty(settings, Table.ABUSE_ALERTS, Table.LABELS)


def fill(board: Board) -> None:
    def at_us(seconds: float) -> int:
        return round((board.begin_s + seconds) * 1e6)

    def row(table: Table, **values: object) -> Row:
        return Row(table, {**EXAMPLES[table].values, **values})

    def user(
        name: str,
        at_s: float,
        shared: Mapping[str, str | None] = ALONE,
        is_abuser: bool | None = None,
    ) -> Row:
        moment = iso(at_us(at_s))
        told = {"created_at": moment, "committed_at": moment, "is_abuser": is_abuser}
        return row(Table.USERS, user_id=name, **shared, **told)

    def alert(name: str, at_s: float, status: str, level: str, value: str | None) -> Row:
        told = {"status": status, "level": level, "value_at_risk": value, "revision": at_us(at_s)}
        told |= {"alert_id": str(uuid.uuid5(uuid.NAMESPACE_OID, name)), "user_id": name}
        return row(Table.ABUSE_ALERTS, scored_at=iso(at_us(at_s)), **told)

    def usage(number: int, name: str, at_s: float, used: bool = True) -> Row:
        moment = iso(at_us(at_s))
        told = {"usage_id": number, "user_id": name, "used_promo": used, "used_at": moment}
        return row(Table.PROMO_USAGES, committed_at=moment, **told)

    label = row(Table.LABELS, user_id="ann", version=at_us(400), decided_at=iso(at_us(400)))
    board.rows(
        row(Table.PROMO_CODES),  # gives 10 away
        user("ann", 1, TOGETHER), user("ben", 2, TOGETHER), user("cat", 3, TOGETHER),
        user("dan", 4), user("eve", 5, is_abuser=False),
        alert("ann", 100, "open", "critical", "20"),
        alert("ben", 100, "open", "high", None), alert("ben", 200, "escalated", "critical", "5"),
        alert("dan", 100, "open", "high", "10"), alert("dan", 300, "cleared", "low", "10"),
        alert("eve", 150, "open", "high", None),
        usage(1, "ann", 50), usage(2, "ann", 120), usage(3, "ann", 20, used=False),
        usage(4, "ben", 210, used=False), usage(5, "dan", 200), usage(6, "dan", 210, used=False),
        usage(7, "cat", 300),
        label,
    )  # fmt: skip


def figure(board: Board, name: str) -> object:
    ((value,),) = [row.values() for row in board.ask(name)]
    return value


def test_an_alert_stands_as_its_newest_revision_says(board: Board) -> None:
    assert figure(board, "abuse_alerts_standing") == 3
    assert figure(board, "abuse_critical_standing") == 2
    assert figure(board, "abuse_value_at_risk") == 25


def test_money_is_saved_or_given_after_the_alert_of_who_is_flagged_now(board: Board) -> None:
    assert figure(board, "abuse_value_saved") == 10
    assert figure(board, "abuse_value_given_after") == 10


def test_alerts_are_drawn_when_raised_and_as_they_stand_each_account_once(board: Board) -> None:
    drawn = board.ask("abuse_alerts_over_time")

    minutes = {(row["time"].timestamp() - board.begin_s) // 60: row for row in drawn}
    counts = {at: (row["cleared"], row["high"], row["critical"]) for at, row in minutes.items()}
    assert counts == {1: (1, 0, 2), 2: (0, 1, 0)}


def test_a_ring_is_who_is_flagged_and_shares_once_however_much_they_share(board: Board) -> None:
    (ring,) = board.ask("abuse_rings")

    told = (ring["accounts"], ring["through"], ring["value"], ring["first_account"])
    assert told == (2, "device, network", 25, "ann")
    assert ring["since"] < ring["newest"]


def test_labels_judge_alerts_and_those_that_came_later_apart(board: Board) -> None:
    found = {row["basis"]: tuple(row.values())[1:] for row in board.ask("abuse_model_on_labels")}

    assert found == {
        "all labels": (2, 1, 0.5, 1, 1.0),
        "labels that came after the alert": (1, 1, 1.0, 1, 1.0),
    }
