"""The pipeline is ill: what an operator is told.

Only one rule fires while ClickHouse is away or the monitor is silent: the others say what they
said before, so that one illness is one alert.
"""

from grafana.alerts.rule import Missing, Rule, Severity, Shown

RULES = (
    Rule(
        uid="promo-metrics-missing",
        title="No metrics, or ClickHouse does not answer",
        question="alert_metrics_missing",
        above=120,
        wait="1m",
        severity=Severity.PAGE,
        summary="Nothing is known of the pipeline: ClickHouse does not answer, or nobody measures.",
        first="Look at `make status`: are clickhouse and monitor running? Scoring goes on without"
        " both; dashboards and the other alerts do not.",
        no_data=Missing.FIRES,
        on_error=Missing.FIRES,
        shown=Shown("pipeline-health", "Parts"),
    ),
    Rule(
        uid="promo-part-down",
        title="A part is down, or has halted",
        question="alert_part_down",
        above=0,
        wait="1m",
        severity=Severity.PAGE,
        summary="{{ .Labels.part }} does not answer, or has halted, for a minute.",
        first="Look at `make logs PART={{ .Labels.part }}`; `make up` starts what is not running."
        " A worker that halted met too many dead letters: mend their cause, then restart it."
        " Nothing is lost meanwhile: events wait in Kafka, or in PostgreSQL's log.",
        no_data=Missing.IS_WELL,
        on_error=Missing.AS_BEFORE,
        shown=Shown("pipeline-health", "Parts"),
    ),
    Rule(
        uid="promo-rows-not-arriving",
        title="Rows do not arrive",
        question="alert_rows_not_arriving",
        above=0,
        wait="0s",
        severity=Severity.PAGE,
        summary="{{ .Labels.problem }}",
        first="Do what the summary says; `make status` and GET /readyz say the same. Nothing is"
        " lost that PostgreSQL's log or Kafka keeps; what was lost is named as rows to compare.",
        no_data=Missing.IS_WELL,
        on_error=Missing.AS_BEFORE,
        shown=Shown("pipeline-health", "Why rows do not arrive"),
    ),
    Rule(
        uid="promo-scoring-stopped",
        title="Accounts are not scored",
        question="alert_scoring_stopped",
        above=0,
        wait="2m",
        severity=Severity.PAGE,
        summary='{{ printf "%.0f" .Values.A.Value }} registered accounts wait for a score.',
        first="Abuse is not caught while this lasts. Look at `make status`: is a scoring worker"
        " running? Then at its log (`make logs PART=scoring-0`), and at dead letters.",
        no_data=Missing.FIRES,
        on_error=Missing.AS_BEFORE,
        shown=Shown("pipeline-health", "Consumer lag"),
    ),
    Rule(
        uid="promo-lag-growing",
        title="A consumer falls behind",
        question="alert_lag_growing",
        above=0,
        wait="5m",
        severity=Severity.TODAY,
        summary='{{ .Labels.consumer }} has {{ printf "%.0f" .Values.A.Value }} messages to go, and'
        " more every minute.",
        first="Is it a burst that ends (see arrivals), or a worker that became slow (see its batch"
        " times)? For scoring, raise PROMO_SCORING_WORKERS and `make up`.",
        no_data=Missing.IS_WELL,
        on_error=Missing.AS_BEFORE,
        shown=Shown("pipeline-health", "Consumer lag"),
    ),
    Rule(
        uid="promo-dead-letters",
        title="Messages were set aside",
        question="alert_dead_letters",
        above=0,
        wait="0s",
        severity=Severity.TODAY,
        summary='{{ printf "%.0f" .Values.A.Value }} messages could not be read in ten minutes.',
        first="`make dead-letters` tells which and why. Fix what sends them, then"
        " `make dead-letters REPLAY=1`. Too many of them halt the workers.",
        no_data=Missing.FIRES,
        on_error=Missing.AS_BEFORE,
        shown=Shown("pipeline-health", "Dead letters by reason"),
    ),
    Rule(
        uid="promo-source-log-kept",
        title="PostgreSQL's log is kept and grows",
        question="alert_source_log_kept",
        above=0,
        wait="5m",
        severity=Severity.PAGE,
        summary="PostgreSQL keeps {{ humanize1024 .Values.A.Value }}B of its log for Debezium.",
        first="Does Debezium read (`make status`: connect, connector)? If it cannot soon,"
        " PostgreSQL's disk fills up, or the log is cut at max_slot_wal_keep_size and the"
        " connector needs a new snapshot.",
        no_data=Missing.FIRES,
        on_error=Missing.AS_BEFORE,
        shown=Shown("pipeline-health", "Source log"),
    ),
    Rule(
        uid="promo-rows-differ",
        title="A store differs from PostgreSQL",
        question="alert_rows_differ",
        above=0,
        wait="0s",
        severity=Severity.TODAY,
        summary='{{ .Labels.store }} differs from PostgreSQL in {{ printf "%.0f" .Values.A.Value }}'
        " of the rows that were compared.",
        first="No event will mend them. `make reconcile` compares all rows and says what differs,"
        " `make reconcile APPLY=1` mends it. Then find the cause: a change of the source that sends"
        " no event, or a store that has lost data.",
        no_data=Missing.IS_WELL,
        on_error=Missing.AS_BEFORE,
        shown=Shown("pipeline-health", "Rows that differ"),
    ),
)
