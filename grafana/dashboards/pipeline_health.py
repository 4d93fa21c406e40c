"""*Pipeline health*: what the operator asks. Does everything run, how far behind, what was lost?"""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.dashboards.frame import Panel, frame
from grafana.panels.over_time import bars, lines
from grafana.panels.palette import GOOD, ILL, ODD, OTHER, PLAIN, UP, WORST, steps
from grafana.panels.stat import number
from grafana.panels.table import Column, rows
from grafana.panels.units import Unit

_STAGES = {"scoring": PLAIN, "scoring again": OTHER, "warehouse": GOOD}
_QUANTILES = {"p50": GOOD, "p99": ILL}
_BEATS = {
    "postgres": PLAIN,
    "connector": ODD,
    "scoring": OTHER,
    "redis": ILL,
    "warehouse": GOOD,
    "clickhouse": WORST,
}
_CONSUMERS = {"promo-scoring": PLAIN, "promo-warehouse": GOOD}


def dashboard() -> Dashboard:
    """Build it."""
    about = "Parts, throughput, latency, lag, dead letters, data quality: the operator's view."
    board = frame("pipeline-health", "Pipeline health", about, "now-1h")
    for panel in (
        *_figures(),
        *_arrival(),
        *_flow(),
        *_latencies(),
        *_now(),
        *_set_aside(),
        *_data(),
    ):
        board.with_panel(panel)
    return board


def _figures() -> tuple[Panel, ...]:
    return (
        number(
            "Parts down",
            "Parts that do not answer, have halted, or of which nothing is known. Above none: the"
            " table of parts below says which, `make logs PART=name` why.",
            "pipeline_parts_down",
            Unit.COUNT,
            when=steps(GOOD, (1, WORST)),
        ),
        number(
            "Freshness",
            "How old is what ClickHouse shows of the shop. A few seconds are right, also when"
            " nothing happens; if it grows, something on the way has stopped.",
            "pipeline_freshness",
            Unit.SECONDS,
            when=steps(GOOD, (15, ODD), (60, WORST)),
        ),
        number(
            "Behind",
            "Messages that consumers have yet to consume. It may rise while much is loaded, and"
            " must fall again.",
            "pipeline_behind",
            Unit.COUNT,
            when=steps(GOOD, (1_000, ODD), (20_000, ILL)),
        ),
        number(
            "Commit to score, p99",
            "From the commit in PostgreSQL to the delivered score, of registrations and"
            " redemptions in the chosen period: 99 of 100 were quicker.",
            "pipeline_commit_to_score_p99",
            Unit.SECONDS,
            when=steps(GOOD, (1, ODD), (10, ILL)),
        ),
        number(
            "Dead letters",
            "Messages set aside in the chosen period. `make dead-letters` lists them,"
            " `REPLAY=1` sends them again once the cause is mended.",
            "pipeline_dead_letter_count",
            Unit.COUNT,
            when=steps(GOOD, (1, WORST)),
        ),
        number(
            "Source log kept",
            "What PostgreSQL must keep of its write-ahead log for Debezium. If it grows without"
            " end, Debezium is stopped, and in the end the disk is full.",
            "pipeline_source_log_kept",
            Unit.BYTES,
            when=steps(GOOD, (268_435_456, ODD), (805_306_368, WORST)),
        ),
    )


def _arrival() -> tuple[Panel, ...]:
    return (
        rows(
            "Why rows do not arrive",
            "Stages that let no heartbeat through, and what is not at the source as it must be,"
            " each with its remedy. Nothing here is right.",
            "pipeline_rows",
            (Column("what"), Column("remedy")),
            width=14,
            height=8,
        ),
        lines(
            "Heartbeat's age",
            "How old the newest heartbeat is behind each stage. Under ten seconds is right, also"
            " when nothing happens; from 20 on it is said which stage lets none through.",
            "pipeline_heartbeat_age",
            Unit.SECONDS,
            colours=_BEATS,
            width=10,
            height=8,
        ),
    )


def _flow() -> tuple[Panel, ...]:
    return (
        lines(
            "Events a second",
            "Messages that each stage processes: scoring of new rows, scoring again for others'"
            " sake, storing in ClickHouse.",
            "pipeline_events_per_second",
            Unit.PER_SECOND,
            colours=_STAGES,
        ),
        lines(
            "Consumer lag",
            "Messages that each consumer group is behind. A line that only rises: that worker is"
            " down or too slow; a second scoring worker helps (`PROMO_SCORING_WORKERS`).",
            "pipeline_consumer_lag",
            Unit.COUNT,
            colours=_CONSUMERS,
        ),
    )


def _latencies() -> tuple[Panel, ...]:
    return (
        lines(
            "Commit to score",
            "From the commit in PostgreSQL to the delivered score, of registrations and"
            " redemptions: half, and 99 of 100, were quicker.",
            "pipeline_commit_to_score",
            Unit.SECONDS,
            colours=_QUANTILES,
            width=8,
            height=8,
        ),
        lines(
            "Commit to alert",
            "From the commit in PostgreSQL to the delivered alert, raised or revised, whatever"
            " moved it.",
            "pipeline_commit_to_alert",
            Unit.SECONDS,
            colours=_QUANTILES,
            width=8,
            height=8,
        ),
        lines(
            "Commit to ClickHouse",
            "From the commit in PostgreSQL until ClickHouse has the row. About a second is right:"
            " rows are inserted in batches.",
            "pipeline_commit_to_stored",
            Unit.SECONDS,
            colours=_QUANTILES,
            width=8,
            height=8,
        ),
    )


def _now() -> tuple[Panel, ...]:
    return (
        rows(
            "Parts",
            "Does every part work, since when, and what does it wait for? Unknown: the monitor has"
            " not looked for over a minute.",
            "pipeline_parts",
            (
                Column("part", width=120),
                Column("state", width=90, colours=UP),
                Column("waits_for"),
                Column("since", width=160),
                Column("last_seen", width=160),
            ),
            width=14,
            height=11,
        ),
        rows(
            "Lag by topic",
            "How many messages each consumer group is behind now, topic by topic. Nothing here:"
            " Kafka does not answer.",
            "pipeline_lag_now",
            (
                Column("consumer", width=150),
                Column("topic"),
                Column("messages_behind", "Behind", unit=Unit.COUNT, width=90),
            ),
            width=10,
            height=11,
        ),
    )


def _set_aside() -> tuple[Panel, ...]:
    return (
        rows(
            "Dead letters by reason",
            "Which messages were set aside in the chosen period, and why; their bytes lie in the"
            " dead-letter topic. Nothing here is right.",
            "pipeline_dead_letters",
            (
                Column("last_at", width=160),
                Column("stage", width=90),
                Column("topic", width=200),
                Column("reason"),
                Column("letters", unit=Unit.COUNT, width=80),
            ),
            width=14,
            height=8,
        ),
        bars(
            "Dead letters over time",
            "Messages set aside, by the stage that could not use them. Many at once: a producer"
            " has changed; a worker halts before it sets all aside.",
            "pipeline_dead_letters_over_time",
            colours={"decode": ILL, "profile": ODD, "insert": OTHER, "crash": WORST},
            width=10,
            height=8,
        ),
    )


def _data() -> tuple[Panel, ...]:
    return (
        rows(
            "Data quality",
            "What is odd in the data that is stored, and what loads refused. None of it stops"
            " anything; much of it weakens the judgement.",
            "pipeline_data_quality",
            (
                Column("quality_check", "What", width=300),
                Column("rows", unit=Unit.COUNT, width=90),
                Column("meaning"),
            ),
            width=14,
        ),
        lines(
            "Source log",
            "PostgreSQL's write-ahead log: what Debezium has not confirmed yet (its lag), and what"
            " is kept for it.",
            "pipeline_source_lag",
            Unit.BYTES,
            colours={"not_confirmed": ILL, "kept": PLAIN},
            width=10,
            height=10,
        ),
        rows(
            "Rows that differ",
            "Rows in which a store holds something else than PostgreSQL, and which no event will"
            " mend, of those compared so far. None is right; `make reconcile APPLY=1` mends them.",
            "pipeline_rows_that_differ",
            (
                Column("source_table", "Table", width=200),
                Column("store", width=200),
                Column("kind"),
                Column("differences", unit=Unit.COUNT, width=120),
            ),
            width=24,
            height=6,
        ),
        rows(
            "Values that identify nobody",
            "What so many unrelated accounts share, by its hash, that it links none of them:"
            " measured, or said by an analyst.",
            "pipeline_uncounted_identifiers",
            (
                Column("identifier", "Identifier", width=100),
                Column("value", width=110),
                Column("accounts", unit=Unit.COUNT, width=100),
                Column("decided_by", "Decided by", width=130),
                Column("since", width=170),
                Column("reason"),
            ),
            height=8,
        ),
    )
