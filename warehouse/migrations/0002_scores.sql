-- Every scoring once, however often it was delivered: the same scoring has the same event_id.
CREATE TABLE IF NOT EXISTS risk_scores
(
    user_id       String,
    event_id      UUID,
    revision      UInt64 COMMENT 'time of the scoring in microseconds, growing per account',
    score         Float64,
    level         LowCardinality(String),
    action        LowCardinality(String),
    reasons       String COMMENT 'JSON: [{code, description, contribution, evidence}]',
    reason_codes  Array(LowCardinality(String)),
    model_version LowCardinality(String),
    features      String COMMENT 'JSON: the exact as-of vector by name',
    trigger       LowCardinality(String),
    event_time    DateTime64(6, 'UTC'),
    scored_at     DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (user_id, event_id);

-- Every revision of an alert; alert_id is the same for all revisions of an account's alert.
CREATE TABLE IF NOT EXISTS abuse_alerts
(
    user_id              String,
    alert_id             UUID,
    revision             UInt64,
    status               LowCardinality(String),
    score                Float64,
    level                LowCardinality(String),
    action               LowCardinality(String),
    reasons              String,
    reason_codes         Array(LowCardinality(String)),
    evidence             String COMMENT 'JSON: [{user_id, through, since}]',
    value_at_risk        Nullable(Decimal(38, 6)),
    value_is_lower_bound Bool,
    model_version        LowCardinality(String),
    trigger              LowCardinality(String),
    event_time           DateTime64(6, 'UTC'),
    scored_at            DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (user_id, alert_id, revision);
