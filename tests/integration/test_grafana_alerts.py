"""What makes Grafana's alert rules fire, and what does not: their SQL, on real rows."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest

from connectors.moments import iso
from connectors.settings import Settings
from grafana.alerts import all_rules
from grafana.alerts.rule import Rule
from grafana.queries import query
from tests.integration.gateway_process import GatewayProcess
from tests.unit.connectors.envelopes import profiled
from tests.unit.ml.builders import erased, registered, updated
from tests.warehouse_filling import empty, insert
from tests.warehouse_rows import alert_message, risky, score_message
from warehouse.client import reader
from warehouse.migrate import migrate
from warehouse.rows import (
    Row,
    Table,
    alert_row,
    dead_letter_row,
    metric_row,
    score_row,
    source_row,
)

RULES: Mapping[str, Rule] = {rule.uid: rule for rule in all_rules()}
TABLES = (
    Table.USERS,
    Table.RISK_SCORES,
    Table.ABUSE_ALERTS,
    Table.DEAD_LETTERS,
    Table.PIPELINE_METRICS,
)
MINUTE_US = 60_000_000
GIB = 1 << 30


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    process = GatewayProcess(tmp_path_factory.mktemp("alerts"))
    process.start()
    migrate(process.settings)
    yield process.settings
    process.stop()


@pytest.fixture
def settings(warehouse: Settings) -> Settings:
    """An empty warehouse."""
    empty(warehouse, *TABLES)
    return warehouse


def ago(minutes: float) -> int:
    """A moment in microseconds."""
    return time.time_ns() // 1_000 - round(minutes * MINUTE_US)


def metric(
    name: str, value: float, minutes: float = 0.1, part: str = "kafka", **labels: str
) -> Row:
    return metric_row(ago(minutes), part, name, labels, value)


def lag(group: str, partition: int, behind: float, minutes: float) -> Row:
    labels = {"group": group, "topic": "promo.public.users", "partition": str(partition)}
    return metric("promo_consumer_lag", behind, minutes, **labels)


def differing(store: str, *counts: tuple[str, float, float]) -> Iterator[Row]:
    """Kinds of differences: how many, how many minutes ago."""
    for kind, count, minutes in counts:
        labels = {"table": "users", "store": store, "kind": kind}
        name = "promo_reconcile_differences"
        yield metric(name, count, minutes, part="reconciler", **labels)


def ill(minutes: float) -> Row:
    labels = {"problem": "connector", "what": "no row leaves", "remedy": "mend it"}
    return metric("promo_health_problem", 1, minutes, part="health", **labels)


def well(minutes: float) -> Row:
    labels = {"problem": "", "what": "", "remedy": ""}
    return metric("promo_health_problem", 0, minutes, part="health", **labels)


def account(name: str, minutes: float) -> Row:
    """An account's registration, committed some minutes ago."""
    change = registered(profiled(user_id=name))
    return source_row(replace(change, origin=replace(change.origin, committed_at_us=ago(minutes))))


def scored(name: str, minutes: float = 1) -> Row:
    return score_row(score_message(risky(profiled(user_id=name)), ago(minutes)))


def alerted(name: str, minutes: float, level: str = "critical", event_minutes: float = 30) -> Row:
    """An alert that was raised some minutes ago."""
    row = alert_row(alert_message(risky(profiled(user_id=name)), ago(minutes)))
    when = {"scored_at": iso(ago(minutes)), "event_time": iso(ago(event_minutes))}
    return Row(row.table, {**row.values, "level": level, **when})


def alerted_many(count: int, minutes: float, **more: Any) -> list[Row]:
    return [alerted(f"{minutes}-{n}", minutes, **more) for n in range(count)]


def dead_letter(offset: int, minutes: float) -> Row:
    headers = {
        "topic": b"promo.public.users",
        "partition": b"0",
        "offset": str(offset).encode(),
        "error": b"not JSON",
        "stage": b"decode",
        "failed_at": str(ago(minutes)).encode(),
    }
    return dead_letter_row(headers)


def deleted(name: str, minutes: float) -> Row:
    change = erased(name)
    return source_row(replace(change, origin=replace(change.origin, committed_at_us=ago(minutes))))


def changed(name: str, minutes: float) -> Row:
    change = updated(profiled(user_id=name))
    return source_row(replace(change, origin=replace(change.origin, committed_at_us=ago(minutes))))


def firing(settings: Settings, uid: str) -> list[str]:
    """The texts of the rows above the bound; a row without a text is ``""``."""
    rule = RULES[uid]
    with reader(settings) as client:
        rows = client.query(query(rule.question)).result_rows
    return [str(row[0]) if len(row) > 1 else "" for row in rows if row[-1] > rule.above]


@dataclass(frozen=True, slots=True)
class Case:
    """Rows, and for which texts a rule then fires."""

    uid: str
    rows: Callable[[], Iterable[Row]]
    fires: tuple[str, ...] = ()


CASES: Mapping[str, Case] = {
    "nobody has ever measured": Case("promo-metrics-missing", lambda: [], ("",)),
    "the monitor has been silent for three minutes": Case(
        "promo-metrics-missing", lambda: [metric("promo_part_up", 1, 3)], ("",)
    ),
    "the monitor measures": Case(
        "promo-metrics-missing", lambda: [metric("promo_part_up", 1, 0.2)]
    ),
    "two parts are down": Case(
        "promo-part-down",
        lambda: [
            metric("promo_part_up", 1, 0.9, part="redis"),
            metric("promo_part_up", 0, 0.1, part="redis"),
            metric("promo_part_up", 0, 1.2, part="scoring-0"),
            metric("promo_part_up", 1, 0.1, part="kafka"),
        ],
        ("redis", "scoring-0"),
    ),
    "a worker has halted": Case(
        "promo-part-down",
        lambda: [
            metric("promo_part_up", 1, part="scoring-0"),
            metric("promo_halted", 1, part="scoring-0"),
            metric("promo_part_up", 1, part="warehouse"),
            metric("promo_halted", 0, part="warehouse"),
        ],
        ("scoring-0",),
    ),
    "a part came back": Case(
        "promo-part-down",
        lambda: [
            metric("promo_part_up", 0, 0.9, part="redis"),
            metric("promo_part_up", 1, 0.1, part="redis"),
        ],
    ),
    "a part that is measured no more": Case(
        "promo-part-down", lambda: [metric("promo_part_up", 0, 3, part="scoring-3")]
    ),
    "a stage lets no row through": Case(
        "promo-rows-not-arriving", lambda: [ill(0.1)], ("no row leaves: mend it",)
    ),
    "rows arrive": Case("promo-rows-not-arriving", lambda: [well(0.1)]),
    "rows arrive again": Case("promo-rows-not-arriving", lambda: [ill(0.3), well(0.1)]),
    "nobody has looked whether rows arrive": Case("promo-rows-not-arriving", lambda: [ill(3)]),
    "an account waits for its score": Case(
        "promo-scoring-stopped",
        lambda: [account("anna", 5), account("ben", 6), scored("ben")],
        ("",),
    ),
    "an account that waits was changed meanwhile": Case(
        "promo-scoring-stopped", lambda: [account("anna", 9), changed("anna", 3)], ("",)
    ),
    "an account that was scored is changed": Case(
        "promo-scoring-stopped",
        lambda: [account("anna", 14), changed("anna", 5), scored("anna", 600)],
    ),
    "every account is scored": Case(
        "promo-scoring-stopped", lambda: [account("anna", 5), scored("anna", 4.9)]
    ),
    "an account has just registered": Case("promo-scoring-stopped", lambda: [account("anna", 1)]),
    "an account was erased before it was scored": Case(
        "promo-scoring-stopped", lambda: [account("anna", 5), deleted("anna", 4)]
    ),
    "nobody registers": Case("promo-scoring-stopped", lambda: []),
    "one consumer falls behind, the other catches up": Case(
        "promo-lag-growing",
        lambda: [
            *(lag("scoring", n, 200, 5.5) for n in range(4)),
            *(lag("scoring", n, 400, 0.2) for n in range(4)),
            lag("warehouse", 0, 9_000, 5.5),
            lag("warehouse", 0, 5_000, 0.2),
        ],
        ("scoring",),
    ),
    "a consumer is a little behind": Case(
        "promo-lag-growing", lambda: [lag("scoring", 0, 10, 5.5), lag("scoring", 0, 999, 0.2)]
    ),
    "a lag is known no more": Case("promo-lag-growing", lambda: [lag("scoring", 0, 9_000, 2)]),
    "messages were set aside": Case(
        "promo-dead-letters", lambda: [dead_letter(1, 3), dead_letter(1, 3)], ("",)
    ),
    "messages were set aside an hour ago": Case("promo-dead-letters", lambda: [dead_letter(1, 60)]),
    "the source log grows beyond a gibibyte": Case(
        "promo-source-log-kept",
        lambda: [
            metric("promo_source_wal_kept_bytes", GIB, 5.5, part="postgres"),
            metric("promo_source_wal_kept_bytes", 1.2 * GIB, 0.2, part="postgres"),
        ],
        ("",),
    ),
    "the source log is worked off": Case(
        "promo-source-log-kept",
        lambda: [
            metric("promo_source_wal_kept_bytes", 1.9 * GIB, 5.5, part="postgres"),
            metric("promo_source_wal_kept_bytes", 1.2 * GIB, 0.2, part="postgres"),
        ],
    ),
    "a store differs, and the other does no more": Case(
        "promo-rows-differ",
        lambda: [
            *differing("redis", ("missing", 3, 0.2), ("different", 1, 0.2)),
            *differing("clickhouse", ("missing", 3, 1.0), ("missing", 0, 0.2)),
        ],
        ("redis",),
    ),
    "nobody compares the stores any more": Case(
        "promo-rows-differ", lambda: [*differing("redis", ("missing", 3, 2))]
    ),
    "the source log grows and is short": Case(
        "promo-source-log-kept",
        lambda: [
            metric("promo_source_wal_kept_bytes", 1, 5.5, part="postgres"),
            metric("promo_source_wal_kept_bytes", 0.9 * GIB, 0.2, part="postgres"),
        ],
    ),
    "ten accounts become critical on a quiet day": Case(
        "promo-abuse-burst", lambda: alerted_many(10, 5), ("",)
    ),
    "nine accounts become critical": Case("promo-abuse-burst", lambda: alerted_many(9, 5)),
    "ten accounts become high": Case(
        "promo-abuse-burst", lambda: alerted_many(10, 5, level="high")
    ),
    "history is loaded": Case(
        "promo-abuse-burst", lambda: alerted_many(50, 5, event_minutes=60 * 24 * 300)
    ),
    "alerts are revised": Case(
        "promo-abuse-burst",
        lambda: [alerted(f"{n}", minutes) for n in range(20) for minutes in (300, 5)],
    ),
    "as many as usual": Case(
        "promo-abuse-burst",
        lambda: [
            *alerted_many(10, 5),
            *(alerted(f"before-{n}", 20 + n, event_minutes=1_400) for n in range(400)),
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_fires_for_this_and_for_nothing_else(settings: Settings, name: str) -> None:
    case = CASES[name]
    insert(settings, case.rows())

    assert firing(settings, case.uid) == list(case.fires)


def test_every_rule_is_seen_firing_and_not_firing() -> None:
    for uid in RULES:
        seen = {bool(case.fires) for case in CASES.values() if case.uid == uid}

        assert seen == {True, False}, uid


def test_an_answer_is_a_number_or_a_text_and_a_number(settings: Settings) -> None:
    """Otherwise Grafana says that the frame's format is not what it expects."""
    rows = [lag("scoring", 0, 1, 0.2), metric("promo_part_up", 1), well(0.2)]
    insert(settings, [*rows, *differing("redis", ("missing", 1, 0.2))])

    with reader(settings) as client:
        for rule in RULES.values():
            answer = client.query(query(rule.question))
            *labels, number = [kind.name for kind in answer.column_types]

            assert answer.result_rows, rule.uid
            assert number.startswith(("UInt", "Int", "Float")), rule.uid
            assert len(labels) <= 1, rule.uid
            assert all("String" in label for label in labels), rule.uid


def test_metrics_carry_the_labels_that_rules_read() -> None:
    row = lag("scoring", 2, 7, 0.1)

    assert orjson.loads(row.values["labels"])["group"] == "scoring"
